"""The texts, `book --help` and the Makefile name the same commands, options and targets."""

import re
import subprocess
from pathlib import Path

import pytest

from bookbuild.cli import EXAMPLES, parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^ *```+ *(\w*)[^\n]*\n(.*?)^ *```+ *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
TARGET = re.compile(r"^([a-z][a-z-]*):.*?(?:## (.*))?$", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
MAKEFILE = dict(TARGET.findall((ROOT / "Makefile").read_text()))


def texts():
    """The texts that people read, but for the history of changes and books that tests print."""
    names = subprocess.run(["git", "ls-files", "*.md", "*.qmd"], cwd=ROOT, text=True, check=True,
                           capture_output=True).stdout.split()
    return [name for name in names if not name.startswith("tests/") and name != "CHANGELOG.md"
            and (ROOT / name).is_file()]


def commands():
    """Of `book`: each command's parser."""
    [choices] = [action.choices for action in parser()._actions
                 if action.dest == "command"]
    return choices


COMMANDS = commands()
OPTIONS = {name: {option for action in each._actions for option in action.option_strings}
           for name, each in COMMANDS.items()}


def code_in(text):
    """What is set as code: lines of shell blocks without their comments, and spans."""
    blocks = [block for language, block in FENCE.findall(text) if language in ("sh", "")]
    lines = [re.split(r"\s#\s", line)[0].strip() for block in blocks for line in block.splitlines()]
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    return [line for line in [*lines, *spans] if line]


def wrong(code):
    """What a piece of code asks of `book` or `make` that they do not have."""
    words = code.split()
    if words[0] == "book" and len(words) > 1:
        name = words[1]
        if name not in COMMANDS and name != "--help" and name != "COMMAND":
            yield f"`{code}`: `book` has no command {name}"
        for option in OPTION.findall(code):
            if option not in OPTIONS.get(name, {"--help"}):
                yield f"`{code}`: `book {name}` has no option {option}"
    elif words[0] == "make":
        targets = [word for word in words[1:] if "=" not in word and word.islower()]
        yield from (f"`{code}`: the Makefile has no target {each}"
                    for each in targets if each not in MAKEFILE)
    elif code.startswith("--"):
        yield from (f"`{code}`: no command has the option {option}"
                    for option in OPTION.findall(code)
                    if not any(option in options for options in OPTIONS.values()))


@pytest.mark.parametrize("name", texts())
def test_what_a_text_names_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [each for code in code_in(text) for each in wrong(code)] == []


def test_the_examples_of_the_help_are_commands():
    lines = [re.split(r"\s{4,}", line.strip())[0] for line in EXAMPLES.splitlines()
             if line.startswith("  book ")]
    assert lines
    assert [each for line in lines for each in wrong(line)] == []


def test_a_wrong_name_would_be_found():
    assert len([*wrong("book rendre"), *wrong("book check --fast"), *wrong("make bok"),
                *wrong("--no-such-option")]) == 4


def test_every_command_is_in_the_readme():
    named = {code.split()[1] for code in code_in(README) if code.startswith("book ")}
    assert COMMANDS.keys() - named == set()


def test_every_target_is_in_the_readme_or_for_contributors():
    named = {word for code in code_in(README) + code_in(CONTRIBUTING)
             if code.startswith("make ") for word in code.split()[1:]}
    assert {name for name, told in MAKEFILE.items() if told} - named == set()


def test_make_help_tells_of_every_target():
    said = subprocess.run(["make", "help"], cwd=ROOT, text=True, check=True,
                          capture_output=True).stdout
    assert re.findall(r"^make (\S+)", said, re.MULTILINE) == [
        name for name, told in MAKEFILE.items() if told]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command):
    assert [action.dest for action in COMMANDS[command]._actions if not action.help] == []
    assert COMMANDS[command].description
