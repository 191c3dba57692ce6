"""Quarto where it is on the machine: found, asked for its version, run."""

import os
import re
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bookbuild.say import BookError, Problem, hindrances, without_codes

if TYPE_CHECKING:
    from bookbuild.source import Page, Project

OLDEST_HTML = (1, 7)
OLDEST_TYPST_BOOK = (1, 9)
# Failures of which Quarto only warns.
SILENT = re.compile(r"Unable to resolve|Citeproc: citation \S+ not found|Could not (fetch|find) "
                    r"|not found in resource path|replacing image with description")


def find_quarto() -> Path | None:
    """Quarto's program: ``QUARTO_PATH``, else the first of PATH, else ``quarto-cli``'s.

    Raises
    ------
    BookError
        If ``QUARTO_PATH`` is set but leads nowhere.
    """
    named = os.environ.get("QUARTO_PATH")
    if named:
        path = Path(named)
        path = path / "quarto" if path.is_dir() else path
        if not path.is_file():
            raise BookError([Problem("QUARTO_PATH", None, f"no Quarto at {named}: correct the "
                                     "variable or unset it")])
        return path
    found = shutil.which("quarto")
    if found:
        return Path(found)
    package = find_spec("quarto_cli")
    beside = Path(sys.executable).parent / "quarto"
    return beside if package and beside.is_file() else None


def version_of(quarto: Path) -> tuple[int, ...]:
    """Quarto's version, as numbers.

    Raises
    ------
    BookError
        If the program does not start or does not tell its version.
    """
    try:
        said = subprocess.run([quarto, "--version"], capture_output=True, text=True, check=True)
        return tuple(int(part) for part in said.stdout.strip().split(".")[:3])
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise BookError([Problem(quarto, None, f"this Quarto does not run ({error}): repair it "
                                 "or use `--engine builtin`")]) from None


def render_with_quarto(project: "Project", quarto: Path, targets: list[str],
                       only: "Page | None", say, runtime: Path | None = None) -> None:
    """Let Quarto render beside the old book, then put the new one in its place.

    What Quarto would print wrongly without a word is looked for first.

    Raises
    ------
    BookError
        If the book has such problems, or Quarto is too old for a target or fails; its own
        messages are on the terminal.
    """
    from bookbuild.files import put_in_place, staging
    from bookbuild.pipeline import FORMATS, check_book, keep_rest

    version = version_of(quarto)
    oldest = OLDEST_TYPST_BOOK if "pdf" in targets else OLDEST_HTML
    if version < oldest:
        needed = ".".join(map(str, oldest))
        raise BookError([Problem(quarto, None, f"Quarto {'.'.join(map(str, version))} is too old: "
                                 f"{'a PDF book' if 'pdf' in targets else 'the book'} needs "
                                 f"{needed} or newer, or `--engine builtin`")])
    if problems := hindrances(check_book(project, targets), "quarto"):
        raise BookError(problems)
    with staging(project.state_dir) as folder:
        built = folder / "book"
        keep_rest(project, targets, only, built)
        for target in targets:
            run_quarto(project, quarto, FORMATS[target], built, only, say, runtime)
        put_in_place(built, project.output_dir)


def run_quarto(project: "Project", quarto: Path, format: str, built: Path, only: "Page | None",
               say, runtime: Path | None = None) -> None:
    """One call of ``quarto render``, in a process group that ends with it."""
    from bookbuild.run import numeric_environment

    command = [str(quarto), "render", *([str(only.source)] if only else []), "--to", format,
               "--output-dir", os.path.relpath(built, project.root)]
    command += ["--no-clean"] if built.exists() else []
    say("running " + " ".join(command))
    environment = numeric_environment() | os.environ | {"QUARTO_PYTHON": sys.executable}
    if runtime:
        environment["BOOK_RUNTIME"] = str(runtime.resolve())
    process = subprocess.Popen(command, cwd=project.root, env=environment, text=True,
                               errors="replace", stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    failures = []
    try:
        for line in process.stdout or ():
            sys.stderr.write(line)
            if SILENT.search(line):
                failures.append(Problem("Quarto", None, without_codes(line).strip()))
        if process.wait():
            failures.append(Problem("Quarto", None, f"ended with status {process.returncode}: its "
                                    "messages stand above"))
    finally:
        if process.poll() is None:
            end_group(process)
    if failures:
        raise BookError(failures)


def end_group(process: subprocess.Popen) -> None:
    """End a process and those that it started."""
    if sys.platform == "win32":
        process.terminate()
    else:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait()
