"""Filling a template with values; tables are made by its filter `table`."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

NOTICE = "<!-- Written by `python -m docs.generate` from {}; edit those. -->\n\n"


def filled(name: str, sources: str, **values: Any) -> str:
    """A page from its template.

    Args:
        name: file name in docs/generate/templates.
        sources: what the values come from, for the notice at the top of the page.
        values: by the names that the template uses; one that is missing raises an error.
    """
    return NOTICE.format(f"docs/generate/templates/{name} and {sources}") + _environment().get_template(
        name
    ).render(**values)


def table(rows: Iterable[Sequence[object]], *header: str) -> str:
    """A Markdown table; `|` and line breaks in a cell are escaped.

    >>> print(table([("a|b", 1)], "name", "value"))
    | name | value |
    | --- | --- |
    | a\\|b | 1 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    environment.filters["table"] = table
    return environment
