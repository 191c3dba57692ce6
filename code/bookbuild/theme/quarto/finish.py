"""Quarto's last step for its pages: nothing from another host, no nameless column.

For every page with an HTML table among its outputs Quarto loads jQuery and RequireJS from another
host, in case the table were a widget. They are taken out where nothing on the page asks for them.
"""

import os
import re
from pathlib import Path

LOADERS = re.compile(
    r'<script src="https://cdn\.jsdelivr\.net/npm/(?:jquery|requirejs)@[^>]*></script>\s*'
    r"|<script type=\"application/javascript\">define\('jquery'.*?</script>\s*", re.DOTALL)
USERS = re.compile(r"\brequire(?:js)?\s*[.(]|\bjQuery\s*\(|vnd\.jupyter\.widget")
EMPTY_HEADING = re.compile(r"<th(?: [^>]*)?></th>")


def finished(page: str) -> str:
    """The page without the scripts that it does not use, and without empty headings."""
    offline = LOADERS.sub("", page)
    return EMPTY_HEADING.sub("<td></td>", page if USERS.search(offline) else offline)


def main() -> None:
    for name in os.environ.get("QUARTO_PROJECT_OUTPUT_FILES", "").splitlines():
        path = Path(name)
        if path.suffix == ".html" and path.is_file():
            page = path.read_text(encoding="utf-8")
            if (better := finished(page)) != page:
                path.write_text(better, encoding="utf-8")


if __name__ == "__main__":
    main()
