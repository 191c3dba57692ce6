"""What code reads: noted while it runs, and compared later with what is there then.

A *look* is one thing that code asked of the file system, and the answer. It is a tuple
``(kind, path, detail, answer)``:

    file      what is in a file: its SHA-256
    kind      whether there is a file, a folder, or nothing
    rights    kind and rights
    stat      kind, rights, links, owner, size and time
    names     the names in a folder, those of folders with a slash; but for compiled modules,
              which Python keeps in a folder of its own beside the sources
    entries   the same with sizes and times
    link      where a link leads
    xattrs    extended attributes
    modules   which of the modules named in `detail` stand in a folder
    place     where the project lies
    project   all files of the project, but for its outputs: of code that does what nobody sees

This module is loaded into the processes in which code runs, and stands on the standard library
alone. Python's audit events (PEP 578) tell of what is opened, listed and started; of what has no
event, `os.stat` and its kin, calls are noted on their way, and so is each search for a module.
Files of the interpreter and of installed packages are left out: their versions count. What code
has made itself is no look.
"""

import hashlib
import importlib
import importlib._bootstrap_external as importing
import json
import os
import shutil
import site
import sqlite3
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from importlib import metadata
from urllib.parse import unquote, urlsplit

Look = tuple[str, str, str, str]
Key = tuple[str, str, str]

CHANGED = "changed while it ran"
SLOW = 2.0                  # seconds for a digest, beyond which an author is told
SETTLED = 2.0               # seconds after which a file's time tells it from the next version
PASSING = ("/proc/", "/sys/", "/dev/fd/", "/dev/std")
# The endings of what `import` finds.
MODULE_ENDINGS = ("", "/__init__.py", "/__init__.pyc", ".py", ".pyc", *importing.EXTENSION_SUFFIXES)
# What Jupyter's kernel reads in the folder that it starts in.
KERNEL_FILES = [f"{name}{ending}" for name in ("ipython_config", "ipython_kernel_config")
                for ending in (".py", ".json")]
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn",
          "os.spawn", "os.startfile", "pty.spawn", "cpython.PyInterpreterState_New",
          "sqlite3.load_extension"}
# What starts programs or looks through files for purposes of its own, and reads none of a book.
HARMLESS = ("matplotlib/font_manager.py", "ctypes/util.py", "/platform.py", "/uuid.py")
# Packages whose compiled parts open files by way of Python; those of others are not seen into.
SEEN_INTO = {"numpy", "pandas", "matplotlib", "PIL", "kiwisolver", "contourpy", "fontTools",
             "scipy", "sklearn", "IPython", "zmq", "psutil", "tornado", "debugpy", "yaml",
             "charset_normalizer", "markupsafe"}
UNSEEN_MODULES = {"_dbm", "_gdbm", "_tkinter", "PIL._imagingft",
                  "scipy.io._fast_matrix_market._fmm_core"}
# Functions of installed packages that ask for a file's status to know no more than its kind.
ASKS_KIND = {"exists", "lexists", "isfile", "isdir", "islink", "ismount", "is_file", "is_dir",
             "is_symlink", "is_mount", "samefile", "realpath", "_joinrealpath", "resolve",
             "_resolve", "_stat", "updatecache", "checkcache"}
TREE_LEFT_OUT = {"__pycache__", "node_modules", "site_libs"}


# ----------------------------------------------------------------------- what there is now

def answer(kind: str, path: str, detail: str = "") -> str:
    """What the file system answers now; an error is an answer too."""
    try:
        return ANSWERS[kind](path, detail)
    except OSError as error:
        return str(error.strerror)
    except ValueError:
        return "no path"


def holds(look: Look) -> bool:
    """Would the file system answer a look as it did?"""
    kind, path, detail, was = look
    return was != CHANGED and answer(kind, path, detail) == was


class Answers(dict):
    """What the file system answers now, asked once for each question."""

    def __missing__(self, key: Key) -> str:
        self[key] = answer(*key)
        return self[key]

    def hold(self, looks: Iterable[Look]) -> bool:
        """Would it answer all these looks as it did?"""
        return all(was != CHANGED and self[kind, path, detail] == was
                   for kind, path, detail, was in looks)


