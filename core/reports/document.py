"""A document: sections of paragraphs, tables and pictures, written as PDF or Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Picture:
    """A picture with its caption; two narrow ones are placed side by side."""

    path: Path
    caption: str
    narrow: bool = False


@dataclass(frozen=True, eq=False)
class Section:
    """A heading and the content below it, in order.

    Attributes:
        title: the heading.
        parts: paragraphs (str), tables (DataFrame; the index is the first column) and pictures.
        together: whether a PDF keeps the section on one page, if it fits.
    """

    title: str
    parts: Sequence[str | pd.DataFrame | Picture]
    together: bool = False


def as_markdown(title: str, sections: list[Section]) -> str:
    """The document as Markdown; pictures are linked by file name."""
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
    """Write the document as a PDF on A4 with page numbers.

    Characters that the font lacks become question marks.
    """
    # Imported lazily: only reports need reportlab.
    from core.reports import pdf

    pdf.write(path, title, sections)
