"""What the product's files import from one another, read from their source; tests/test_house.py checks it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@cache
def rooms(house: str) -> set[str]:
    """Folders of `core` or `pages` that have a door."""
    return {path.parent.name for path in (PROJECT / house).glob("*/__init__.py")}


def sources() -> list[Path]:
    """All of the product's own files."""
    folders = [path for house in ("core", "pages") for path in sorted((PROJECT / house).rglob("*.py"))]
    return [*folders, PROJECT / "streamlit_app.py", PROJECT / "server.py"]


@cache
def imports(path: Path) -> frozenset[str]:
    """Modules that a file imports from, with dots."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in ("core", "pages"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def purpose(room: str) -> str:
    """The sentence with which the door of a room of `core` begins."""
    tree = ast.parse((PROJECT / "core" / room / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0].rstrip()


@cache
def arrows() -> dict[str, set[str]]:
    """Rooms that each room of `core` imports from; `pages` stands for all pages and the two start files."""
    known = rooms("core")
    reached: dict[str, set[str]] = {room: set() for room in (*known, "pages")}
    for path in sources():
        parts = path.relative_to(PROJECT).parts
        room = parts[1] if parts[0] == "core" else "pages"
        if room in reached:
            targets = {name.split(".")[1] for name in imports(path) if name.startswith("core.")}
            reached[room] |= targets & known - {room}
    return reached
