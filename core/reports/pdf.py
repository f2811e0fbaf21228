"""A document as a PDF, laid out by reportlab."""

import html
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from core.reports.document import Picture, Section

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN - 12  # reportlab's frame has a padding of 6 points
GAP = 2 * mm  # above tables and pictures
MAX_NAME_WIDTH = WIDTH / 6  # of the first column, up to which its names stay on one line
CELL_PADDING = 13  # left and right together, and a point against rounding
MAX_HEIGHT, MAX_NARROW_HEIGHT = 110 * mm, 72 * mm  # of a picture; two readings fit on a page
STYLES = getSampleStyleSheet()
CELL = STYLES["BodyText"].clone("cell", fontSize=7, leading=8.5)
CAPTION = STYLES["Italic"].clone("caption", fontSize=8, spaceAfter=6)
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")
RULES = [
    ("LINEBELOW", (0, 0), (-1, 0), 0.75, colors.black),
    ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    TOP,
]
SPELT_OUT = {"≥": "at least", "≤": "at most"}  # the fonts of every PDF reader lack these signs


def write(path: Path, title: str, sections: list[Section]) -> None:
    """Write a document on A4 with page numbers."""
    story: list[Flowable] = [_paragraph(title, "Title")]
    for section in sections:
        content = [_paragraph(section.title, "Heading2"), *_content(section)]
        together = len(content) if section.together else _opening(section)
        story += [KeepTogether(content[:together]), *content[together:]]
    margins = {f"{side}Margin": MARGIN for side in ("left", "right", "top", "bottom")}
    document = SimpleDocTemplate(str(path), pagesize=A4, title=title, author="Pneumonia studio", **margins)
    document.build(story, canvasmaker=_NumberedCanvas)


def _opening(section: Section) -> int:
    """How many elements a page break must not part: the heading, and all up to the first table or picture."""
    paragraphs = [isinstance(part, str) for part in section.parts]
    return 2 + (paragraphs.index(False) if False in paragraphs else 0)


def _content(section: Section) -> list[Flowable]:
    content: list[Flowable] = []
    for narrow, group in groupby(section.parts, lambda part: isinstance(part, Picture) and part.narrow):
        if narrow:
            pictures = [part for part in group if isinstance(part, Picture)]
            content += [_pictures(pictures[start : start + 2]) for start in range(0, len(pictures), 2)]
            continue
        for part in group:
            if isinstance(part, Picture):
                content.append(_pictures([part]))
            elif isinstance(part, pd.DataFrame):
                content += [_table(part), Spacer(1, 3 * mm)]
            else:
                content.append(_paragraph(part, "BodyText"))
    return content


def _table(table: pd.DataFrame) -> Table:
    """The table; with rows and columns exchanged where words would have to break otherwise."""
    texts = _texts(table)
    if sum(_words(texts)) > WIDTH and len(table) < len(table.columns):
        texts = _texts(table.T)
    cells = [[Paragraph(text, CELL) for text in row] for row in texts]
    return Table(cells, _column_widths(texts), repeatRows=1, style=RULES, spaceBefore=GAP)


def _texts(table: pd.DataFrame) -> list[list[str]]:
    """Cells by row, headings included."""
    rows = [["", *table.columns]]
    rows += [[name, *row] for name, row in zip(table.index, table.values, strict=True)]
    return [[_plain(str(cell)) for cell in row] for row in rows]


def _width(text: str) -> float:
    return stringWidth(text, CELL.fontName, CELL.fontSize) + CELL_PADDING


def _words(texts: list[list[str]]) -> list[float]:
    """Width of the widest word of each column."""
    columns = zip(*texts, strict=True)
    return [max(_width(word) for text in column for word in text.split() or [""]) for column in columns]


def _column_widths(texts: list[list[str]]) -> list[float]:
    """Widths that sum to `WIDTH`: whole lines where they fit, else whole words where those fit."""
    lines = [max(map(_width, column)) for column in zip(*texts, strict=True)]
    words = _words(texts)
    if lines[0] <= MAX_NAME_WIDTH:
        words[0] = lines[0]
    if sum(lines) <= WIDTH:
        return [*lines[:-1], WIDTH - sum(lines[:-1])]
    if sum(words) >= WIDTH:
        return [WIDTH * word / sum(words) for word in words]
    share = (WIDTH - sum(words)) / (sum(lines) - sum(words))
    return [word + share * (line - word) for word, line in zip(words, lines, strict=True)]


def _pictures(pictures: list[Picture]) -> Table:
    """One wide picture, or up to two narrow ones side by side, each with its caption."""
    width, height = (WIDTH / 2, MAX_NARROW_HEIGHT) if pictures[0].narrow else (WIDTH, MAX_HEIGHT)
    cells = []
    for picture in pictures:
        pixels_wide, pixels_high = ImageReader(str(picture.path)).getSize()
        scale = min(width * 0.97 / pixels_wide, height / pixels_high)
        image = Image(str(picture.path), pixels_wide * scale, pixels_high * scale, hAlign="LEFT")
        cells.append([image, Paragraph(_plain(picture.caption), CAPTION)])
    flush = ("LEFTPADDING", (0, 0), (-1, -1), 0)
    return Table([cells], [width] * len(cells), style=[TOP, flush], hAlign="LEFT", spaceBefore=GAP)


class _NumberedCanvas(Canvas):
    """Says at the foot of each page when the document was made, which page it is, and of how many.

    How many is known at the end only, so pages are held back until then.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._made = time.strftime("%Y-%m-%d %H:%M %Z")
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()  # pyright: ignore[reportAttributeAccessIssue]

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont("Helvetica", 8)
            self.drawString(MARGIN, 10 * mm, f"Made {self._made}")
            self.drawRightString(A4[0] - MARGIN, 10 * mm, f"Page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


def _paragraph(text: str, style: str) -> Paragraph:
    return Paragraph(_plain(text), STYLES[style])


def _plain(text: str) -> str:
    """Text in the font's characters, in which reportlab sees no markup."""
    for sign, words in SPELT_OUT.items():
        text = text.replace(sign, words)
    return html.escape(text.encode("cp1252", "replace").decode("cp1252"), quote=False)
