"""What code reads: noted while it runs, and compared later with what is there then.

A *look* is one thing that code asked of the file system, and the answer. It is a tuple
``(kind, path, detail, answer)``:

    file      what is in a file: its SHA-256
    kind      whether there is a file, a folder, or nothing
    stat      kind, size, time and rights
    names     the names in a folder, those of folders with a slash
    entries   the same with sizes and times
    link      where a link leads
    modules   which of the modules named in `detail` stand in a folder
    project   all files of the project, but for its outputs: of code that does what nobody sees

This module is loaded into the processes in which code runs, and stands on the standard library
alone. Python's audit events (PEP 578) tell of what is opened, listed, imported and started; of
what has no event, `os.stat` and its kin, calls are noted on their way. Files of the interpreter
and of installed packages are left out: their versions count. What code has made itself is no look.
"""

import hashlib
import importlib._bootstrap_external as importing
import json
import os
import site
import stat
import sys
import sysconfig
import threading
import time
from functools import wraps
from importlib import metadata

Look = tuple[str, str, str, str]

MISSING, CHANGED = "missing", "changed while it ran"
SLOW = 2.0                  # seconds for a digest, beyond which an author is told
SETTLED = 2.0               # seconds after which a file's time tells it from the next version
BLOCK = 2**20
PASSING = ("/proc/", "/sys/", "/dev/")
# The suffixes of what `import` finds.
MODULE_ENDINGS = ("", ".py", *importing.EXTENSION_SUFFIXES)
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn",
          "os.spawn", "os.startfile", "pty.spawn"}
# What starts programs or loads libraries for purposes of its own, and reads no file of a book.
HARMLESS = ("matplotlib/font_manager.py", "ctypes/util.py", "platform.py", "uuid.py")
# Packages whose compiled parts open files by way of Python; those of others are not seen into.
SEEN_INTO = {"numpy", "pandas", "matplotlib", "PIL", "kiwisolver", "contourpy", "fontTools",
             "scipy", "sklearn", "IPython", "zmq", "psutil", "tornado", "debugpy", "yaml",
             "charset_normalizer", "markupsafe", "_cffi_backend"}
UNSEEN_MODULES = {"_dbm", "_gdbm", "scipy.io._fast_matrix_market._fmm_core"}
ASKS_KIND = {"exists", "lexists", "isfile", "isdir", "islink", "ismount", "is_file", "is_dir",
             "is_symlink", "is_mount", "samefile", "realpath", "_joinrealpath", "resolve",
             "_resolve"}
TREE_LEFT_OUT = {"__pycache__", "node_modules", "site_libs"}


# ----------------------------------------------------------------------- what there is now

def answer(kind: str, path: str, detail: str = "") -> str:
    """What the file system answers now; an error is an answer too."""
    try:
        return ANSWERS[kind](path, detail)
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        return MISSING if missing else str(error.strerror)


def holds(look: Look) -> bool:
    """Would the file system answer a look as it did?"""
    kind, path, detail, was = look
    return was != CHANGED and answer(kind, path, detail) == was


def content(path: str, _: str = "") -> str:
    """The digest of a file, which may be large; of what is no file, its kind."""
    if not stat.S_ISREG(STAT(path).st_mode):
        return kind_of(path)
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def kind_of(path: str, _: str = "") -> str:
    mode = STAT(path).st_mode
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def stat_of(path: str, _: str = "") -> str:
    found = STAT(path)
    return f"{found.st_mode} {found.st_size} {found.st_mtime_ns}"


def names_in(path: str, _: str = "") -> str:
    with os.scandir(path) as entries:
        return digest(sorted(each.name + "/" * each.is_dir() for each in entries))


def entries_in(path: str, _: str = "") -> str:
    with os.scandir(path) as entries:
        return digest(sorted([each.name, stat_of(each.path)] for each in entries))


def link_of(path: str, _: str = "") -> str:
    return READLINK(path)


def modules_in(path: str, names: str) -> str:
    """The modules of these names that stand in a folder, each with what it is there."""
    return " ".join(name + ending for name in names.split() for ending in MODULE_ENDINGS
                    if exists(os.path.join(path, name + ending)))


