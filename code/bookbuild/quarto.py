"""Quarto where it is on the machine: found, asked for its version, run."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import Project
from bookbuild.publish import put_in_place, staging

OLDEST_HTML = (1, 7)
OLDEST_TYPST_BOOK = (1, 9)


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


def render_with_quarto(project: Project, quarto: Path, targets: list[str],
                       only: Path | None, say) -> None:
    """Let Quarto render beside the old book, then put the new one in its place.

    Raises
    ------
    BookError
        If Quarto is too old for a target or fails; its own messages are on the terminal.
    """
    version = version_of(quarto)
    oldest = OLDEST_TYPST_BOOK if "pdf" in targets else OLDEST_HTML
    if version < oldest:
        needed = ".".join(map(str, oldest))
        raise BookError([Problem(quarto, None, f"Quarto {'.'.join(map(str, version))} is too old: "
                                 f"{'a PDF book' if 'pdf' in targets else 'the book'} needs "
                                 f"{needed} or newer, or `--engine builtin`")])
    with staging(project.state_dir) as folder:
        built = folder / "book"
        if only or targets != ["html", "pdf"]:
            if project.output_dir.exists():
                shutil.copytree(project.output_dir, built)
        for place, target in enumerate(targets):
            keep = ["--no-clean"] if built.exists() else []
            run_quarto(project, quarto, ["typst" if target == "pdf" else target], built, keep,
                       only, say)
        put_in_place(built, project.output_dir)


def run_quarto(project, quarto, formats, built: Path, options: list[str], only, say) -> None:
    """One call of ``quarto render``."""
    what = [str(only)] if only else []
    output = os.path.relpath(built, project.root)
    command = [str(quarto), "render", *what, "--to", formats[0], "--output-dir", output, *options]
    say("running " + " ".join(command[1:]))
    environment = {**os.environ, "QUARTO_PYTHON": sys.executable}
    done = subprocess.run(command, cwd=project.root, env=environment)
    if done.returncode:
        raise BookError([Problem(project.root, None, f"Quarto ended with status "
                                 f"{done.returncode}; the old book stands")])
