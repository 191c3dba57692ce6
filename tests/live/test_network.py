"""The page computes what a network does with points as `deepmath` does."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from deepmath import Network

PAGE = Path(__file__).parents[2] / "code" / "bookbuild" / "live" / "page"
SCRIPT = """
import { forward, gridOver, layersOf } from %s;
const { sizes, hidden, theta, off, low, high } = %s;
const z = forward(layersOf(Float32Array.from(theta), sizes), hidden, gridOver(low, high, 5), new Set(off));
console.log(JSON.stringify(z.map((units) => units.map((values) => [...values]))));
"""


@pytest.mark.needs("node")
@pytest.mark.parametrize("hidden", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_as_deepmath_does(tmp_path, hidden):
    network = Network((2, 3, 4, 1), hidden=hidden)
    theta = network.initialise(0, "normal", scale=0.7)
    theta += np.linspace(-0.5, 0.5, theta.size)             # biases, too
    low, high = [-1.0, 0.0], [1.0, 2.0]
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "network.js").write_text((PAGE / "network.js").read_text())
    (tmp_path / "run.js").write_text(SCRIPT % ('"./network.js"', json.dumps({
        "sizes": network.sizes, "hidden": hidden, "theta": theta.tolist(), "off": [],
        "low": low, "high": high})))
    said = subprocess.run(["node", tmp_path / "run.js"], capture_output=True, text=True, check=True)
    axes = [np.linspace(*ends, 5) for ends in zip(low, high)]
    X = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    for z, mine in zip(network.forward(theta, X).z, json.loads(said.stdout), strict=True):
        np.testing.assert_allclose(mine, z, atol=1e-5)


@pytest.mark.needs("node")
def test_a_unit_that_is_off_passes_on_nothing(tmp_path):
    network = Network((2, 3, 1))
    theta = network.initialise(1, "normal")
    without = theta.copy()
    without[9 + 1] = 0.0                                    # the weight behind the second unit
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "network.js").write_text((PAGE / "network.js").read_text())
    outputs = []
    for parameters, off in ((theta, ["0,1"]), (without, [])):
        (tmp_path / "run.js").write_text(SCRIPT % ('"./network.js"', json.dumps({
            "sizes": network.sizes, "hidden": "relu", "theta": parameters.tolist(), "off": off,
            "low": [-1, -1], "high": [1, 1]})))
        outputs.append(subprocess.run(["node", tmp_path / "run.js"], capture_output=True, text=True,
                                      check=True).stdout)
    assert outputs[0] == outputs[1]
