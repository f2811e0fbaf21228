"""A report before it has a form: sections of paragraphs, tables and pictures, as PDF or Markdown."""

import html
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd

HIGHEST = 110  # mm of a picture


@dataclass(frozen=True)
class Picture:
    """A picture with what it shows, in a sentence; two narrow ones stand side by side."""

    path: Path
    caption: str
    narrow: bool = False


@dataclass(frozen=True, eq=False)
class Section:
    """A heading and what stands under it, in order.

    Attributes:
        title: of the section.
        parts: paragraphs (str), tables (DataFrame, its index being the first column), pictures.
    """

    title: str
    parts: list[str | pd.DataFrame | Picture]


def as_markdown(title: str, sections: list[Section]) -> str:
    """The document as Markdown; pictures by their file names."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        for part in section.parts:
            if isinstance(part, Picture):
                lines += [f"![{part.caption}](pictures/{part.path.name})", ""]
            elif isinstance(part, pd.DataFrame):
                lines += [*_markdown_table(part), ""]
            else:
                lines += [part, ""]
    return "\n".join(lines)


def _markdown_table(table: pd.DataFrame) -> list[str]:
    rows = [
        ["", *table.columns],
        *([name, *row] for name, row in zip(table.index, table.values, strict=True)),
    ]
    lines = ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]


def write_pdf(path: Path, title: str, sections: list[Section]) -> None:
    """The document as a PDF on A4, pages numbered.

    Characters that its font lacks are written as question marks.
    """
    # Imported here: only who makes a report needs it.
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

    styles = getSampleStyleSheet()
    small = styles["BodyText"].clone("small", fontSize=7, leading=8.5)
    caption = styles["Italic"].clone("caption", fontSize=8, spaceAfter=6)
    margin = 18 * mm
    width = A4[0] - 2 * margin

    def table_of(table: pd.DataFrame) -> Table:
        cells = [["", *table.columns]]
        cells += [[name, *row] for name, row in zip(table.index, table.values, strict=True)]
        cells = [[Paragraph(_plain(str(cell)), small) for cell in row] for row in cells]
        look = [
            ("LINEBELOW", (0, 0), (-1, 0), 0.75, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ]
        return Table(cells, [width / len(cells[0])] * len(cells[0]), repeatRows=1, style=look)

    def pictures_of(pictures: list[Picture]) -> KeepTogether:
        """One across the page, or narrow ones side by side."""
        cells = []
        for picture in pictures:
            across, high = ImageReader(str(picture.path)).getSize()
            scale = min(width / len(pictures) * 0.98 / across, HIGHEST * mm / high)
            image = Image(str(picture.path), across * scale, high * scale)
            cells.append([image, Paragraph(_plain(picture.caption), caption)])
        return KeepTogether(
            [Table([cells], [width / len(cells)] * len(cells), style=[("VALIGN", (0, 0), (-1, -1), "TOP")])]
        )

    def number(canvas, document) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(A4[0] / 2, 10 * mm, str(document.page))

    story = [Paragraph(_plain(title), styles["Title"])]
    for section in sections:
        flow = []
        for kind, group in groupby(section.parts, lambda part: isinstance(part, Picture) and part.narrow):
            parts = list(group)
            if kind:
                flow += [pictures_of(parts[place : place + 2]) for place in range(0, len(parts), 2)]
                continue
            for part in parts:
                if isinstance(part, Picture):
                    flow.append(pictures_of([part]))
                elif isinstance(part, pd.DataFrame):
                    flow += [table_of(part), Spacer(1, 3 * mm)]
                else:
                    flow.append(Paragraph(_plain(part), styles["BodyText"]))
        heading = Paragraph(_plain(section.title), styles["Heading2"])
        story += [KeepTogether([heading, *flow[:1]]), *flow[1:]]
    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        title=title,
        author="Pneumonia studio",
        margin=margin,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
    )
    document.build(story, onFirstPage=number, onLaterPages=number)


def _plain(text: str) -> str:
    """Text that reportlab neither takes for markup nor fails on."""
    return html.escape(text.encode("cp1252", "replace").decode("cp1252"), quote=False)