def content(path: str, _: str = "") -> str:
    """The digest of a file, which may be large; of what is no file, its kind."""
    if not stat.S_ISREG(STAT(path).st_mode):
        return kind_of(path)
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def kind_of(path: str, _: str = "") -> str:
    mode = STAT(path).st_mode
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def rights_of(path: str, _: str = "") -> str:
    return str(STAT(path).st_mode)


def stat_of(path: str, _: str = "") -> str:
    found = STAT(path)
    return (f"{found.st_mode} {found.st_nlink} {found.st_uid} {found.st_gid} {found.st_size} "
            f"{found.st_mtime_ns}")


def names_in(path: str, _: str = "") -> str:
    with os.scandir(path) as entries:
        return digest(sorted(each.name + "/" * is_folder(each) for each in entries
                             if each.name != "__pycache__"))


def is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:         # a link in a circle
        return False


def entries_in(path: str, _: str = "") -> str:
    with os.scandir(path) as entries:
        return digest(sorted([each.name, answer("stat", each.path)] for each in entries
                             if each.name != "__pycache__"))


def link_of(path: str, _: str = "") -> str:
    return READLINK(path)


def xattrs_of(path: str, _: str = "") -> str:
    return digest(sorted([name, os.getxattr(path, name).hex()] for name in os.listxattr(path)))


def modules_in(path: str, names: str) -> str:
    """The modules of these names that stand in a folder, each with what it is there."""
    return " ".join(name + ending for name in names.split() for ending in MODULE_ENDINGS
                    if exists(os.path.join(path, name + ending)))


def place_of(path: str, _: str = "") -> str:
    return path


def tree_of(root: str, output: str = "") -> str:
    """All files below a folder but for outputs: a book that was printed, and what is hidden."""
    return digest(sorted(files_below(root, output).items()))


def files_below(root: str, output: str = "") -> dict[str, str]:
    """The files of a project and their digests; environments of Python in it are no part of it."""
    found, seen = {}, set()
    for parent, folders, names in os.walk(root, followlinks=True):
        if (place := os.path.realpath(parent)) in seen or (
                "pyvenv.cfg" in names and parent != root):      # links may lead in a circle
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith(".")
                      and name not in TREE_LEFT_OUT and os.path.join(parent, name) != output]
        for name in names:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, root)] = answer("file", path)
    return found


def exists(path: str) -> bool:
    try:
        STAT(path)
    except (OSError, ValueError):
        return False
    return True


def digest(value) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


ANSWERS: dict[str, Callable[[str, str], str]] = {
    "file": content, "kind": kind_of, "rights": rights_of, "stat": stat_of,
    "names": names_in, "entries": entries_in, "link": link_of, "xattrs": xattrs_of,
    "modules": modules_in, "place": place_of, "project": tree_of}
