"""Live cells: what their pages load; `page/`, `worker/` and `editor/` run in the browser."""

from bookbuild.live.assembling import ASSETS, assemble
from bookbuild.live.parts import STAGE, package_of
from bookbuild.live.runtime import check_runtime, gather_runtime, read_list
from bookbuild.live.wheel import make_wheel

__all__ = ["ASSETS", "STAGE", "assemble", "check_runtime", "gather_runtime", "make_wheel",
           "package_of", "read_list"]
