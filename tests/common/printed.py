"""What pages of a PDF look like."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pikepdf

TEXT = slice(85, 757)       # the rows of a page that hold its text, in points
STEP = 2                    # points a pixel


def blanks(path: Path) -> dict[int, float]:
    """By page, from 1, the share of its text's height that is blank at the foot; of pages that do
    not end a chapter."""
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        count = len(pdf.pages)
        starts = {pikepdf.Page(each.destination[0]).index for each in outline.root}
    drawn = subprocess.run(["pdftoppm", "-r", str(72 // STEP), "-gray", path],
                           capture_output=True, check=True).stdout
    found = {}
    for at, head in enumerate(re.finditer(rb"P5\s(\d+) (\d+)\s255\s", drawn)):
        width, height = int(head[1]), int(head[2])
        page = np.frombuffer(drawn, np.uint8, width * height, head.end()).reshape(height, width)
        rows, = np.nonzero((page[TEXT.start // STEP:TEXT.stop // STEP] < 250).any(axis=1))
        found[at + 1] = 1 - (max(rows, default=-1) + 1) / ((TEXT.stop - TEXT.start) // STEP)
    assert len(found) == count
    return {page: blank for page, blank in found.items() if page not in starts | {count}}
