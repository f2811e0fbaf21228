"""Errors on pages: text of files, names and servers in them is shown as it is."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"
DRAWING = ("error", "warning", "info", "success", "caption", "markdown", "write", "toast")


def failing() -> None:
    from core.errors import UserError
    from pages.shared.failures import show_error

    show_error(UserError("*ward* [1].png is no image."))


def test_an_error_is_shown_as_it_was_written():
    (error,) = AppTest.from_function(failing, default_timeout=60).run().error
    assert error.value == r"\*ward\* \[1\].png is no image."


def raw(node: ast.AST, name: str) -> bool:
    """Whether an expression holds a caught error outside `escaped`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "escaped":
        return False
    if isinstance(node, ast.Name):
        return node.id == name
    return any(raw(child, name) for child in ast.iter_child_nodes(node))


def drawn_raw(source: str) -> list[int]:
    """Lines of calls that draw a caught error as Markdown."""
    return [
        call.lineno
        for handler in ast.walk(ast.parse(source))
        if isinstance(handler, ast.ExceptHandler) and handler.name
        for call in ast.walk(handler)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in DRAWING
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
        if raw(argument, handler.name)
    ]


@pytest.mark.parametrize("drawn", ["st.error(f'No. {error}')", "row.caption(str(error))", "st.write(error)"])
def test_an_error_drawn_as_markdown_is_found(drawn):
    assert drawn_raw(f"try:\n    pass\nexcept OSError as error:\n    {drawn}") == [4]


def test_no_page_draws_an_error_as_markdown():
    drawn = {str(path): drawn_raw(path.read_text()) for path in PAGES.rglob("*.py")}
    assert not {path: lines for path, lines in drawn.items() if lines}
