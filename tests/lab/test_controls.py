"""Controls for the parameters of a live cell, and the kernel that shows them."""

import ast
import json
import random
import re
import subprocess
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from waiting import LIMIT

from bookbuild.lab.environment import BookKernel
from bookbuild.lab.notebook import notebook_of
from bookbuild.lab.parameters import parameters

CHAPTER = Path(__file__).parents[2] / "chapters" / "neural-networks.qmd"


# ------------------------------------------------------------------------ reading the comments

@pytest.mark.parametrize("line, value, ends, unit", [
    ("N = 8  # 2-64 units", 8, (2, 3, 64), "units"),
    ("N = 8  # 2 to 64", 8, (2, 3, 64), ""),
    ("N = 8  # 2–64 hidden units", 8, (2, 3, 64), "hidden units"),
    ("N_EPOCHS = 500  # 1-5000", 500, (1, 2, 5000), ""),
    ("RATE = 0.05  # 0.001-1", 0.05, (0.001, 0.0011, 1.0), ""),
    ("RATE = .5  # -1-1 steps", 0.5, (-1.0, -0.98, 1.0), "steps"),
    ("RATE = 1e-2  # 1e-4 to 1e0", 0.01, (1e-4, 1.1e-4, 1.0), ""),
    ('KIND = "relu"  # relu or tanh', "relu", ("relu", "tanh", "tanh"), ""),
    ("KIND = 'a'  # a, b or c", "a", ("a", "b", "c"), ""),
])
def test_a_line_with_its_range_is_a_parameter(line, value, ends, unit):
    found, = parameters(f"#| label: a\n\n{line}\nrest(N)\n")
    assert (found.value, type(found.value), found.unit) == (value, type(value), unit)
    assert (found.stops[0], found.stops[1], found.stops[-1]) == ends
    assert len(found.stops) == len(set(found.stops)) <= 130
    if not isinstance(value, str):
        assert found.stops == sorted(found.stops)
    assert found.written(found.stops[1]).replace(str(found.stops[1]), "", 1) == line.replace(
        line.split("= ")[1].split("  ")[0].strip("\"'"), "", 1)


@pytest.mark.parametrize("line", [
    "N = 8", "N = 8  # units", "N = 8  # 64-2", "N == 8  # 2-64", "  N = 8  # 2-64", "N = f(8)  # 2-64",
    'N = "8"  # 2-64', "N = 8  # eight or nine", "N += 8  # 2-64", "N: int = 8  # 2-64",
    'N = "a\\n"  # a or b', "N = 0x8  # 2-64",
])
def test_other_lines_are_none_and_end_the_parameters(line):
    assert parameters(f"{line}\nM = 1  # 0-2\n") == []
    first, = parameters(f"M = 1  # 0-2\n{line}\nK = 1  # 0-2\n")
    assert first.name == "M"


def test_the_chapters_cell_has_four():
    cell, = [cell for cell in notebook_of(CHAPTER.read_text()).cells if cell.id == "fig-xor"]
    found = parameters(cell.source)
    assert [each.name for each in found] == ["N_HIDDEN", "ACTIVATION", "LEARNING_RATE", "N_EPOCHS"]
    assert all(each.value in each.stops for each in found)


PAGE = Path(__file__).parents[2] / "code" / "bookbuild" / "live" / "page" / "parameters.js"
IN_THE_PAGE = """
import {{ parameters, stops, withValue }} from {page};
const told = {codes}.map((code) => parameters(code).map((each) => {{
  const offered = each.kind === "choice" ? each.choices : stops(each);
  const written = offered.map((value) => withValue(code, each.name, value).split("\\n")[each.line]);
  return [each.name, each.value, each.unit ?? "", offered, written];
}}));
console.log(JSON.stringify(told));
"""


