"""Ways in which code reads, each under the Observer in a process of its own.

For each way: all that it looked at holds as long as nothing of it changes, and no longer when it
changes. The code runs in `chapters/` of a project, beside the files of `FILES`.
"""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from reading import Readers

from bookbuild.run import observing
from bookbuild.run.observing import CHANGED, holds

FILES = {
    "a.csv": "x,y\n1,2\n3,4\n",
    "tables/t1.csv": "x\n1\n",
    "tables/deep/t2.csv": "x\n1\n",
    "named.txt": "a.csv",
    "conf.yaml": "a: 1\n",
    "conf.ini": "[one]\na = 1\n",
    "conf.json": '{"a": 1}\n',
    "page.xml": "<a>1</a>\n",
    "module.py": "VALUE = 1\n",
    "script.py": "print(1)\n",
    "package/__init__.py": "",
    "package/inner.py": "VALUE = 1\n",
    "package/data.txt": "1\n",
    "spaces/one/part.py": "VALUE = 1\n",
    "../shared/helper.py": "VALUE = 1\n",
    "../shared/n.txt": "1\n",
    "../data/d.csv": "x\n1\n",
    "unrelated/u.txt": "1\n",
}


def change(name):
    """A file gets other contents of the same size and time."""
    def changed(folder):
        path = folder / name
        before = path.stat()
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return changed


