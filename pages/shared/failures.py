"""Errors that a user can mend, in words where they happen: of whole pages and of buttons."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import streamlit as st

from core.config import home
from core.disk import explained
from core.errors import UserError, sentence_of
from pages.shared.markdown import escaped
from pages.shared.technical_details import technical_details
from pages.shared.texts import _, translated


@contextmanager
def failures_shown() -> Iterator[None]:
    """Draw what went wrong in place of the rest of the block."""
    try:
        yield
    except (UserError, OSError) as error:
        show_error(error)


def show_error(error: UserError | OSError) -> None:
    """Draw what went wrong; text of files and names in it is no Markdown."""
    st.error(escaped(sentence(error)), icon=":material/error:")
    if isinstance(error, UserError) and error.command:
        technical_details(_("The same from a terminal"), error.command)


def failures_told(action: Callable[..., object]) -> Callable[..., None]:
    """A button's action that tells what went wrong in a message beside the page."""

    @wraps(action)
    def told(*arguments: object) -> None:
        try:
            action(*arguments)
        except (UserError, OSError) as error:
            st.toast(escaped(sentence(error)), icon=":material/error:", duration="long")

    return told


def sentence(error: UserError | OSError) -> str:
    """What went wrong, and the way out."""
    if isinstance(error, OSError):
        return translated(sentence_of(explained(error, Path(error.filename or home()))))
    return translated(sentence_of(error))
