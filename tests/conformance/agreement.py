"""Facts of a book as the built-in press is expected to show them, and agreement by feature."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
IMPROVEMENTS = json.loads((HERE / "improvements.json").read_text(encoding="utf-8"))["improvements"]


def facts_of(book: Path) -> dict:
    """The facts of a rendered book."""
    said = subprocess.run([sys.executable, HERE / "facts.py", book], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)


def improved(facts: dict) -> dict:
    """Facts with what a deliberate improvement changes put into one form."""
    facts = copy.deepcopy(facts)
    for rule in IMPROVEMENTS:
        for page in facts["facts"].values() if "feature" in rule else ():
            for fact in page[rule["feature"]]:
                fact[rule["field"]] = _replace(rule, fact[rule["field"]])
    return facts


def _replace(rule: dict, value):
    if isinstance(value, str):
        return re.sub(rule["quarto"], rule["press"], value)
    return [{**each, "text": re.sub(rule["quarto"], rule["press"], each["text"])}
            for each in value]


def differences(expected: dict, shown: dict, folder: Path) -> tuple[str, str]:
    """What differs (an empty text if all agrees), and how many facts agree by feature."""
    files = []
    for name, facts in (("quarto", expected), ("press", shown)):
        files.append(folder / f"{name}.json")
        files[-1].write_text(json.dumps(improved(facts)), encoding="utf-8")
    done = subprocess.run([sys.executable, HERE / "compare.py", *files], capture_output=True,
                          text=True)
    counts = re.findall(r"(?m)^[ !] (\w+) +(\d+/\d+)$", done.stdout)
    return (done.stdout if done.returncode else "",
            ", ".join(f"{feature} {count}" for feature, count in counts))
