"""The report of a comparison: a page for a reader, a table for a workflow's summary."""

from base64 import b64encode
from collections import Counter
from html import escape

from bookbuild.figures.comparison import THRESHOLD, TOLERANCE, State, Verdict

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Figures: {title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 110rem; margin: 2rem auto;
  padding: 0 1.5rem }}
table {{ border-collapse: collapse; margin: 1.5rem 0 }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem 1.2rem .3rem 0;
  border-bottom: 1px solid #8886 }}
.fails {{ font-weight: bold }}
.fails::before {{ content: "\\2717\\00a0" }}
.passes::before {{ content: "\\2713\\00a0" }}
.pictures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
  gap: 1rem }}
figure {{ margin: 0 }}
img {{ max-width: 100%; background: white; border: 1px solid #8886 }}
section {{ margin-top: 3rem }}
</style>
</head>
<body>
<h1>Figures: {title}</h1>
<p>Numbers agree if no array differs by more than {tolerance:g} of its largest value; pictures, if
their root mean square distance over the pixels (0 to 255) is at most {threshold:g} without text and
legends, which other versions set differently.</p>
<table>
<thead><tr><th>figure</th><th>state</th><th></th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{sections}
</body>
</html>
"""
ROW = '<tr><td>{name}</td><td class="{css}">{state}</td><td>{detail}</td></tr>'
SECTION = '<section id="{name}">\n<h2>{name}: {state}</h2>\n<p>{detail}</p>\n' \
          '<div class="pictures">\n{pictures}\n</div>\n</section>'
PICTURE = '<figure><img alt="{alt}" src="data:image/png;base64,{data}">' \
          '<figcaption>{caption}</figcaption></figure>'


def title(verdicts: list[Verdict]) -> str:
    """Return such as "3 same, 1 changed in numbers"."""
    counts = Counter(verdict.state for verdict in verdicts)
    return ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])


def page(verdicts: list[Verdict]) -> str:
    """Return the report as one HTML file that needs no other."""
    told = [{"name": escape(v.name), "css": "passes" if v.state.passes else "fails",
             "state": v.state.value, "detail": escape(v.detail)} for v in verdicts]
    sections = [SECTION.format(**words, pictures=pictures(verdict))
                for words, verdict in zip(told, verdicts) if verdict.after]
    return PAGE.format(title=title(verdicts), tolerance=TOLERANCE, threshold=THRESHOLD,
                       rows="\n".join(ROW.format(**words) for words in told),
                       sections="\n".join(sections))


def pictures(verdict: Verdict) -> str:
    """Return the images that there are, side by side."""
    return "\n".join(
        PICTURE.format(alt=escape(f"{verdict.name}, {caption}"), caption=caption,
                       data=b64encode(image).decode())
        for caption, image in (("before", verdict.before), ("after", verdict.after),
                               ("difference, amplified", verdict.difference)) if image)


def summary(verdicts: list[Verdict]) -> str:
    """Return the report as a table in Markdown, for the summary of a step on GitHub."""
    rows = [f"| {v.name} | {'✅' if v.state.passes else '❌'} {v.state.value} | "
            f"{' '.join(v.detail.split())} |" for v in verdicts]
    return "\n".join([f"### Figures: {title(verdicts)}", "",
                      "| figure | state | |", "|---|---|---|", *rows, ""])
