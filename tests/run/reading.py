"""Run code under the Observer, as a kernel does, and print what it took: `reading.py CODE`."""

import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location

OBSERVING, ROOT, CODE, IPYTHON = sys.argv[1:]
sys.path.insert(0, "")
shell = None
if IPYTHON:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
spec = spec_from_file_location("_book_observing", OBSERVING)
module = sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(module)
observer = module.Observer(ROOT, os.path.join(ROOT, "_book"))
observer.begin()
if shell:
    shell.run_cell(CODE).raise_error()
else:
    exec(compile(CODE, "<cell>", "exec"), {"__name__": "__main__"})
sys.stdout.flush()
print("\n" + json.dumps(observer.take()))