def tree_of(root: str, output: str = "") -> str:
    """All files below a folder but for outputs: a book that was printed, and what is hidden."""
    return digest(sorted(files_below(root, output).items()))


def files_below(root: str, output: str = "") -> dict[str, str]:
    """The files of a project and their digests."""
    found, seen = {}, set()
    for parent, folders, names in os.walk(root, followlinks=True):
        if (place := os.path.realpath(parent)) in seen:     # links may lead in a circle
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith(".")
                      and name not in TREE_LEFT_OUT and os.path.join(parent, name) != output]
        for name in names:
            found[os.path.join(parent, name)] = answer("file", os.path.join(parent, name))
    return found


def exists(path: str) -> bool:
    try:
        STAT(path)
    except OSError:
        return False
    return True


def digest(value) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


ANSWERS = {"file": content, "kind": kind_of, "stat": stat_of, "names": names_in,
           "entries": entries_in, "link": link_of, "modules": modules_in, "project": tree_of}
STAT, LSTAT, ACCESS, READLINK = os.stat, os.lstat, os.access, os.readlink


# ---------------------------------------------------------------------------- what is read

class Observer:
    """Notes what the code of this process reads.

    Parameters
    ----------
    root : str
        The project's folder: if code does what cannot be seen, all its files count.
    output : str
        The folder in it that is an output.
    passed_over : sequence of str
        Folders that do not count, beside those of the interpreter and of installed packages.
    """

    def __init__(self, root: str, output: str = "", passed_over: tuple[str, ...] = ()) -> None:
        self.root, self.output = root, output
        self.installed = installed_folders()
        self.passed_over = (*self.installed, *(os.path.join(each, "") for each in passed_over))
        self.looks: dict[tuple[str, str], str] = {}     # of kinds without a detail
        self.modules: dict[str, set[str]] = {}
        self.made: set[str] = set()
        self.written: set[str] = set()
        self.signatures: dict[str, tuple] = {}
        self.slow: list[str] = []
        self.imported: list[set[str]] = []              # modules that each unit imported first
        self.new: set[tuple[str, str]] = set()          # since the last `take`
        self.here = threading.local()
        self.watching = False

    def begin(self) -> None:
        """From now on, note."""
        self.watching = True
        sys.addaudithook(self._on_event)
        for name, kind in (("stat", "stat"), ("lstat", "stat"), ("access", "kind"),
                           ("readlink", "link")):
            setattr(os, name, self._noting(getattr(os, name), kind))
        importing.cache_from_source = self._only_installed(importing.cache_from_source)
        if starter := sys.modules.get("_posixsubprocess"):      # multiprocessing's, without event
            starter.fork_exec = self._starting(starter.fork_exec)

    def go_back(self, place: int) -> None:
        """Code runs again from the unit at a place: what it read and made is found out anew, and
        modules that it imported are imported anew."""
        self.looks.clear()
        self.signatures.clear()
        self.made.clear()
        for name in sorted(set().union(*self.imported[place:]), reverse=True):
            module, (package, _, leaf) = sys.modules.pop(name, None), name.rpartition(".")
            if module and getattr(sys.modules.get(package), leaf, None) is module:
                delattr(sys.modules[package], leaf)
        del self.imported[place:]

    def end(self) -> None:
        """An audit hook stays for the life of a process, and from now on does nothing."""
        self.watching = False
        os.stat, os.lstat, os.access, os.readlink = STAT, LSTAT, ACCESS, READLINK
        importing.cache_from_source = importing.cache_from_source.__wrapped__

    def take(self) -> dict:
        """What was read and written since the last time.

        Returns
        -------
        dict
            looks : list of Look
            written : list of str, files that were written
            slow : list of str, files whose digests took long
        """
        looks = [(kind, path, self.output if kind == "project" else "", self.looks[kind, path])
                 for kind, path in sorted(self.new)]
        looks += [("modules", folder, " ".join(sorted(names)),
                   answer("modules", folder, " ".join(sorted(names))))
                  for folder, names in sorted(self.modules.items())]
        own = {name for name, module in list(sys.modules.items()) if self._is_own(module)}
        self.imported.append(own.difference(*self.imported))
        taken = {"looks": looks, "written": sorted(self.written), "slow": self.slow}
        self.new, self.modules, self.written, self.slow = set(), {}, set(), []
        return taken

    def _is_own(self, module) -> bool:
        """Is a module neither built in nor installed nor this one?"""
        places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        return module.__name__ not in ("__main__", __name__) and any(
            each and not str(each).startswith(self.installed) for each in places)

    # ------------------------------------------------------------------------- noting

    def _on_event(self, event: str, arguments: tuple) -> None:
        handler = HANDLERS.get(event) or (_on_start if event in STARTS else None)
        if handler and self.watching:
            self._unobserved(handler, self, arguments)

    def _unobserved(self, work, *arguments) -> None:
        """Do the observer's own work, whose looks are its own; it never fails the code it sees."""
        if getattr(self.here, "busy", False):
            return
        self.here.busy = True
        try:
            work(*arguments)
        except Exception:
            self.unseen()
        finally:
            self.here.busy = False

    def note(self, kind: str, path: str) -> None:
        """Note a look at a path, unless it does not count."""
        if not self.counts(path):
            return
        self.new.add((kind, path))
        before = self.looks.get((kind, path))
        if kind == "file" and self._is_as_before(path) and before is not None:
            return
        begun = time.monotonic()
        found = answer(kind, path)
        if time.monotonic() - begun > SLOW:
            self.slow.append(path)
        self.looks[kind, path] = found if before in (None, found) else CHANGED

    def _is_as_before(self, path: str) -> bool:
        """Has a file whose digest is known the same signature, one that tells it from others?"""
        try:
            found = STAT(path)
        except OSError:
            return False
        signature = found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        same = self.signatures.get(path) == signature
        self.signatures[path] = signature
        return same and time.time() - max(found.st_mtime, found.st_ctime) > SETTLED

    def counts(self, path: str) -> bool:
        if os.path.join(path, "").startswith((*PASSING, *self.passed_over)):
            return False
        return path not in self.made and not any(path.startswith(each + os.sep)
                                                 for each in self.made)

    def unseen(self) -> None:
        """The code does what cannot be seen: all of the project counts."""
        key = "project", self.root
        if key not in self.looks:
            self.looks[key] = answer("project", self.root, self.output)
        self.new.add(key)

    def makes(self, path: str) -> None:
        """A path is written anew; if nothing of it was read before, it is the code's own."""
        self.written.add(path)
        if not any((kind, path) in self.looks for kind in ("file", "stat", "kind")):
            self.made.add(path)

    def _noting(self, call, kind: str):
        """A call of `os` that is noted on its way."""
        @wraps(call)
        def noted(path, *arguments, **options):
            if self.watching and not isinstance(path, int) and options.get("dir_fd") is None:
                frame = sys._getframe(1)
                if not _is_import(frame):
                    self._unobserved(self._note_call, kind, path, frame)
            return call(path, *arguments, **options)
        return noted

    def _starting(self, call):
        """What starts a program without an audit event."""
        @wraps(call)
        def started(*arguments):
            self._on_event("os.fork", arguments)
            return call(*arguments)
        return started

    def _note_call(self, kind: str, path, frame) -> None:
        if kind == "stat" and self.is_installed(frame):
            if frame.f_code.co_name in ("stat", "lstat"):       # of a pathlib.Path
                frame = frame.f_back
            kind = "kind" if frame.f_code.co_name in ASKS_KIND else kind
        self.note(kind, whole(path))

    def _only_installed(self, find):
        """Compiled modules know their source by its second and size; only installed ones do not
        change within a second."""
        @wraps(find)
        def cache_from_source(path, *arguments, **options):
            if not os.fspath(path).startswith(self.installed):
                raise NotImplementedError
            return find(path, *arguments, **options)
        return cache_from_source

    def is_installed(self, frame) -> bool:
        name = frame.f_code.co_filename
        return name.startswith(("<frozen", *self.installed))


