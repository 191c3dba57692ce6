"""The examples in docstrings give what they say."""

import doctest
import inspect
import pkgutil
from importlib import import_module

import matplotlib.pyplot as plt
import pytest

import deepmath

MODULES = [module.name for module in pkgutil.walk_packages(deepmath.__path__, "deepmath.")
           if not module.name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    plt.switch_backend("agg")
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


@pytest.mark.parametrize("package", ["deepmath", "deepmath.smoke"])
def test_public_functions_and_networks_have_examples(package):
    module = import_module(package)
    public = [getattr(module, name) for name in module.__all__]
    ours = [each for each in public if inspect.isfunction(each)
            and each.__module__.startswith("deepmath")]
    assert len(ours) >= 10
    for each in [*ours, deepmath.Network, deepmath.RecurrentNetwork]:
        assert ">>>" in each.__doc__, each.__qualname__
