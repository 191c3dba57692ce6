"""Code that is set once looks as pandoc sets it in its page."""

import pytest

from bookbuild.document import exchange, pandoc
from bookbuild.print import highlighting, html

CODE = """```python
for x in [1, 2]:  # <!-- end of the code -->
    print(f"{x} & <b>")
```
"""
PAGES = {
    "alone": CODE,
    "twice": f"{CODE}\nBetween.\n\n{CODE}",
    "in a list": "- one\n\n" + "".join(f"  {line}\n" for line in CODE.splitlines()) + "- two\n",
    "in a tight list": "1.  ```python\n    1\n    ```\n2.  ```python\n    2\n    ```\n",
    "in a quotation": "".join(f"> {line}\n" for line in CODE.splitlines()),
    "in a note": f"Note.[^1]\n\n[^1]: Thus.\n\n    {CODE}".replace("\n    print", "\n        print"),
    "in a table": "+------------+\n| ```python  |\n| x = 1      |\n| ```        |\n+------------+\n",
    "in a block": f"::: {{.cell-code}}\n{CODE}:::\n",
    "of other kinds": "```{.python #own}\nx = 1\n```\n\n```{.r .numberLines startFrom=3}\nx\n```\n\n"
                      "```nobody\nx\n```\n\n    plain\n\n```{.python}\n```\n\n```julia\n\n\nx\n```\n",
}


@pytest.mark.parametrize("page", PAGES)
def test_it_is_the_same(page):
    blocks = pandoc.read(PAGES[page])["blocks"]
    found = highlighting.code_blocks(blocks)
    done = dict(zip(found.values(), highlighting.set_code([*found.values()]), strict=True))
    assert html.printed(exchange(blocks, {key: done[each] for key, each in found.items()})) \
        == html.printed(blocks)
