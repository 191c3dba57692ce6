"""Chapters in JupyterLab and as notebooks."""

from importlib import import_module

from bookbuild.lab.jupyterlab import jupyterlab_command, register

__all__ = ["add_lite", "bring_back", "check_lite", "jupyterlab_command", "made_of",
           "parts_of_notebook", "read_text", "register", "runnable", "write_notebook"]


def __getattr__(name: str):
    """Return a function of notebooks as files (PEP 562), for which nbformat is loaded, slowly."""
    if name in __all__:
        module = "lite" if name.endswith("_lite") else "export"
        return getattr(import_module(f"bookbuild.lab.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