def add(name, content="VALUE = 2\n"):
    def added(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return added


def remove(name):
    def removed(folder):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return removed


def touch(name):
    return lambda folder: os.utime(folder / name, ns=(1, 1))


def relink(name, target):
    def relinked(folder):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
    return relinked


A, T1, T2 = change("a.csv"), change("tables/t1.csv"), change("tables/deep/t2.csv")
# Of each way: the code, and what changes its result.
WAYS = {
    # the most usual
    "literal": ("open('a.csv').read()", A),
    "path join": ("import pathlib; (pathlib.Path('tables') / 't1.csv').read_text()", T1),
    "os.path.join": ("import os; open(os.path.join('tables', 't1.csv')).read()", T1),
    "f-string": ("name = 'a'; open(f'{name}.csv').read()", A),
    "glob": ("import glob; glob.glob('tables/*.csv')", add("tables/t3.csv")),
    "with_suffix": ("import pathlib; pathlib.Path('conf').with_suffix('.yaml').read_text()",
                    change("conf.yaml")),
    "os.listdir": ("import os; os.listdir('tables')", add("tables/new")),
    "os.listdir()": ("import os; os.listdir()", add("new")),
    "shell": ("import os; os.system('cat a.csv')", A),
    "sqlite": ("""import sqlite3
con = sqlite3.connect('base.db')
con.execute('select * from t').fetchall()""", change("base.db")),
    "pandas": ("import pandas as pd, os; pd.read_csv(os.path.join('tables', 't' + '1.csv'))", T1),
    "package beside": ("import package.inner", change("package/inner.py")),
    "module on sys.path": ("import sys; sys.path.insert(0, '../shared'); import helper",
                           change("../shared/helper.py")),
    "named in another file": ("open(open('named.txt').read()).read()", A),
    "exists": ("import os; os.path.exists('missing.csv')", add("missing.csv")),
    "exists, not": ("import os; os.path.exists('a.csv')", remove("a.csv")),
    "missing, for another reason": ("""try:
    open('a.csv/b')
except NotADirectoryError:
    pass""", remove("a.csv")),
    # other ways to open
    "os.open": ("import os; os.read(os.open('a.csv', os.O_RDONLY), 99)", A),
    "FileIO": ("import io; io.FileIO('a.csv').readall()", A),
    "io.open_code": ("import io; io.open_code('/'.join([__import__('os').getcwd(), 'a.csv']))", A),
    "codecs": ("import codecs; codecs.open('a.csv', encoding='utf-8').read()", A),
    "fileinput": ("import fileinput; list(fileinput.input('a.csv'))", A),
    "linecache": ("import linecache; linecache.getline('a.csv', 1)", A),
    "mmap": ("import mmap; f = open('a.csv', 'rb'); mmap.mmap(f.fileno(), 0, prot=1)[:]", A),
    "bytes": ("open(b'a.csv').read()", A),
    "chdir": ("import os; os.chdir('tables'); open('t1.csv').read()", T1),
    "chdir, a folder missing": ("import os\ntry: os.chdir('absent')\nexcept OSError: pass",
                                lambda f: (f / "absent").mkdir()),
    "chmod, a file missing": ("import os\ntry: os.chmod('absent', 0o644)\nexcept OSError: pass",
                              add("absent")),
    "up": ("open('../shared/n.txt').read()", change("../shared/n.txt")),
    "up behind a link": ("open('away/../n.txt').read()", change("../shared/n.txt")),
    "dir_fd": ("import os; d = os.open('tables', os.O_RDONLY); os.open('t1.csv', 0, dir_fd=d)", T1),
    "opener": ("""import os
d = os.open('tables', os.O_RDONLY)
open('t1.csv', opener=lambda path, flags: os.open(path, flags, dir_fd=d)).read()""", T1),
    "open(fd)": ("import os; open(os.open('a.csv', 0)).read()", A),
    "r+": ("open('a.csv', 'r+').read()", A),
    "thread": ("""import threading
t = threading.Thread(target=lambda: open('a.csv').read()); t.start(); t.join()""", A),
    "pool of threads": ("""from concurrent.futures import ThreadPoolExecutor
list(ThreadPoolExecutor(2).map(open, ['a.csv', 'tables/t1.csv']))""", T1),
    "asyncio": ("""import asyncio
async def read(): return await asyncio.to_thread(lambda: open('a.csv').read())
asyncio.run(read())""", A),
    "exec": ("exec(open('module.py').read())", change("module.py")),
    "runpy": ("import runpy; runpy.run_path('script.py')", change("script.py")),
    "runpy module": ("import runpy; runpy.run_module('module')", change("module.py")),
    "tokenize": ("import tokenize; tokenize.open('module.py').read()", change("module.py")),
    "home": ("import os; os.environ['HOME'] = os.getcwd()\n"
             "open(os.path.expanduser('~/a.csv')).read()", A),
    "urllib": ("import urllib.request, pathlib\n"
               "urllib.request.urlopen(pathlib.Path('a.csv').absolute().as_uri()).read()", A),
    "shutil.copy": ("import shutil; shutil.copy('a.csv', 'copy.csv')", A),
    "shutil.copy2": ("import shutil; shutil.copy2('a.csv', 'copy.csv')", A),
    "shutil.copyfile": ("import shutil; shutil.copyfile('a.csv', 'copy.csv')", A),
    "shutil.copytree": ("import shutil; shutil.copytree('tables', 'copy', symlinks=True)", T2),
    "through a copy": ("""import shutil, tempfile, os
with tempfile.TemporaryDirectory() as d:
    shutil.copytree('tables', d + '/t'); open(d + '/t/t1.csv').read()""", T1),
    "through a link in a folder of one's own": ("""import os, tempfile
with tempfile.TemporaryDirectory() as d:
    os.symlink(os.path.abspath('a.csv'), d + '/link'); open(d + '/link').read()""", A),
    "through a second name": ("""import os, tempfile
with tempfile.TemporaryDirectory(dir='.') as d:
    os.link('a.csv', d + '/a'); open(d + '/a').read()""", A),
    "filecmp": ("import filecmp\n"
                "filecmp.cmp('tables/deep/t2.csv', 'tables/t1.csv', shallow=False)", T1),
    "hashlib": ("import hashlib; hashlib.file_digest(open('a.csv', 'rb'), 'md5')", A),
    # formats
    "configparser": ("import configparser; configparser.ConfigParser().read('conf.ini')",
                     change("conf.ini")),
    "configparser, missing": ("import configparser; configparser.ConfigParser().read('more.ini')",
                              add("more.ini", "[a]\n")),
    "json": ("import json; json.load(open('conf.json'))", change("conf.json")),
    "yaml": ("import yaml; yaml.safe_load(open('conf.yaml'))", change("conf.yaml")),
    "pickle": ("import pickle; pickle.load(open('p.pickle', 'rb'))", change("p.pickle")),
    "shelve": ("import shelve; dict(shelve.open('shelf', flag='r'))", change("shelf.dat")),
    "zipfile": ("import zipfile; zipfile.ZipFile('lib.zip').read('zipped.py')", change("lib.zip")),
    "tarfile": ("import tarfile; tarfile.open('t.tar').getnames()", change("t.tar")),
    "gzip": ("import gzip; gzip.open('t.gz').read()", change("t.gz")),
    "lzma": ("import lzma; lzma.open('t.xz').read(0)", change("t.xz")),
    "csv": ("import csv; list(csv.reader(open('a.csv')))", A),
    "etree": ("import xml.etree.ElementTree as t; t.parse('page.xml')", change("page.xml")),
    "minidom": ("import xml.dom.minidom as t; t.parse('page.xml')", change("page.xml")),
    "lxml": ("import lxml.etree as t; t.parse('page.xml')", change("page.xml")),
    "np.loadtxt": ("import numpy as np; np.loadtxt('a.csv', delimiter=',', skiprows=1)", A),
    "np.genfromtxt": ("import numpy as np; np.genfromtxt('a.csv', delimiter=',')", A),
    "np.fromfile": ("import numpy as np; np.fromfile('a.csv', dtype='u1')", A),
    "np.memmap": ("import numpy as np; np.memmap('a.csv', dtype='u1', mode='r')[:]", A),
    "np.load": ("import numpy as np; np.load('n.npy')", change("n.npy")),
    "np.load mmap": ("import numpy as np; np.load('n.npy', mmap_mode='r')[:]", change("n.npy")),
    "pd.read_json": ("import pandas as pd; pd.read_json('conf.json', lines=True)",
                     change("conf.json")),
    "pd.read_table": ("import pandas as pd; pd.read_table('a.csv', memory_map=True)", A),
    "pd.read_csv python": ("import pandas as pd; pd.read_csv('a.csv', engine='python')", A),
    "pd.read_pickle": ("import pandas as pd; pd.read_pickle('p.pickle')", change("p.pickle")),
    "pd.read_sql": ("""import pandas as pd, sqlite3
pd.read_sql('select * from t', sqlite3.connect('base.db'))""", change("base.db")),
    "sqlite attached": ("""import sqlite3
con = sqlite3.connect(':memory:'); con.execute("attach 'base.db' as b")
con.execute('select * from b.t').fetchall()""", change("base.db")),
    "sqlite attached by parameter": ("""import sqlite3
con = sqlite3.connect(':memory:'); con.execute("attach ? as b", ['base.db'])""",
                                     change("base.db")),
    "sqlite uri": ("import sqlite3; sqlite3.connect('file:base.db?mode=ro', uri=True)",
                   change("base.db")),
    "PIL": ("import PIL.Image; PIL.Image.open('i.png').load()", change("i.png")),
    "imread": ("import matplotlib.image as i; i.imread('i.png')", change("i.png")),
    "scipy": ("import scipy.io; scipy.io.loadmat('m.mat')", change("m.mat")),
    "font": ("import PIL.ImageFont as f; f.truetype('../data/f.ttf')", change("../data/f.ttf")),
    "matplotlibrc": ("import matplotlib", add("matplotlibrc", "font.size: 20\n")),
    "matplotlibrc, changed": ("import os; os.rename('conf.yaml', 'matplotlibrc')\n"
                              "import matplotlib", change("matplotlibrc")),
    "style file": ("import matplotlib.style as s; s.use('./own.mplstyle')",
                   change("own.mplstyle")),
    # folders
    "Path.iterdir": ("import pathlib; list(pathlib.Path('tables').iterdir())", add("tables/new")),
    "Path.glob": ("import pathlib; list(pathlib.Path().glob('tables/*.csv'))", add("tables/n.csv")),
    "Path.rglob": ("import pathlib; list(pathlib.Path('tables').rglob('*.csv'))",
                   add("tables/deep/n.csv")),
    "glob **": ("import glob; glob.glob('tables/**/*.csv', recursive=True)",
                add("tables/deep/n.csv")),
    "glob, none": ("import glob; glob.glob('absent/*.csv')", add("absent/n.csv")),
    "glob, plain": ("import glob; glob.glob('absent.csv')", add("absent.csv")),
    "glob root_dir": ("import glob; glob.glob('*.csv', root_dir='tables')", add("tables/n.csv")),
    "os.walk": ("import os; list(os.walk('tables'))", add("tables/deep/new")),
    "os.walk, sizes": ("""import os
[os.path.getsize(os.path.join(p, n)) for p, _, names in os.walk('tables') for n in names]""",
                       add("tables/deep/t2.csv", "longer than before")),
    "os.fwalk": ("import os; list(os.fwalk('tables'))", add("tables/deep/new")),
    "scandir": ("import os; [e.stat().st_size for e in os.scandir('tables')]",
                add("tables/t1.csv", "longer than before")),
    "scandir, time": ("import os; [e.stat().st_mtime for e in os.scandir('tables')]",
                      touch("tables/t1.csv")),
    "scandir, a broken link in it": ("import os; list(os.scandir('links'))", add("links/new")),
    "listdir, a circle in it": ("import os; os.listdir('links')", add("links/new")),
    "listdir of an open folder": ("import os; os.listdir(os.open('tables', 0))", add("tables/n")),
    "a folder becomes a file": ("import os; os.path.isdir('tables/deep')",
                                lambda f: (shutil.rmtree(f / "tables/deep"),
                                           (f / "tables/deep").write_text(""))),
    # what is said of files
    "getsize": ("import os; os.path.getsize('a.csv')", add("a.csv", "longer than before")),
    "getmtime": ("import os; os.path.getmtime('a.csv')", touch("a.csv")),
    "Path.stat": ("import pathlib; pathlib.Path('a.csv').stat().st_mtime", touch("a.csv")),
    "os.stat": ("import os; os.stat('a.csv').st_mtime", touch("a.csv")),
    "os.stat, links": ("import os; os.stat('a.csv').st_nlink",
                       lambda folder: os.link(folder / "a.csv", folder / "unrelated/a.csv")),
    "os.stat with dir_fd": ("import os; d = os.open('tables', 0)\n"
                            "os.stat('t1.csv', dir_fd=d).st_mtime", touch("tables/t1.csv")),
    "os.stat of an open file": ("import os; os.stat(os.open('a.csv', 0)).st_mtime",
                                touch("a.csv")),
    "os.fstat": ("import os; f = open('a.csv'); os.fstat(f.fileno()).st_mtime", touch("a.csv")),
    "os.access": ("import os; os.access('a.csv', os.X_OK)", lambda f: (f / "a.csv").chmod(0o755)),
    "Path.exists": ("import pathlib; pathlib.Path('missing').exists()", add("missing")),
    "Path.is_file": ("import pathlib; pathlib.Path('a.csv').is_file()", remove("a.csv")),
    "try": ("try: open('missing.csv')\nexcept OSError: pass", add("missing.csv")),
    "a file in the place of a folder": ("try: open('named.txt/x')\nexcept OSError: pass",
                                        lambda f: (remove("named.txt")(f), add("named.txt/x")(f))),
    # links
    "link": ("open('chain').read()", A),
    "link, led elsewhere": ("open('chain').read()", relink("link", "tables/t1.csv")),
    "readlink": ("import os; os.readlink('link')", relink("link", "tables/t1.csv")),
    "islink": ("import os; os.path.islink('link')",
               lambda f: (remove("link")(f), shutil.copy(f / "a.csv", f / "link"))),
    "resolve": ("import pathlib; pathlib.Path('chain').resolve().name",
                relink("link", "tables/t1.csv")),
    "samefile": ("import os; os.path.samefile('link', 'a.csv')", relink("link", "tables/t1.csv")),
    "a link in a circle": ("try: open('links/circle')\nexcept OSError: pass",
                           lambda f: (remove("links/circle")(f), add("links/circle")(f))),
    # modules
    "import": ("import module", change("module.py")),
    "import_module": ("import importlib; importlib.import_module('module')", change("module.py")),
    "find_spec": ("import importlib.util as u; u.find_spec('absent')", add("absent.py")),
    "reload": ("import importlib, module; importlib.reload(module)", change("module.py")),
    "try to import": ("try: import absent\nexcept ImportError: pass", add("absent.py")),
    "try to import_module": ("import importlib\ntry: importlib.import_module('absent')\n"
                             "except ImportError: pass", add("absent/__init__.py")),
    "shadowed by a package": ("import module", add("module/__init__.py")),
    "shadowed, earlier on the path": ("import sys; sys.path.append('../shared'); import helper",
                                      add("helper.py")),
    "shadowed within a package": ("import package\ntry: from package import more\n"
                                  "except ImportError: pass", add("package/more.py")),
    "the standard library shadowed": ("import wave", add("wave.py")),
    "numpy shadowed": ("import numpy", add("numpy/__init__.py")),
    "numpy shadowed, by a compiled file": ("import numpy", add("numpy.pyc")),
    "namespace package": ("import spaces.one.part", change("spaces/one/part.py")),
    "namespace package becomes a package": ("import spaces.one.part", add("spaces/__init__.py")),
    "namespace package, part": ("import sys; sys.path.append('../shared')\nimport spaces.one.part",
                                add("../shared/spaces/__init__.py")),
    "zipimport": ("import sys; sys.path.insert(0, 'lib.zip'); import zipped", change("lib.zip")),
    "pkgutil": ("import pkgutil, package; list(pkgutil.iter_modules(package.__path__))",
                add("package/more.py")),
    "pkgutil.get_data": ("import pkgutil; pkgutil.get_data('package', 'data.txt')",
                         change("package/data.txt")),
    "importlib.resources": ("import importlib.resources as r\n"
                            "r.files('package').joinpath('data.txt').read_text()",
                            change("package/data.txt")),
    "getsource": ("import inspect, module; inspect.getsource(module)", change("module.py")),
    "spec from file": ("""from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location('any', 'script.py')
spec.loader.exec_module(module_from_spec(spec))""", change("script.py")),
    "site": ("import site; site.addsitedir('paths'); import helper",
             change("../shared/helper.py")),
    "site, another .pth": ("import site; site.addsitedir('paths')", add("paths/more.pth", "x\n")),
    "extension module": ("try: import beside\nexcept ImportError: pass", change("beside.abi3.so")),
    # what nobody sees
    "subprocess": ("import subprocess; subprocess.run(['cat', 'a.csv'])", A),
    "popen": ("import os; os.popen('cat a.csv').read()", A),
    "posix_spawn": ("import os; os.waitpid(os.posix_spawn('/bin/cat', ['cat', 'a.csv'], {}), 0)",
                    A),
    "spawnlp": ("import os; os.spawnlp(os.P_WAIT, 'cat', 'cat', 'a.csv')", A),
    "fork": ("import os\nif not os.fork(): open('a.csv').read(); os._exit(0)", A),
    "pty": ("import pty; pty.spawn(['cat', 'a.csv'])", A),
    "multiprocessing fork": ("""import multiprocessing as m
p = m.get_context('fork').Process(target=open, args=['a.csv']); p.start(); p.join()""", A),
    "multiprocessing spawn": ("""import multiprocessing as m, module
__name__ = 'other'
p = m.get_context('spawn').Process(target=open, args=['a.csv']); p.start(); p.join()""", A),
    "pool": ("""from concurrent.futures import ProcessPoolExecutor as P
with P(1) as pool: list(pool.map(len, ['a.csv']))""", A),
    "joblib": ("""from joblib import Parallel, delayed
Parallel(n_jobs=2)(delayed(len)('a.csv') for _ in range(2))""", A),
    "asyncio subprocess": ("""import asyncio
async def read(): await (await asyncio.create_subprocess_exec('cat', 'a.csv')).wait()
asyncio.run(read())""", A),
    "ctypes": ("""import ctypes
libc = ctypes.CDLL(None); libc.fopen.restype = ctypes.c_void_p; libc.fopen(b'a.csv', b'r')""", A),
    "pythonapi": ("import ctypes; ctypes.pythonapi.fopen(b'a.csv', b'r')", A),
    "load_library": ("import numpy as np\ntry: np.ctypeslib.load_library('beside.abi3.so', '.')\n"
                     "except OSError: pass", change("beside.abi3.so")),
    "subprocess, one file more": ("import subprocess; subprocess.run(['true'])",
                                  add("../data/new.csv")),
    # cells of a notebook
    "%run": ("%run script.py", change("script.py")),
    "%load_ext": ("%load_ext module", change("module.py")),
    "!cat": ("!cat a.csv", A),
    "%%bash": ("%%bash\ncat a.csv", A),
    "%%script": ("%%script cat\na.csv", A),
    "%cat": ("%cat a.csv", A),
    "%pycat": ("%pfile module.py", change("module.py")),
    "Image": ("from IPython.display import Image; Image('i.png')", change("i.png")),
}
# Of what is in `/tmp`, of outputs, and of times that nobody asked for, none makes code run again.
HARMLESS = {
    "names beside compiled modules": "import os; os.listdir('tables/deep')",
    "nothing": "1 + 1",
    "writes": "open('out.csv', 'w').write('1')",
    "writes and reads": "open('out.csv', 'w').write('1'); open('out.csv').read()",
    "appends": "open('log.txt', 'a').write('1')",
    "writes into a folder of its own": """import pathlib
pathlib.Path('out/in').mkdir(parents=True, exist_ok=True)
pathlib.Path('out/in/x').write_text('1')""",
    "makedirs": "import os; os.makedirs('out', exist_ok=True); open('out/x', 'w')",
    "empties a folder and fills it": """import os, shutil
shutil.rmtree('tables', ignore_errors=True); os.mkdir('tables')
open('tables/t1.csv', 'w').write('x'); os.listdir('tables'); open('tables/t1.csv').read()""",
    "temporary folder": """import tempfile, os
with tempfile.TemporaryDirectory() as d:
    open(d + '/x', 'w'); os.mkdir(d + '/y'); os.listdir(d); os.stat(d + '/x'); open(d + '/x')""",
    "temporary folder that stays": "import tempfile, os; os.listdir(tempfile.mkdtemp())",
    "temporary folder beside": """import tempfile
with tempfile.TemporaryDirectory(dir='.') as d: open(d + '/x', 'w')""",
    "temporary file": "import tempfile; tempfile.NamedTemporaryFile(delete=False).write(b'1')",
    "replaces": """import os
open('part', 'w').write('1'); os.replace('part', 'out.csv'); open('out.csv').read()""",
    "removes what it made": "import os; open('out', 'w'); os.remove('out'); os.path.exists('out')",
    "imports": "import module, package.inner, spaces.one.part",
    "savefig": """import matplotlib; matplotlib.use('agg')
from matplotlib import pyplot as plt; plt.plot([1]); plt.savefig('out.svg')""",
    "saves": "import numpy as np; np.save('out.npy', np.ones(3)); np.load('out.npy')",
    "to_csv": "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv('out.csv')",
    "its own base": """import sqlite3, os
open('new.db', 'w').close(); con = sqlite3.connect('new.db')
con.execute('create table t (a)'); con.commit()""",
    "devices": "open('/dev/null').read(); open('/dev/null', 'w'); open('/dev/urandom', 'rb')",
    "the machine": "import platform, uuid; platform.platform(); uuid.getnode()",
    "where it is": "import os, glob; os.path.abspath('a.csv'); glob.glob('x')",
    "warnings": "import warnings; warnings.warn('beware')",
    "opaque": "import subprocess; subprocess.run(['true'])",
}
# These look at all of the project, so that the unrelated counts.
OPAQUE = {"opaque", "the machine"}


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    """A project with files of many kinds."""
    import gzip
    import lzma
    import pickle
    import sqlite3
    import tarfile

    import matplotlib
    import numpy as np
    import scipy.io
    from PIL import Image

    root = tmp_path_factory.mktemp("pattern")
    folder = root / "chapters"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "link").symlink_to("a.csv")
    (folder / "chain").symlink_to("link")
    (folder / "away").symlink_to("../shared/below")
    (root / "shared/below").mkdir()
    (folder / "links").mkdir()
    (folder / "links/circle").symlink_to("circle")
    (folder / "links/broken").symlink_to("nowhere")
    (folder / "paths").mkdir()
    (folder / "paths/own.pth").write_text("../../shared\n")
    (folder / "own.mplstyle").write_text("font.size: 20\n")
    with sqlite3.connect(folder / "base.db") as base:
        base.execute("create table t (a)")
        base.execute("insert into t values (1)")
    with zipfile.ZipFile(folder / "lib.zip", "w") as archive:
        archive.writestr("zipped.py", "VALUE = 1\n")
    with tarfile.open(folder / "t.tar", "w") as archive:
        archive.add(folder / "a.csv", "a.csv")
    (folder / "t.gz").write_bytes(gzip.compress(b"1"))
    (folder / "t.xz").write_bytes(lzma.compress(b"1"))
    (folder / "p.pickle").write_bytes(pickle.dumps([1, 2]))
    np.save(folder / "n.npy", np.arange(9))
    scipy.io.savemat(folder / "m.mat", {"a": np.arange(9)})
    Image.new("L", (9, 9)).save(folder / "i.png")
    # shelve without gdbm: the module that is pure Python
    from dbm import dumb
    with dumb.open(str(folder / "shelf")) as shelf:
        shelf["a"] = pickle.dumps(1)
    shutil.copy(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), root / "data/f.ttf")
    import _zoneinfo
    compiled = getattr(_zoneinfo, "__file__", None) or next(
        Path(np.__file__).parent.rglob("*.so"))
    shutil.copy(compiled, folder / "beside.abi3.so")
    return root