def installed_folders() -> tuple[str, ...]:
    """Where the interpreter and installed packages lie."""
    found = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()}
    if sys.prefix != sys.base_prefix:
        found.add(sys.prefix)
    return tuple(sorted(os.path.join(each, "") for each in found if each))


def whole(path) -> str:
    return os.path.abspath(os.fsdecode(path))


def _is_import(frame) -> bool:
    """Does Python look for a module, or for what is installed?"""
    return frame.f_code.co_filename.startswith(("<frozen importlib", "<frozen zipimport",
                                                os.path.dirname(metadata.__file__)))


def _outside(frame, names: tuple[str, ...]):
    """The innermost frame that does not belong to these files."""
    while frame and frame.f_code.co_filename.endswith(names):
        frame = frame.f_back
    return frame


# --------------------------------------------------------------------------------- events

def _on_open(observer: Observer, arguments: tuple) -> None:
    path, mode, flags = arguments
    if isinstance(path, int):
        return
    path = whole(path)
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    if flags & (os.O_TRUNC | os.O_EXCL):
        observer.makes(path)
    elif access == os.O_WRONLY:
        observer.written.add(path)
    else:
        observer.note("file", path)
        if access == os.O_RDWR:
            observer.written.add(path)


def _on_listdir(observer: Observer, arguments: tuple) -> None:
    _look_into(observer, arguments[0], sys._getframe(3))


