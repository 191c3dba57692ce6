"""What the steps of a render gave the last time, so that an edit costs the pages that it changes."""

from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


class Memory:
    """The last inputs and the result of each step.

    A render begins with an empty memory; the preview keeps one from edit to edit. A step must
    depend on nothing but its inputs, and nobody may change what it gave.
    """

    def __init__(self) -> None:
        self._steps: dict[tuple, tuple[tuple, object]] = {}

    def step(self, name: tuple, inputs: tuple, make: Callable[[], Made]) -> Made:
        """What `make` gives, or gave when the step of this name had the same inputs.

        Inputs are the same if they are equal; for a result of another step, which is the same
        object as long as that one is not done again, this costs nothing.
        """
        known = self._steps.get(name)
        if known is None or known[0] != inputs:
            known = self._steps[name] = inputs, make()
        return known[1]
