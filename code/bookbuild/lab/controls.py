"""Controls for live cells in a notebook, drawn from the ranges in the comments of their parameters.

An IPython extension (`%load_ext bookbuild.lab.controls`; `book lab` loads it). The code is the
truth: whoever runs a cell marked `#| classes: live` sees its controls above its output; moving one
rewrites the line of its parameter, and runs the cell as it then stands in the notebook.
"""

from collections.abc import Sequence

import ipywidgets
from comm import create_comm
from IPython.display import display
from IPython.utils.capture import CapturedIO, capture_output

from bookbuild.lab.parameters import Parameter, parameters
from bookbuild.source import Cell, split_source

CELL_TARGET = "book-cell"       # what `chapters.js` answers to


def load_ipython_extension(shell) -> None:
    """Watch the cells that this shell runs."""
    watch = Watch(shell)
    shell.events.register("pre_run_cell", watch.before)
    shell.events.register("post_run_cell", watch.after)


class Watch:
    """Puts controls above the output of live cells as they run."""

    def __init__(self, shell) -> None:
        self.shell = shell
        self.running: LiveCell | None = None

    def before(self, info) -> None:
        if info.store_history and is_live(info.raw_cell) and parameters(info.raw_cell):
            self.running = LiveCell(self.shell, info.raw_cell, info.cell_id)
            display(self.running.widget)
            self.capture = capture_output()
            self.captured = self.capture.__enter__()

    def after(self, _) -> None:
        if self.running:
            live, self.running = self.running, None
            self.capture.__exit__(None, None, None)
            live.show(self.captured)


def is_live(code: str) -> bool:
    """Whether a cell's options mark it as live."""
    pieces = split_source(f"```````{{python}}\n{code}\n```````\n").pieces
    return isinstance(pieces[0], Cell) and pieces[0].options.get("classes") == "live"


class LiveCell:
    """A cell's controls and its output.

    Parameters
    ----------
    shell : InteractiveShell
        What runs the cell.
    code : str
        The cell.
    cell_id : str or None
        Its name in the notebook.
    """

    def __init__(self, shell, code: str, cell_id: str | None) -> None:
        self.shell, self.code = shell, code
        self.comm = create_comm(target_name=CELL_TARGET, data={"cell": cell_id})
        self.comm.on_msg(lambda message: self.run(message["content"]["data"]["source"]))
        self.comm.on_close(lambda _: setattr(self, "is_followed", False))
        self.is_followed = True                 # by a notebook that tells what stands in the cell
        self.changes: dict[str, float | int | str] = {}
        self.is_following = False               # the controls follow the text, not the reader
        self.output = ipywidgets.Output()
        self.controls = {each.name: self.control(each) for each in parameters(code)}
        self.widget = ipywidgets.VBox([*self.controls.values(), self.output])

    def control(self, parameter: Parameter) -> ipywidgets.Widget:
        choices = parameter.stops
        if parameter.value not in choices:      # the code is right, whatever the comment says
            choices = [*choices, parameter.value]
        make = ipywidgets.Dropdown
        if not isinstance(parameter.value, str):
            choices = [(f"{value} {parameter.unit}".rstrip(), value) for value in sorted(choices)]
            make = ipywidgets.SelectionSlider
        control = make(options=choices, value=parameter.value, description=parameter.name,
                       style={"description_width": "9em"}, layout={"width": "32em"})
        control.continuous_update = False
        control.observe(lambda change: self.change(parameter.name, change.new), "value")
        return control

    def change(self, name: str, value) -> None:
        """Run the cell with a new value, once the notebook has told what stands in it."""
        if self.is_following:
            return
        self.changes[name] = value
        if self.is_followed:
            self.comm.send({"ask": "source"})
        else:
            self.run(self.code)

    def run(self, code: str) -> None:
        """Write the new values into the cell's text, and run it."""
        if not self.changes:        # they came with the answer before
            return
        self.code = code
        for name, value in self.changes.items():
            for parameter in parameters(self.code):
                if parameter.name == name:
                    self.write(parameter, parameter.written(value))
        self.changes.clear()
        self.follow()
        errors: list[dict] = []
        tell = self.shell._showtraceback
        self.shell._showtraceback = lambda kind, error, lines: errors.append({
            "output_type": "error", "ename": kind.__name__, "evalue": str(error),
            "traceback": lines})
        try:
            with capture_output() as captured:
                self.shell.run_cell(self.code)
        finally:
            self.shell._showtraceback = tell
        self.show(captured, errors)

    def write(self, parameter: Parameter, line: str) -> None:
        """Put another line in the place of a parameter's, here and in the notebook."""
        lines = self.code.split("\n")
        lines[lines.index(parameter.line)] = line
        self.code = "\n".join(lines)
        self.comm.send({"name": parameter.name, "line": line})

    def follow(self) -> None:
        """Let the controls say what the text says."""
        self.is_following = True
        try:
            for parameter in parameters(self.code):
                control = self.controls.get(parameter.name)
                if control and parameter.value in offered(control):
                    control.value = parameter.value
        finally:
            self.is_following = False

    def show(self, captured: CapturedIO, errors: Sequence[dict] = ()) -> None:
        """Put what a run said and showed below the controls, all at once.

        An output widget can also listen while the cell runs, but then JupyterLab and the kernel
        write it both, and pictures get lost.
        """
        streams = {"stdout": captured.stdout, "stderr": captured.stderr}
        said = {name: [{"output_type": "stream", "name": name, "text": text}] if text else []
                for name, text in streams.items()}
        shown = [{"output_type": "display_data", "data": each.data, "metadata": each.metadata or {}}
                 for each in captured.outputs]
        self.output.outputs = (*said["stdout"], *shown, *said["stderr"], *errors)


def offered(control: ipywidgets.Widget) -> list:
    """The values among which a control chooses."""
    return [option[1] if isinstance(option, tuple) else option for option in control.options]