def generated_lines(number):
    rng = random.Random(7)
    numbers = ["8", "0", "-3", "+4", "0.05", ".5", "1.", "1e-4", "2E3", "64", "5000", "0.001", "1000000"]
    for _ in range(number):
        value = rng.choice([*numbers, '"relu"', "'a'", '"a b"', "True", "f(1)"])
        dash = rng.choice(["-", "–", " to ", " - ", "to ", ".."])
        comment = rng.choice([f"{rng.choice(numbers)}{dash}{rng.choice(numbers)}{rng.choice(['', ' units', '  a b '])}",
                              "relu or tanh", "a, b or c", "a, b, or c", "relu", ""])
        yield f"N{rng.choice([' = ', '=', '  =  ', ' == '])}{value}{rng.choice(['  # ', '#', ' #  '])}{comment}"


@pytest.mark.needs("node")
def test_the_page_reads_the_same():
    codes = [*generated_lines(600), "A = 1  # 0-2\n\n# words\nB = 2.5  # 0-10 s\nprint()\nC = 1  # 0-2"]
    script = IN_THE_PAGE.format(page=json.dumps(PAGE.as_uri()), codes=json.dumps(codes))
    told = subprocess.run(["node", "--input-type=module", "--eval", script], check=True,
                          capture_output=True, text=True).stdout
    seen = 0
    for code, page in zip(codes, json.loads(told), strict=True):
        here = [[each.name, each.value, each.unit, each.stops] for each in parameters(code)]
        assert here == [each[:4] for each in page], code
        for parameter, (*_, written) in zip(parameters(code), page):
            assert [ast.literal_eval(line.split("=", 1)[1].split("#")[0].strip()) for line in written] == (
                parameter.stops), code
            assert all(parameters(parameter.written(stop))[0].value == stop
                       for stop in parameter.stops), code
            seen += 1
    assert seen > 50


# -------------------------------------------------------------------------- running live cells

@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run code in a chapter's kernel; what it sends, by kind. `run.send` sends to a widget."""
    manager = KernelManager(kernel_spec_manager=BookKernel())
    manager.start_kernel(cwd=str(tmp_path_factory.mktemp("kernel")))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=LIMIT)

    def wait(request):
        """What comes of a request; the cell's text is told where it is asked for."""
        heard = []
        while not heard or heard[-1]["content"].get("execution_state") != "idle":
            message = client.get_iopub_msg(timeout=LIMIT)
            if message["parent_header"].get("msg_id") == request:
                heard.append(message)
        return [(each["msg_type"], each["content"]) for each in heard]

    def run(code):
        run.source = code
        return wait(client.execute(code))

    def tell(comm, data, kind="comm_msg"):
        message = client.session.msg(kind, {"comm_id": comm, "data": data})
        client.shell_channel.send(message)
        return wait(message["msg_id"])

    def send(widget, state):
        """Move a control; the notebook tells the cell's text when it is asked for it."""
        heard = tell(widget, {"method": "update", "state": state, "buffer_paths": []})
        for comm in [content["comm_id"] for kind, content in heard
                     if kind == "comm_msg" and content["data"].get("ask") == "source"]:
            heard += tell(comm, {"source": run.source})
        for _, content in heard:
            if line := content.get("data", {}).get("line"):
                name = content["data"]["name"]
                run.source = re.sub(rf"^{name} = .*$", line, run.source, flags=re.MULTILINE)
        return heard

    run.tell = tell

    run.send = send
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def outputs(heard):
    """The kinds of output that went below the controls, and the text."""
    listed = [content["data"]["state"]["outputs"] for kind, content in heard
              if kind == "comm_msg" and "outputs" in content["data"].get("state", {})][-1]
    return ([each["output_type"] for each in listed],
            "".join(each.get("text", "") for each in listed))


def printed(heard):
    """What a cell without controls printed; a busy kernel sends it in pieces."""
    return "".join(content["text"] for kind, content in heard if kind == "stream")


def widgets(heard, model):
    return [content["comm_id"] for kind, content in heard if kind == "comm_open"
            and content["data"].get("state", {}).get("_model_name") == model]


def test_the_chapters_cell_gets_its_controls_and_its_picture_each_time(run):
    cell, = [cell for cell in notebook_of(CHAPTER.read_text()).cells if cell.id == "fig-xor"]
    for _ in range(2):
        heard = run(cell.source)
        assert len(widgets(heard, "SelectionSliderModel")) == 3
        assert len(widgets(heard, "DropdownModel")) == 1
        assert outputs(heard) == (["stream", "display_data"],
                                  "final loss 0.246, training accuracy 0.91\n")


