"""What is installed for what: pyproject.toml, the pinned lists and their locks say the same."""

import ast
import re
import runpy
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LISTS = {"book": "requirements", "lab": "requirements-lab", "test": "requirements-test",
         "lint": "requirements-lint", "quarto": "requirements-quarto"}
LOCKED = {extra: name for extra, name in LISTS.items() if extra != "quarto"}
STANDS_ON = runpy.run_path(str(ROOT / ".ci" / "lock"))["STANDS_ON"]
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)


def needed(requirements):
    """By name, without those of this project's own extras."""
    found = {canonicalize_name(each.name): each for each in map(Requirement, requirements)}
    found.pop("deepmath-book", None)
    return found


def pinned(name):
    """The versions of a list, by name."""
    lines = [line.split("#")[0].strip()
             for line in (ROOT / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    found = {}
    for line in lines:
        if line and not line.startswith("-"):
            package, number = line.split("==")      # a list pins every package
            found[canonicalize_name(package)] = number
    return found


def locked(name):
    """Of each entry of a lock: name, version and the rest."""
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    return [(canonicalize_name(package), number, rest)
            for package, number, rest in ENTRY.findall(text)]


def test_the_mathematics_needs_numpy_alone():
    assert list(needed(PROJECT["project"]["dependencies"])) == ["numpy"]
    assert [each for each in requires("deepmath-book") if "extra ==" not in each] == [
        *PROJECT["project"]["dependencies"]]


def test_metadata_tell_all_that_the_press_needs():
    told = {canonicalize_name(Requirement(each).name) for each in requires("deepmath-book")
            if each.endswith('extra == "book"')}
    assert told == needed(EXTRAS["book"]).keys()
    assert told >= needed([*EXTRAS["figures"], *EXTRAS["smoke"]]).keys()
    for name in told:
        assert version(name)


@pytest.mark.parametrize("extra", LISTS)
def test_a_list_pins_what_its_extra_asks_for(extra):
    pins, wanted = pinned(LISTS[extra]), needed(EXTRAS[extra])
    if extra == "book":
        wanted |= needed(PROJECT["project"]["dependencies"])
    if extra == "test":         # the cluster and the engine are tested, with the press's joblib
        wanted |= needed(EXTRAS["cluster"]) | needed(EXTRAS["compiled"])
        pins |= {name: number for name, number in pinned("requirements").items() if name in wanted}
    assert pins.keys() == wanted.keys()
    assert [name for name, number in pins.items() if number not in wanted[name].specifier] == []


@pytest.mark.parametrize("extra", LOCKED)
def test_a_lock_holds_its_list(extra):
    """Or those do that it stands on. If not: `make lock`."""
    entries = {entry[:2] for name in [LOCKED[extra], *STANDS_ON[LOCKED[extra]]]
               for entry in locked(name)}
    assert pinned(LOCKED[extra]).items() - entries == set()


@pytest.mark.parametrize("name", LOCKED.values())
def test_a_lock_has_hashes_and_no_address(name):
    entries = locked(name)
    assert len(entries) > 10
    assert [package for package, _, rest in entries if "--hash=sha256:" not in rest] == []
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--index|--extra-index|--find-links|-e ", text) == []


def test_a_package_has_one_version_in_all_locks():
    seen = {}
    for name in LOCKED.values():
        for package, number, rest in locked(name):
            condition = rest.split("\\")[0].strip()
            assert seen.setdefault((package, condition), number) == number


def test_hooks_have_the_versions_of_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    asked = [each for repo in hooks["repos"] for hook in repo["hooks"]
             for each in hook.get("additional_dependencies", [])]
    assert asked
    pins = pinned("requirements-lint")
    assert [each for each in asked
            if each != f"{each.split('==')[0]}=={pins.get(each.split('==')[0])}"] == []


def test_one_version_is_told_everywhere():
    tree = ast.parse((ROOT / "code" / "deepmath" / "__init__.py").read_text(encoding="utf-8"))
    [told] = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
              and getattr(node.targets[0], "id", "") == "__version__"]    # read without an import
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert told == cited == re.search(r"^## \[([^]]+)]", changes, re.MULTILINE)[1]
    assert version("deepmath-book") == told


def test_the_wheel_has_what_is_not_python():
    """Files beside the modules of the press are named as its data."""
    carried = PROJECT["tool"]["setuptools"]["package-data"]["bookbuild"]
    top = ROOT / "code" / "bookbuild"
    found = [path.relative_to(top) for path in top.rglob("*") if path.is_file()
             and path.suffix not in (".py", ".pyc") and "node_modules" not in path.parts]
    assert found
    assert [path for path in found if path.name != "README.md"
            and not any(f"{path.as_posix()}".startswith(pattern.removesuffix("**"))
                        for pattern in carried)] == []


def test_only_the_two_packages_are_installed():
    find = PROJECT["tool"]["setuptools"]["packages"]["find"]
    assert (find["where"], find["include"]) == (["code"], ["deepmath*", "bookbuild*"])
    assert not find["namespaces"]                   # a folder without __init__ is no package
    for folder in (ROOT / "code").glob("*/**"):
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        if modules and folder.parts[len(ROOT.parts) + 1] in ("deepmath", "bookbuild"):
            data = {"theme", "quarto", "worker"} & set(folder.parts)    # carried, run by others
            assert (folder / "__init__.py").exists() or data, folder