@pytest.fixture
def folder(pattern, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(pattern, root, symlinks=True)
    return root / "chapters"


@pytest.fixture(scope="module")
def looks_of(tmp_path_factory):
    """What code in a folder looks at, in a process of its own."""
    config = str(tmp_path_factory.mktemp("config"))
    readers = Readers(observing.__file__, tmp_path_factory.mktemp("readers"),
                      MPLCONFIGDIR=config, IPYTHONDIR=config)

    def looks_of(code, folder):
        in_ipython = code.startswith(("%", "!", "from IPython"))
        return [tuple(look) for look in readers.take(code, folder, in_ipython)["looks"]]
    yield looks_of
    readers.close()


def test_what_asks_where_it_is_does_not_stand_elsewhere(folder, looks_of):
    for code, asks in [("import os; os.getcwd()", True), ("open('a.csv')", False),
                       ("import pathlib; pathlib.Path('a.csv').resolve()", True)]:
        looks = looks_of(code, folder)
        assert any(kind == "place" for kind, *_ in looks) == asks


@pytest.mark.skipif(os.geteuid(), reason="only the superuser gives files away")
def test_an_owner_is_a_look(folder, looks_of):
    looks = looks_of("import pathlib; pathlib.Path('a.csv').owner()", folder)
    assert broken(looks) == []
    os.chown(folder / "a.csv", 1, -1)
    assert broken(looks)


def test_extended_attributes_are_looks(folder, looks_of):
    file = folder / "a.csv"
    try:
        os.setxattr(file, "user.unit", b"m")
    except (AttributeError, OSError) as error:
        pytest.skip(f"this file system has no extended attributes: {error}")
    asked = looks_of("import os; os.getxattr('a.csv', 'user.unit')", folder)
    listed = looks_of("import os; os.listxattr('a.csv')", folder)
    assert broken(asked + listed) == []
    os.setxattr(file, "user.unit", b"km")
    assert broken(asked) and broken(listed)
    here = looks_of("import os; os.setxattr('a.csv', 'user.unit', b'm'); os.getxattr('a.csv', 'user.unit')",
                    folder)
    assert broken(here)             # whether it finds its own or another's is not to be known


@pytest.mark.parametrize("look", ["sqlite3.connect('base.db')", "subprocess.run(['true'])"])
@pytest.mark.parametrize("opened", ["'base.db'", "'file:base.db?mode=rw', uri=True"])
def test_a_transaction_keeps_its_lock_while_its_file_is_looked_at(opened, look, folder, looks_of):
    looks_of(f"""import sqlite3, subprocess, sys
con = sqlite3.connect({opened})
con.execute('begin immediate')
{look}
other = "import sqlite3; sqlite3.connect('base.db', timeout=0).execute('begin immediate')"
done = subprocess.run([sys.executable, '-c', other], capture_output=True, text=True)
open('said.txt', 'w').write(done.stderr)""", folder)
    assert "database is locked" in (folder / "said.txt").read_text()


def test_who_puts_something_in_place_of_subprocess_run_gets_no_error_of_the_observers(folder, looks_of):
    looks = looks_of("""import sqlite3
from unittest import mock
sqlite3.connect('base.db')
with mock.patch('subprocess.run', return_value=None):
    import os; os.system('true')""", folder)
    assert ("project", CHANGED) in [(kind, said) for kind, _, _, said in looks]


def broken(looks):
    return [look for look in looks if not holds(look)]


@pytest.mark.parametrize("way", WAYS)
def test_a_change_is_noticed(way, folder, looks_of):
    code, changes = WAYS[way]
    looks = looks_of(code, folder)
    if "copy" not in way and way not in OWN_CHANGES:
        assert broken(looks) == []
        if not any(look[0] == "project" for look in looks):
            change("unrelated/u.txt")(folder)
            assert broken(looks) == []
    changes(folder)
    assert broken(looks)


OWN_CHANGES = {"matplotlibrc, changed", "extension module"}


@pytest.mark.parametrize("way", HARMLESS)
def test_what_changes_nothing_is_no_alarm(way, folder, looks_of):
    looks = looks_of(HARMLESS[way], folder)
    assert broken(looks) == []
    if way in OPAQUE:
        return
    change("unrelated/u.txt")(folder)
    add("tables/deep/__pycache__/x.pyc")(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path)
    assert broken(looks) == []