def test_a_control_runs_the_cell_with_its_line_changed(run):
    heard = run("#| classes: live\nN = 1  # 0-3 steps\nprint(N, 1 / (3 - N))\n")
    slider, = widgets(heard, "SelectionSliderModel")
    heard = run.send(slider, {"index": 2})
    assert ("N = 2  # 0-3 steps", "N") in [(content["data"].get("line"), content["data"].get("name"))
                                           for kind, content in heard if kind == "comm_msg"]
    assert outputs(heard) == (["stream"], "2 1.0\n")
    assert outputs(run.send(slider, {"index": 3})) == (["error"], "")
    assert outputs(run.send(slider, {"index": 0})) == (["stream"], f"0 {1 / 3}\n")


def test_a_control_runs_what_stands_in_the_cell_now(run):
    heard = run("#| classes: live\nN = 1  # 0-3\nM = 1  # 0-3\nprint(N, M)\n")
    first, second = widgets(heard, "SelectionSliderModel")
    run.source = "#| classes: live\nN = 1  # 0-3\nM = 2  # 0-3\nprint('edited', N, M)\n"
    heard = run.send(first, {"index": 3})
    assert outputs(heard) == (["stream"], "edited 3 2\n")
    assert {"index": 2} in [content["data"].get("state") for kind, content in heard
                            if kind == "comm_msg" and content["comm_id"] == second]
    run.source = "#| classes: live\nprint('no parameter')\n"
    assert outputs(run.send(first, {"index": 0})) == (["stream"], "no parameter\n")


def test_where_no_notebook_answers_the_cell_that_ran_runs_again(run):
    heard = run("#| classes: live\nN = 1  # 0-3\nprint(N)\n")
    slider, = widgets(heard, "SelectionSliderModel")
    comm, = [content["comm_id"] for kind, content in heard
             if kind == "comm_open" and content["target_name"] == "book-cell"]
    run.tell(comm, {}, "comm_close")
    assert outputs(run.send(slider, {"index": 2})) == (["stream"], "2\n")


def test_a_parameter_whose_name_ends_another(run):
    heard = run("#| classes: live\nMIN_N = 1  # 0-3\nN = 1  # 0-3\nprint(MIN_N, N)\n")
    _, slider = widgets(heard, "SelectionSliderModel")
    assert outputs(run.send(slider, {"index": 3})) == (["stream"], "1 3\n")


def test_a_value_outside_its_range_stands(run):
    heard = run("#| classes: live\nN = 9  # 0-3\nprint(N)\n")
    slider, = [content["data"]["state"] for kind, content in heard if kind == "comm_open"
               and content["data"].get("state", {}).get("_model_name") == "SelectionSliderModel"]
    assert slider["_options_labels"] == ["0", "1", "2", "3", "9"] and slider["index"] == 4


def test_an_error_is_told_as_in_any_cell(run):
    heard = run("#| classes: live\nN = 9  # 0-3\n1 / 0\n")
    assert [content["ename"] for kind, content in heard if kind == "error"] == ["ZeroDivisionError"]


@pytest.mark.parametrize("code", ["N = 1  # 0-3\nprint(N)\n", "#| classes: wide\nN = 1  # 0-3\nprint(N)\n",
                                  "#| classes: live\nprint(1)\n"])
def test_other_cells_run_as_ever(run, code):
    heard = run(code)
    assert printed(heard) == "1\n"
    assert not [kind for kind, _ in heard if kind == "comm_open"]


def test_an_edited_module_is_read_again(run):
    write = "import pathlib\npathlib.Path('own.py').write_text({!r})"
    run(write.format("def value():\n    return 1\n"))
    assert printed(run("from own import value\nprint(value())")) == "1\n"
    run(write.format("def value():\n    return 'edited'\n"))
    assert printed(run("print(value())")) == "edited\n"
