"""The kernel that chapters run in under JupyterLab: this Python, with controls for live cells."""

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from traitlets import default

from bookbuild.run import numeric_environment


class BookKernel(KernelSpecManager):
    """Knows one kernel, whatever others are installed: the Python that runs JupyterLab."""

    @default("allowed_kernelspecs")
    def _only_this(self) -> set[str]:
        return {"python3"}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Jupyter's own kernel, with `controls`, the render's arithmetic, and edited modules read
        again before each cell."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = make_ipkernel_cmd(extra_arguments=[
            "--ext", "bookbuild.lab.controls",
            "--InteractiveShellApp.exec_lines=%load_ext autoreload",
            "--InteractiveShellApp.exec_lines=%autoreload 2"])
        spec.env = numeric_environment() | spec.env
        return spec
