"""Run code under the Observer, as a kernel does, and tell what it took.

As a script, `reading.py OBSERVING`, it is a process that has loaded the Observer and nothing more,
and is forked for each code: it reads a run a line, and answers with its exit status.
"""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location


class Readers:
    """A process that is forked for each code that is to be run.

    Parameters
    ----------
    observing : str
        The file of the Observer.
    folder : Path
        For what runs say.
    **variables : str
        Of the environment.
    """

    def __init__(self, observing, folder, **variables):
        self.said = folder / "said"
        self.process = subprocess.Popen([sys.executable, "-P", __file__, observing], text=True,
                                        env=os.environ | variables,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def take(self, code, folder, in_ipython=False):
        """What code took that ran in a folder of a project."""
        run = {"code": code, "folder": str(folder), "in_ipython": in_ipython,
               "said": str(self.said)}
        print(json.dumps(run), file=self.process.stdin, flush=True)
        status, said = self.process.stdout.readline(), self.said.read_text()
        assert status == "0\n", said
        return json.loads(said.splitlines()[-1])

    def close(self):
        self.process.communicate()


def run_here(run, module):
    """Run code in this process, which was forked for it."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (1, 2):
        os.dup2(os.open(run["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), number)
    os.chdir(run["folder"])
    shell = None
    if run["in_ipython"]:
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        shell.history_manager.enabled = False
    root = os.path.dirname(run["folder"])
    observer = module.Observer(root, os.path.join(root, "_book"))
    observer.begin()
    if shell:
        shell.run_cell(run["code"]).raise_error()
    else:
        exec(compile(run["code"], "<cell>", "exec"), {"__name__": "__main__"})
    sys.stdout.flush()
    print("\n" + json.dumps(observer.take()), flush=True)


def serve(observing):
    spec = spec_from_file_location("_book_observing", observing)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.insert(0, "")
    for line in sys.stdin:
        process = os.fork()
        if not process:         # which ends as any other
            return run_here(json.loads(line), module)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
