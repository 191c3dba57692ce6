"""The report of a comparison: a page for a reviewer, and what GitHub shows of it.

The worst comes first, and of what is the same only the name. The page needs no other file.
"""

import os
from base64 import b64encode
from collections import Counter
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template

from PIL import Image

from bookbuild.figures.comparison import NEAR, THRESHOLD, State, Verdict
from bookbuild.figures.differences import TOLERANCE
from bookbuild.figures.origin import place_of
from bookbuild.say import annotation

PAGE = Path(__file__).with_name("report.html")
WIDTHS = (1400, 1050, 800, 600, 450, 320)       # of pictures, in pixels
ROOM = 700_000                                  # bytes for all pictures
MOST_LISTED = 12
SECTION = Template("""<section id="$name" class="$css">
<h2>$name <small>$state</small></h2>
$told
$viewer
</section>""")
VIEWER = Template("""<div class="viewer" data-mode="slide">
<div class="controls" role="group" aria-label="How to compare">
<button data-mode="slide">Slide</button><button data-mode="blink">Blink</button>
<button data-mode="both">Side by side</button><button data-mode="apart">Difference</button>
<button data-enlarge>Enlarge</button></div>
<div class="pictures">
<figure class="before"><img alt="$name, before" src="$before">
<figcaption>before</figcaption></figure>
<figure class="after"><img alt="$name, after" src="$after">
<figcaption>after</figcaption></figure>
</div>
<label class="slider"><span>before, and right of the line after</span>
<input type="range" min="0" max="100" value="50"></label>
</div>""")


def title(verdicts: list[Verdict]) -> str:
    """Return such as "1 changed in numbers, 3 same"."""
    counts = Counter(verdict.state for verdict in verdicts)
    return ", ".join(f"{counts[state]} {state.value}" for state in sorted(
        counts, key=lambda state: Verdict("", state).gravity))


def page(verdicts: list[Verdict]) -> str:
    """Return the report as one HTML file that needs no other."""
    changed = [verdict for verdict in sorted(verdicts, key=lambda verdict: verdict.gravity)
               if verdict.state is not State.SAME]
    failing = scaled([verdict for verdict in changed if not verdict.state.passes], ROOM)
    room = ROOM - sum(map(len, failing.values()))
    pictures = failing | scaled([verdict for verdict in changed if verdict.state.passes], room)
    sections = [section(verdict, pictures) for verdict in changed]
    same = [verdict for verdict in verdicts if verdict.state is State.SAME]
    if same:
        sections.append(f"<section><h2>Same</h2>\n<p>{', '.join(map(same_told, same))}</p>"
                        "\n</section>")
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=title(verdicts), tolerance=f"{100 * TOLERANCE:g}%", threshold=f"{THRESHOLD:g}",
        near=NEAR, sections="\n".join(sections))


def same_told(verdict: Verdict) -> str:
    return escape(f"{verdict.name} ({verdict.origin})" if verdict.changes else verdict.name)


def section(verdict: Verdict, pictures: dict[tuple[str, str], bytes]) -> str:
    """Return what the page says of a figure that has changed."""
    sources = {when: "data:image/webp;base64," + b64encode(pictures[verdict.name, when]).decode()
               for when in ("before", "after") if (verdict.name, when) in pictures}
    viewer = VIEWER.substitute(sources, name=escape(verdict.name)) if len(sources) == 2 else ""
    if viewer and verdict.state.passes:
        viewer = f"<details><summary>before and after</summary>\n{viewer}\n</details>"
    told = "\n".join(f"<li>{escape(each)}</li>" for each in findings(verdict))
    return SECTION.substitute(
        name=escape(verdict.name), state=verdict.state.value, viewer=viewer,
        css="passes" if verdict.state.passes else "fails", told=f"<ul>\n{told}\n</ul>")


def findings(verdict: Verdict) -> list[str]:
    """Return what was found of a figure, the largest difference first."""
    told = [difference.told for difference in verdict.differences]
    if len(told) > MOST_LISTED:
        told[MOST_LISTED:] = [f"and {len(told) - MOST_LISTED} more differences"]
    if verdict.after:
        told.append(("" if verdict.differences else "The numbers that are drawn agree. ")
                    + f"Pixels without text differ by {verdict.distance:.2f}.")
    changed = [each + (f" ({os.path.relpath(place[0])}:{place[1]})"
                       if (place := place_of(each)) else "") for each in verdict.changes]
    if changed:
        told.append(f"Made from other {', '.join(changed)}.")
    return [*filter(None, [verdict.reason]), *told]


def scaled(verdicts: list[Verdict], room: int) -> dict[tuple[str, str], bytes]:
    """Return pictures by figure and time, as large as they all have room; none if they have not."""
    pictures = {(verdict.name, when): content for verdict in verdicts
                for when, content in (("before", verdict.before), ("after", verdict.after))
                if content}
    for width in WIDTHS:
        found = {key: smaller(content, width) for key, content in pictures.items()}
        if sum(map(len, found.values())) <= room:
            return found
    return {}


def smaller(picture: bytes, width: int) -> bytes:
    """Return a PNG image as WebP, at most so wide."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)),
                             Image.Resampling.LANCZOS)
    content = BytesIO()
    image.save(content, "webp", quality=85)
    return content.getvalue()


# ------------------------------------------------------------------------------ on GitHub

def summary(verdicts: list[Verdict]) -> str:
    """Return the report in Markdown, for the summary of a step."""
    lines = [f"### Figures: {title(verdicts)}", ""]
    for verdict in sorted(verdicts, key=lambda verdict: verdict.gravity):
        if verdict.state is not State.SAME:
            mark = "✅" if verdict.state.passes else "❌"
            lines += [f"{mark} **{verdict.name}** {verdict.state.value}", "",
                      *(f"- {' '.join(each.split())}" for each in findings(verdict)), ""]
    return "\n".join(lines) + "\n"


def annotations(verdicts: list[Verdict], modules: dict[str, str]) -> list[str]:
    """Return what GitHub shows at the line of the code that changed, for each changed figure.

    Parameters
    ----------
    verdicts : list of Verdict
    modules : dict
        The figures' modules, by name.
    """
    told = []
    for verdict in sorted(verdicts, key=lambda verdict: verdict.gravity):
        if verdict.state is State.SAME:
            continue
        module = modules.get(verdict.name, "deepmath.figures")
        suspects = sorted(verdict.changes, key=lambda each: not each.startswith(module))
        places = filter(None, map(place_of, [*suspects, module]))
        file, line = next(places, (Path("figures"), None))
        told.append(annotation("notice" if verdict.state.passes else "error", file, line,
                               f"figure {verdict}"))
    return told
