"""Errors on pages: text of files, names and servers in them is shown as it is."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"


def failing() -> None:
    from core.errors import UserError
    from pages.shared.failures import show_error

    show_error(UserError("*ward* [1].png is no image."))


def test_an_error_is_shown_as_it_was_written():
    (error,) = AppTest.from_function(failing).run().error
    assert error.value == r"\*ward\* \[1\].png is no image."


def test_no_page_draws_an_error_as_markdown():
    pages = [path for path in PAGES.rglob("*.py") if ".error(str(" in path.read_text()]
    assert not pages
