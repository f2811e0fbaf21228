"""A button whose file is made when it is clicked, with the reason beside it where that fails."""

import threading
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from pages.shared.failures import sentence
from pages.shared.markdown import escaped


class Once:
    """A function that makes a file; it runs once, whichever thread asks first."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._data: bytes | None = None
        self._failure = ""

    def __call__(self) -> bytes:
        """The file; raises UserError if it cannot be made."""
        with self._lock:
            if self._data is None and not self._failure:
                try:
                    self._data = self._make()
                except (UserError, OSError) as error:
                    self._failure = sentence(error)
            if self._data is None:
                raise UserError(self._failure)
            return self._data

    def failure(self) -> str:
        """Why the file cannot be made; "" if it can."""
        try:
            self()
        except UserError as error:
            return sentence(error)
        return ""


def file_button(
    label: str,
    make: Callable[[], bytes],
    file_name: str,
    icon: str,
    kind: str,
    contents: str,
    failure: DeltaGenerator,
    help_text: str | None = None,
) -> None:
    """Draw the button, in a fragment: a click draws that again, to tell whether the file could be made.

    Args:
        label: of the button.
        make: returns the file; raises UserError if it cannot be made.
        file_name: for the browser.
        icon: of the button.
        kind: of the file, such as "pdf"; one button of the page makes it.
        contents: what the file is made of, such as an image and a model; a click is for no other file.
        failure: where to say why there is no file.
        help_text: of the button.
    """
    key, slot = f"{kind}-{contents}", f"file-{kind}"
    last: tuple[str, Once] | None = st.session_state.get(slot)  # one of a kind: it may hold an image in full
    clicked = last[1] if last and last[0] == contents and st.session_state.get(key) else None
    reason = clicked.failure() if clicked else ""
    now = clicked or Once(make)
    # In the run that follows a click, the browser may still be fetching the file. Streamlit forgets what a
    # function made as soon as the button is drawn with a function again, but not the same bytes.
    data = clicked() if clicked and not reason else now
    st.download_button(label, data, file_name, icon=icon, key=key, help=help_text)
    st.session_state[slot] = (contents, now)
    if reason:
        failure.error(escaped(reason), icon=":material/error:")
