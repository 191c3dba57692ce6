"""Kernels that start at once, for tests of what is kept: hundreds of them where one took a second.

A light kernel is a process forked from a server that has the press's `observing` loaded. It does
with a cell what a Jupyter kernel does as far as books of these tests go: the code runs in one
namespace, in the chapter's folder, under the Observer; what is printed, the value of the last
expression, and an exception are told in Jupyter's form. What notes, keeps, compares, orders and
prints is the press's own. It takes the place of `bookbuild.run.kernel.Kernel`; that the two
give the same book is held by `test_property.test_light_kernels_are_as_good`.
"""

import ast
import asyncio
import contextlib
import io
import multiprocessing
import os
import sys
import traceback

from bookbuild.run import observing
from bookbuild.run.kernel import CodeRaised
from bookbuild.say import Problem

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["bookbuild.run.observing", "bookbuild.run.kernel"])


def serve(connection, folder, arguments):
    """Run what is sent, until there is nobody who sends."""
    os.chdir(folder)
    sys.path[:] = [each for each in sys.path if os.path.realpath(each or ".") != HERE]
    sys.path.insert(0, "")
    sys.dont_write_bytecode = True
    sys.modules.pop("light", None)
    space = {"__name__": "__main__"}
    observer = observing.Observer(*arguments)
    observer.begin()
    count = 0
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            order, code = connection.recv()
            if order == "run":
                count += 1
                connection.send(run(code, space, count))
            elif order == "evaluate":
                try:
                    connection.send(("ok", repr(eval(code, space))))
                except Exception as error:
                    connection.send(("error", f"{type(error).__name__}: {error}"))
            elif order == "take":
                connection.send(observer.take())
            else:
                observer.go_back(code)
                connection.send(None)


HERE = os.path.dirname(os.path.abspath(__file__))


def run(code, space, count):
    out, error, value = io.StringIO(), None, None
    with contextlib.redirect_stdout(out):
        try:
            tree = ast.parse(code)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, f"<cell {count}>", "exec"), space)
            if last:
                value = eval(compile(ast.Expression(last.value), f"<cell {count}>", "eval"), space)
        except Exception as raised:
            lines = [frame.lineno for frame in traceback.extract_tb(raised.__traceback__)
                     if frame.filename.startswith("<cell")]
            error = type(raised).__name__, str(raised), (lines or [1])[-1]
    outputs = []
    if out.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": out.getvalue()})
    if error:
        outputs.append({"output_type": "error", "ename": error[0], "evalue": error[1],
                        "traceback": [f"{error[0]}: {error[1]}"], "line": error[2]})
    elif value is not None:
        outputs.append({"output_type": "execute_result", "metadata": {},
                        "data": {"text/plain": repr(value)}})
    return outputs


class LightKernel:
    """In the place of `Kernel`."""

    started = 0

    def __init__(self, chapter, timeout):
        self.chapter = chapter

    async def start(self):
        LightKernel.started += 1
        self.connection, theirs = SERVER.Pipe()
        self.process = SERVER.Process(target=serve, daemon=True, args=(
            theirs, str(self.chapter.folder),
            (str(self.chapter.root), str(self.chapter.output_dir or ""))))
        self.process.start()
        theirs.close()
        return self

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *exception):
        await self.stop()

    async def stop(self):
        self.connection.close()
        self.process.terminate()
        await asyncio.to_thread(self.process.join)

    async def ask(self, *order):
        self.connection.send(order)
        return await asyncio.to_thread(self.connection.recv)

    async def run(self, cell, allow_error=False):
        outputs = await self.ask("run", cell.code)
        for output in outputs:
            line = output.pop("line", 1)
            if output["output_type"] == "error" and not allow_error:
                raise CodeRaised([Problem(
                    cell.path, cell.code_line + line - 1, f"the cell that begins at line "
                    f"{cell.line} raised {output['ename']}: {output['evalue']}")])
        return outputs

    async def evaluate(self, code):
        status, value = await self.ask("evaluate", code.expression)
        if status == "error":
            raise CodeRaised([Problem(code.path, code.line,
                                      f"`{{python}} {code.expression}` raised {value}")])
        return {"text/plain": value}

    async def take_looks(self):
        taken = await self.ask("take", None)
        return tuple(map(tuple, taken["looks"])), tuple(taken["written"])

    async def go_back(self, place):
        await self.ask("go_back", place)

    async def interrupt(self):
        pass
