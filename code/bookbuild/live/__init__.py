"""Live cells: what their pages load; `page/`, `worker/` and `editor/` run in the browser."""

from bookbuild.live.assembling import ASSETS, assemble
from bookbuild.live.parts import STAGE
from bookbuild.live.runtime import gather_runtime
from bookbuild.live.wheel import make_wheel

__all__ = ["ASSETS", "STAGE", "assemble", "gather_runtime", "make_wheel"]