STAT, READLINK = os.stat, os.readlink


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
    slow : float
        Seconds for a digest, beyond which an author is told.
    """

    def __init__(self, root: str, output: str = "", passed_over: tuple[str, ...] = (),
                 slow: float = SLOW) -> None:
        self.root = os.path.realpath(root)
        self.output = output and os.path.realpath(output)
        self.installed = tuple(each for each in installed_folders()
                               if not os.path.join(self.root, "").startswith(each))
        self.passed_over = (*PASSING, *self.installed,
                            *(os.path.join(os.path.realpath(each), "") for each in passed_over))
        self.slow_after = slow
        self.looks: dict[Key, str] = {}
        self.new: set[Key] = set()              # since the last `take`, as what follows
        self.sought: set[str] = set()           # modules
        self.made: set[str] = set()
        self.written: set[str] = set()
        self.slow: list[str] = []
        self.databases: set[str] = set()        # that SQLite may have open in this process
        self.units: list[tuple[set[str], set[str]]] = []    # what each imported first, and made
        self.signatures: dict[str, tuple] = {}
        self.here = threading.local()
        self.watching = False

    def begin(self) -> None:
        """From now on, note."""
        for name in KERNEL_FILES:
            self.note("file", whole(name))
        import _posixsubprocess             # which Windows lacks: no cells run there

        self.watching = True
        sys.meta_path.insert(0, self)
        sys.addaudithook(self._on_event)
        for name, see in (("stat", self._see_stat), ("lstat", self._see_lstat),
                          ("fstat", self._see_fstat), ("access", self._see_access),
                          ("readlink", self._see_link), ("open", self._see_open),
                          ("getcwd", self._see_place)):
            wrap(os, name, self._noting(getattr(os, name), see))
        starter = _posixsubprocess.fork_exec            # multiprocessing's, without event
        wrap(_posixsubprocess, "fork_exec", self._noting(starter, self._starts))
        wrap(importing, "cache_from_source", self._only_installed(importing.cache_from_source))
        for module in (sqlite3, sqlite3.dbapi2):
            wrap(module, "connect", self._connecting(module.connect))

    def end(self) -> None:
        """An audit hook stays for the life of a process, and from now on does nothing."""
        self.watching = False
        sys.meta_path.remove(self)
        for module, name in WRAPPED:
            if hasattr(call := getattr(module, name), "__wrapped__"):
                setattr(module, name, call.__wrapped__)

    def go_back(self, place: int) -> None:
        """Code runs again from the unit at a place: what it read and made is found out anew, and
        modules that it imported are imported anew."""
        self.looks.clear()
        self.signatures.clear()
        imported = {name for names, _ in self.units[place:] for name in names}
        self.made -= {path for _, made in self.units[place:] for path in made}
        for name in sorted(imported, reverse=True):
            module, (package, _, leaf) = sys.modules.pop(name, None), name.rpartition(".")
            if module and getattr(sys.modules.get(package), leaf, None) is module:
                delattr(sys.modules[package], leaf)
        importlib.invalidate_caches()
        del self.units[place:]

    def take(self) -> dict:
        """What was read and written since the last time.

        Returns
        -------
        dict
            looks : list of Look
            written : list of str, files that were written
            slow : list of str, files whose digests took long
        """
        new, self.new = sorted(self.new), set()
        sought, self.sought = self.sought, set()
        looks = [(*key, self.looks[key]) for key in new if key[0] != "modules"]
        for folder in sorted({path for kind, path, _ in new if kind == "modules"}):
            keys = [key for key in new if key[:2] == ("modules", folder)]
            found = [self.looks[key] for key in keys]
            looks.append(("modules", folder, " ".join(name for *_, name in keys),
                          CHANGED if CHANGED in found else " ".join(filter(None, found))))
        self.units.append((set(filter(self._is_own, sought)), self.made.difference(
            *(made for _, made in self.units))))
        taken = {"looks": looks, "written": sorted(self.written), "slow": self.slow}
        self.written, self.slow = set(), []
        return taken

    def _is_own(self, name: str) -> bool:
        """Is a module neither built in nor installed?"""
        module = sys.modules.get(name)
        places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
        return any(place and not str(place).startswith(self.installed) for place in places)

    # ------------------------------------------------------------------------- noting

    def note(self, kind: str, path: str, detail: str = "") -> None:
        """Note a look at a path, unless it does not count."""
        if not self.counts(kind, path):
            return
        key = kind, path, detail
        self.new.add(key)
        before = self.looks.get(key)
        if kind == "file" and before is not None and (
                self._is_database(path) or self._is_as_before(path)):
            return          # what a database is now is compared when the code has run
        begun = time.monotonic()
        found = self._answer(kind, path, detail)
        if time.monotonic() - begun > self.slow_after:
            self.slow.append(path)
        self.looks[key] = found if before in (None, found) else CHANGED

    def remember(self, kind: str, path: str) -> None:
        """Know what there is before the code changes it; a look if it asks for it later."""
        if self.counts(kind, path):
            self.looks.setdefault((kind, path, ""), self._answer(kind, path))

    def _answer(self, kind: str, path: str, detail: str = "") -> str:
        """What the file system answers. A database that may be open here another process reads:
        who closes a file loses the locks on it, also those of a transaction."""
        if not self.databases or not (kind == "project" or kind == "file"
                                      and self._is_database(path)):
            return answer(kind, path, detail)
        with suppress(Exception):       # the code may have put something else in `run`'s place
            asked = [sys.executable, "-I", __file__, kind, path, detail]
            return str(subprocess.run(asked, capture_output=True, check=True).stdout, "utf-8")
        return CHANGED

    def _is_database(self, path: str) -> bool:
        return bool(self.databases) and os.path.realpath(path) in self.databases

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

    def counts(self, kind: str, path: str) -> bool:
        """Is a path neither installed nor the code's own work?"""
        if not path.startswith(os.sep) or os.path.join(path, "").startswith(self.passed_over):
            return False
        above = path
        while above not in self.made:
            if above == (above := os.path.dirname(above)):
                return True
        if above == path and not os.path.isdir(path):
            return False
        before = "kind", above, ""
        if before in self.looks:        # what it finds in a folder that it made if there was none
            self.new.add(before)
        real = os.path.realpath(path)   # a link in a folder of its own
        if not os.path.join(real, "").startswith(os.path.join(os.path.realpath(above), "")):
            self.note(kind, real)
        return False

    def makes(self, path: str) -> None:
        """What is at a path is the code's own from now on."""
        self.written.add(path)
        self.made.add(path)

    def unseen(self) -> None:
        """The code does what cannot be seen: all of the project counts."""
        key = "project", self.root, self.output
        if key not in self.looks:
            self.looks[key] = self._answer(*key)
        self.new.add(key)

    def is_installed(self, frame) -> bool:
        return frame.f_code.co_filename.startswith(("<frozen", *self.installed))

    def _unobserved(self, work, *arguments, **options) -> None:
        """Do the observer's own work, whose looks are its own; it never fails the code it sees."""
        if getattr(self.here, "busy", False):
            return
        self.here.busy = True
        try:
            work(*arguments, **options)
        except Exception:
            self.unseen()
        finally:
            self.here.busy = False

    # ------------------------------------------------------------------ calls on their way

    def _noting(self, call, see):
        """A call that is noted on its way: `see` is given the caller's frame and the arguments."""
        @wraps(call)
        def noted(*arguments, **options):
            if self.watching:
                self._unobserved(see, sys._getframe(1), *arguments, **options)
            return call(*arguments, **options)
        return noted

    def _see_stat(self, frame, path, *, dir_fd=None, follow_symlinks=True) -> None:
        if is_import(frame) or is_removal(frame):
            return
        path, kind = whole(path, dir_fd), "stat"
        if self.is_installed(frame):
            if frame.f_code.co_name in ("stat", "lstat"):       # of a pathlib.Path
                frame = frame.f_back
            kind = "kind" if frame.f_code.co_name in ASKS_KIND else kind
        self.note(kind, path)
        if not follow_symlinks or frame.f_code.co_name == "samefile":
            self.note("link", path)

    def _see_lstat(self, frame, path, *, dir_fd=None) -> None:
        self._see_stat(frame, path, dir_fd=dir_fd, follow_symlinks=False)

    def _see_fstat(self, frame, number) -> None:
        if not self.is_installed(frame):
            self.note("stat", whole(number))

    def _see_access(self, frame, path, mode, *, dir_fd=None, **_) -> None:
        self.note("rights" if mode else "kind", whole(path, dir_fd))

    def _see_link(self, frame, path, *, dir_fd=None) -> None:
        if not is_import(frame):
            self.note("link", whole(path, dir_fd))

    def _see_open(self, frame, path, flags, mode=0o777, *, dir_fd=None) -> None:
        if dir_fd is not None and not is_removal(frame):
            self._opens(frame, whole(path, dir_fd), flags)

    def _see_place(self, frame) -> None:
        """The code asks where it is; that its paths are made whole is no question."""
        while frame and frame.f_code.co_filename.endswith(PATHS):
            frame = frame.f_back
        if frame and not self.is_installed(frame):
            self.note("place", self.root)

    def find_spec(self, name: str, path=None, target=None) -> None:
        """Python looks for a module: it asks the first of `sys.meta_path`, which finds none."""
        if self.watching:
            self._unobserved(self._seeks, name, sys.path if path is None else path)

    def _seeks(self, name: str, folders) -> None:
        self.sought.add(name)
        for folder in folders:
            if isinstance(folder, str) and not folder.startswith(self.installed):
                self.note("modules", whole(folder), name.rpartition(".")[2])

    def _only_installed(self, find):
        """Compiled modules know their source by its second and size; only installed ones do not
        change within a second."""
        @wraps(find)
        def cache_from_source(path, *arguments, **options):
            if not os.fspath(path).startswith(self.installed):
                raise NotImplementedError
            return find(path, *arguments, **options)
        return cache_from_source

    # --------------------------------------------------------------------------- events

    def _on_event(self, event: str, arguments: tuple) -> None:
        handler = HANDLERS.get(event)
        if handler and self.watching:
            self._unobserved(handler, self, sys._getframe(1), *arguments)

    def _on_open(self, frame, path, _, flags) -> None:
        if not isinstance(path, int) and not is_removal(frame):
            self._opens(frame, whole(path), flags)

    def _opens(self, frame, path: str, flags: int) -> None:
        access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
        if flags & os.O_EXCL:
            if frame.f_code.co_filename != tempfile.__file__:
                self.note("kind", path)
            self.makes(path)
        elif flags & os.O_TRUNC:
            self.makes(path)
        elif access == os.O_WRONLY:
            self.remember("file", path)
            self.written.add(path)
        elif not self._is_harmless(frame):
            self.note("file", path)
            if access == os.O_RDWR:
                self.written.add(path)

    def _on_listdir(self, frame, path=None) -> None:
        if not is_import(frame) and not is_removal(frame) and not self._is_harmless(frame):
            self.note("names", whole("." if path is None else path))

    def _on_scandir(self, frame, path=None) -> None:
        if self.is_installed(frame):
            self._on_listdir(frame, path)
        else:           # entries tell sizes and times without a further call
            self.note("entries", whole("." if path is None else path))

    def _on_import(self, frame, name, file, *_) -> None:
        """A compiled module: it may open files that nobody sees."""
        if not file:
            return
        file = whole(file)
        own = not file.startswith(self.installed)
        builtin = "site-packages" not in file and "dist-packages" not in file
        if own or name in UNSEEN_MODULES or not builtin and name.split(".")[0] not in SEEN_INTO:
            self.unseen()
        if own:
            self.note("file", file)

    def _on_connect(self, frame, name) -> None:
        name = os.fsdecode(name)
        if name.startswith("file:"):
            self.unseen()
            self.databases.add(os.path.realpath(whole(unquote(urlsplit(name).path))))
        elif name not in (":memory:", ""):
            for ending in ("", "-wal", "-journal"):
                self.note("file", whole(name + ending))
            self.written.add(whole(name))
            self.databases.add(os.path.realpath(whole(name)))

    def _connecting(self, connect):
        """SQLite attaches further files to a connection without an event."""
        @wraps(connect)
        def connected(*arguments, **options):
            connection = connect(*arguments, **options)
            self._unobserved(connection.set_authorizer, self._authorises)
            return connection
        return connected

    def _authorises(self, action, name, *_) -> int:
        """SQLite asks before it does something."""
        if action == SQLITE_ATTACH and self.watching:
            self._unobserved(self._on_connect, None, "file:" if name is None else name)
        return 0

    def _starts(self, frame, *_) -> None:
        if not self._is_harmless(frame):
            self.unseen()

    def _is_harmless(self, frame) -> bool:
        while frame:
            if frame.f_code.co_filename.endswith(HARMLESS) and self.is_installed(frame):
                return True
            frame = frame.f_back
        return False

    def _on_library(self, frame, name, *_) -> None:
        """A C library that a cell loads, or one beside it, can do anything."""
        while frame and frame.f_code.co_filename.endswith("ctypes/__init__.py"):
            frame = frame.f_back
        own = isinstance(name, str) and os.sep in name and not whole(name).startswith(
            self.passed_over) and not name.startswith(("/lib", "/usr/"))
        if own or frame and not self.is_installed(frame):
            self.unseen()
        if own:
            self.note("file", whole(name))

    def _on_remove(self, frame, path, dir_fd=-1) -> None:
        """What is removed was looked for; what comes in its place is the code's own."""
        path = whole(path, dir_fd)
        self.note("kind", path)
        self.makes(path)

    def _on_change(self, frame, path, *options) -> None:
        """What is changed, or gone into, must be there."""
        self.note("kind", whole(path, options[-1] if len(options) > 1 else None))

    def _on_rename(self, frame, source, target, source_fd=-1, target_fd=-1) -> None:
        source, target = whole(source, source_fd), whole(target, target_fd)
        self.note("names" if os.path.isdir(source) else "file", source)
        self.written |= {source, target}
        if source in self.made:
            self.makes(target)

    def _on_link(self, frame, source, target, *descriptors) -> None:
        """A link to a file holds what is in it."""
        target = whole(target, descriptors[-1] if descriptors else -1)
        self.note("file", whole(source, descriptors[0] if len(descriptors) > 1 else -1))
        self.note("kind", target)
        self.written.add(target)

    def _on_symlink(self, frame, source, target, dir_fd=-1) -> None:
        self.note("kind", whole(target, dir_fd))
        self.written.add(whole(target, dir_fd))

    def _on_xattr(self, frame, path=None, *_) -> None:
        self.note("xattrs", whole("." if path is None else path))

    def _on_truncate(self, frame, path, _) -> None:
        self.remember("file", whole(path))
        self.written.add(whole(path))

    def _on_mkdir(self, frame, path, _, dir_fd=-1) -> None:
        path = whole(path, dir_fd)
        is_passing = frame.f_code.co_filename == tempfile.__file__
        if frame.f_locals.get("exist_ok") and self.is_installed(frame) or is_passing:
            if not is_passing:
                self.remember("kind", path)
        else:
            self.note("kind", path)
        if not exists(path):
            self.made.add(path)


