"""The page and JupyterLab read the parameters of a cell in the same way, and write them back."""

import json
import subprocess
from pathlib import Path

import pytest

from bookbuild.lab.parameters import parameters

ROOT = Path(__file__).parents[2]
EXAMPLES = json.loads(Path(__file__).with_name("parameters.json").read_text(encoding="utf-8"))
SCRIPT = """
import { parameters, stops, withValue } from %s;
const { default: examples } = await import(%s, { with: { type: "json" } });
console.log(JSON.stringify(examples.map(({ line }) => {
  const [found] = parameters(line);
  if (!found) return { value: null };
  const offered = found.kind === "choice" ? found.choices : stops(found);
  const next = offered[offered.indexOf(found.value) + 1];
  return { value: found.value, unit: found.unit ?? "", stops: offered.length,
           next: withValue(line, found.name, next) };
})));
"""


def in_python(example):
    found = parameters(example["line"])
    if not found:
        return {"value": None}
    one = found[0]
    following = one.stops[one.stops.index(one.value) + 1]
    return {"value": one.value, "unit": one.unit, "stops": len(one.stops),
            "next": one.written(following)}


def agrees(read, example) -> bool:
    return all(read.get(key) == value for key, value in example.items() if key != "line")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["line"])
def test_jupyterlab(example):
    assert agrees(in_python(example), example), in_python(example)


@pytest.mark.needs("node")
def test_the_page_reads_as_jupyterlab_does(tmp_path):
    module = ROOT / "code" / "bookbuild" / "live" / "page" / "parameters.js"
    script = tmp_path / "read.mjs"
    script.write_text(SCRIPT % (json.dumps(module.as_uri()),
                                json.dumps((Path(__file__).with_name("parameters.json")).as_uri())))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    said = subprocess.run(["node", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == [in_python(example) for example in EXAMPLES]