def _look_into(observer: Observer, path, frame) -> None:
    if isinstance(path, int):
        observer.unseen()
    elif not _is_import(frame):
        observer.note("names", whole("." if path is None else path))


def _on_scandir(observer: Observer, arguments: tuple) -> None:
    path, frame = arguments[0], sys._getframe(3)
    if isinstance(path, int) or observer.is_installed(frame):
        _look_into(observer, path, frame)
    else:           # entries tell sizes and times without a further call
        observer.note("entries", whole("." if path is None else path))


def _on_import(observer: Observer, arguments: tuple) -> None:
    name, file, path, *_ = arguments
    if file and str(file).endswith(tuple(importing.EXTENSION_SUFFIXES)):
        own = not str(file).startswith(observer.installed)
        builtin = "site-packages" not in str(file) and "dist-packages" not in str(file)
        if own or name in UNSEEN_MODULES or not builtin and name.split(".")[0] not in SEEN_INTO:
            observer.unseen()
        if own:
            observer.note("file", whole(file))
        return
    package, _, leaf = name.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", ()) if package else path or ()
    for folder in folders:
        place = whole(folder or ".")
        if not os.path.join(place, "").startswith(observer.installed):
            observer.modules.setdefault(place, set()).add(leaf)


def _on_connect(observer: Observer, arguments: tuple) -> None:
    name = os.fsdecode(arguments[0])
    if name.startswith("file:"):
        observer.unseen()
    elif name not in (":memory:", ""):
        observer.note("file", whole(name))
        observer.written.add(whole(name))


def _on_start(observer: Observer, arguments: tuple) -> None:
    frame = sys._getframe(3)
    while frame:
        if frame.f_code.co_filename.replace(os.sep, "/").endswith(HARMLESS):
            return
        frame = frame.f_back
    observer.unseen()


def _on_library(observer: Observer, arguments: tuple) -> None:
    """A C library that a cell loads itself can do anything."""
    frame = _outside(sys._getframe(3), ("ctypes/__init__.py", "ctypes\\__init__.py"))
    if frame and not observer.is_installed(frame):
        observer.unseen()


def _on_change(observer: Observer, arguments: tuple) -> None:
    """A file that is removed or moved was looked for."""
    for path in arguments[:1]:
        if isinstance(path, (str, bytes, os.PathLike)):
            observer.note("kind", whole(path))


def _on_rename(observer: Observer, arguments: tuple) -> None:
    source, target = whole(arguments[0]), whole(arguments[1])
    if source in observer.made:
        observer.makes(target)
    else:
        observer.note("file", source)
        observer.written |= {source, target}


def _on_folder(observer: Observer, arguments: tuple) -> None:
    path = whole(arguments[0])
    if answer("kind", path) == MISSING:
        observer.note("kind", path)
        observer.made.add(path)
    else:
        observer.note("kind", path)


HANDLERS = {"open": _on_open, "os.listdir": _on_listdir, "os.scandir": _on_scandir,
            "import": _on_import, "sqlite3.connect": _on_connect, "ctypes.dlopen": _on_library,
            "os.remove": _on_change, "os.rmdir": _on_change, "os.rename": _on_rename,
            "os.mkdir": _on_folder}