HANDLERS = dict.fromkeys(STARTS, Observer._starts) | {
    "open": Observer._on_open, "os.listdir": Observer._on_listdir,
    "os.scandir": Observer._on_scandir, "import": Observer._on_import,
    "sqlite3.connect": Observer._on_connect,
    "ctypes.dlopen": Observer._on_library, "ctypes.dlsym": Observer._on_library,
    "os.remove": Observer._on_remove, "os.rmdir": Observer._on_remove,
    "shutil.rmtree": Observer._on_remove, "os.rename": Observer._on_rename,
    "os.link": Observer._on_link, "os.symlink": Observer._on_symlink,
    "os.chdir": Observer._on_change, "os.chmod": Observer._on_change,
    "os.chown": Observer._on_change, "os.truncate": Observer._on_truncate,
    "os.mkdir": Observer._on_mkdir,
    **{f"os.{name}xattr": Observer._on_xattr for name in ("get", "list", "set", "remove")}}
SQLITE_ATTACH = 24
PATHS = ("/posixpath.py", "<frozen posixpath>", "/pathlib.py")
WRAPPED: list[tuple] = []


def wrap(module, name: str, noted) -> None:
    """Put a function in the place of one of a module, known by the same name and abilities."""
    call = getattr(module, name)
    noted.__module__ = module.__name__          # so that it can be pickled
    setattr(module, name, noted)
    WRAPPED.append((module, name))
    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks,
                 os.supports_effective_ids):
        if call in able:
            able.add(noted)


