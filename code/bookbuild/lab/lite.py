"""`book render --lite`: the chapters' notebooks in JupyterLite, which runs them in the browser.

All of it comes from the book's own folder. JupyterLite's packages bring the pages and the kernel;
the kernel's Pyodide is the runtime of live cells; and IPython, on which the kernel stands, is
brought by pip once and laid beside it. A list of Pyodide's kind names every wheel, so that nothing
is looked for anywhere else.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from bookbuild.files import digest, put_in_place, staging, write_file
from bookbuild.live import check_runtime, make_wheel, package_of, read_list
from bookbuild.say import BookError, Problem, Say
from bookbuild.source import Project

FOLDER = "lite"                 # in the book
PACKAGES = {"jupyterlite_core": "jupyterlite-core", "jupyter_server": "jupyter-server",
            "jupyterlite_pyodide_kernel": "jupyterlite-pyodide-kernel"}
KERNEL = "@jupyterlite/pyodide-kernel-extension"
WHEELS = ("comm==0.2.3", "ipython==9.12.0", "micropip==0.11.1")     # what the kernel stands on
# The kernel imports Pyodide as a module; in the runtime it is a script.
MODULE = """\
const script = await (await fetch(new URL("pyodide.js", import.meta.url))).text();
new Function(script)();
export const loadPyodide = globalThis.loadPyodide;
"""


def check_lite(runtime: Path | None) -> None:
    """Raise BookError, which says how to bring it, if something is missing for `--lite`."""
    problems = []
    if lacking := [name for module, name in PACKAGES.items() if find_spec(module) is None]:
        problems.append(f"--lite needs {', '.join(lacking)}: pip install 'deepmath-book[lite]'")
    if runtime is None:
        problems.append("--lite needs --runtime DIR: `book runtime DIR` fills the folder")
    if problems:
        raise BookError([Problem("render", None, problem) for problem in problems])


def add_lite(project: Project, runtime: Path, notebooks: Mapping[PurePosixPath, str],
             say: Say) -> Path:
    """Put JupyterLite into the rendered book, with notebooks by their places.

    Returns
    -------
    Path
        Its page.

    Raises
    ------
    BookError
        If the runtime is not whole, or pip or JupyterLite fail.
    """
    check_runtime(read_list(), runtime)
    wheels = kernel_wheels(project.state_dir / FOLDER, say)
    with staging(project.state_dir) as place:
        for path, content in notebooks.items():
            write_file(place / "notebooks" / path, content)
        names = fill(place / "pyodide", runtime, wheels, make_wheel(package_of(project.root)))
        write_file(place / "jupyter-lite.json", json.dumps(settings(project, names)))
        write_file(place / "jupyter_lite_config.json", json.dumps({"LiteBuildConfig": {
            "apps": ["lab", "notebooks"], "contents": ["notebooks"], "no_sourcemaps": True,
            "federated_extensions": [str(extension())], "output_dir": "site",
            "ignore_sys_prefix": ["federated_extensions"]}}))
        ran("JupyterLite", [sys.executable, "-m", "jupyterlite_core", "build"], place)
        (place / "pyodide").rename(place / "site" / "static" / "pyodide")
        put_in_place(place / "site", project.output_dir / FOLDER)
    return project.output_dir / FOLDER / "index.html"


def extension() -> Path:
    """JupyterLite's kernel, as its package installs it."""
    return Path(sys.prefix) / "share" / "jupyter" / "labextensions" / KERNEL


def settings(project: Project, names: list[str]) -> dict:
    """What JupyterLite's pages are told: where Pyodide and its packages are, and no other place."""
    kernel = {"pyodideUrl": "./static/pyodide/pyodide.mjs", "disablePyPIFallback": True,
              "loadPyodideOptions": {"lockFileURL": "./static/pyodide/pyodide-lock.json",
                                     "packages": names}}
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": {
        "appName": str(project.book["title"]), "litePluginSettings": {f"{KERNEL}:kernel": kernel}}}


def kernel_wheels(folder: Path, say: Say) -> list[Path]:
    """The wheels of Python alone that the kernel needs, brought by pip unless they are kept."""
    python = ".".join(read_list()["info"]["python"].split(".")[:2])
    kept = folder / digest("\n".join([*WHEELS, python]).encode())[:16]
    if not kept.is_dir():
        say("bringing what the notebooks' kernel needs, with pip")
        with staging(folder.parent) as place:
            ran("pip", [sys.executable, "-m", "pip", "download", "--quiet", "--dest", ".",
                        "--disable-pip-version-check", "--only-binary", ":all:", "--platform",
                        "any", "--implementation", "py", "--abi", "none", "--python-version",
                        python, *WHEELS], place)
            put_in_place(place, kept)
    return [*sorted(kept.glob("*.whl")), *sorted((extension() / "static" / "pypi").glob(
        "[ip]*.whl"))]


def fill(folder: Path, runtime: Path, wheels: list[Path], package: bytes) -> list[str]:
    """Lay Pyodide, every wheel and the list of them side by side; return their names."""
    for file in read_list()["files"]:
        write_file(folder / file["name"], (runtime / file["name"]).read_bytes())
    for wheel in wheels:
        shutil.copy(wheel, folder)
    write_file(folder / "deepmath-0-py3-none-any.whl", package)
    write_file(folder / "pyodide.mjs", MODULE)
    listed = {entry["name"]: entry for entry in map(entry_of, sorted(folder.glob("*.whl")))}
    write_file(folder / "pyodide-lock.json",
               json.dumps({"info": read_list()["info"], "packages": listed}))
    return sorted(listed)


def entry_of(wheel: Path) -> dict:
    """A wheel as Pyodide's list has it."""
    name, version = wheel.name.split("-")[:2]
    return {"name": name.lower().replace("_", "-"), "version": version, "file_name": wheel.name,
            "install_dir": "site", "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "package_type": "package", "imports": [name], "depends": [], "unvendored_tests": False}


def ran(name: str, command: list[str], folder: Path) -> None:
    """Run a command, or raise BookError with the last line that it wrote."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
        raise BookError([Problem("lite", None, f"{name} failed: {lines[-1]}")])