def installed_folders() -> tuple[str, ...]:
    """Where the interpreter and installed packages lie."""
    found = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()}
    found |= {each for each in sys.path if os.path.basename(each).startswith("python3")}
    if sys.prefix != sys.base_prefix:
        found.add(sys.prefix)
    return tuple(sorted(os.path.join(each, "") for each in found if each))


def whole(path, dir_fd: int | None = None) -> str:
    """The path from the root of what is named from here, or of what an open file's number is."""
    if isinstance(path, int):
        return READLINK(f"/proc/self/fd/{path}")
    folder = os.getcwd() if dir_fd in (None, -1) else whole(dir_fd)
    path = os.path.join(folder, os.fsdecode(path))
    # ".." behind a link leads elsewhere than it seems.
    return path if ".." in path else os.path.normpath(path)


def is_import(frame) -> bool:
    """Does Python look for a module, or for what is installed?"""
    return frame.f_code.co_filename.startswith(("<frozen importlib", "<frozen zipimport",
                                                os.path.dirname(metadata.__file__)))


def is_removal(frame) -> bool:
    """Does `shutil.rmtree` look at what it removes?"""
    return (frame.f_code.co_filename == shutil.__file__
            and frame.f_code.co_name.lstrip("_").startswith("rmtree"))


if __name__ == "__main__":
    print(answer(*sys.argv[1:]), end="")
