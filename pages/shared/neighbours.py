"""Stepping through images: the one before and the one after, by buttons and by keys."""

from collections.abc import Callable

import streamlit as st

from pages.shared.texts import _


def offer_neighbours(position: int, count: int, go: Callable[[int], None], keys: tuple[str, str]) -> None:
    """Buttons for the image before and the one after, and where the shown one stands.

    Args:
        position: of the shown image, from 0.
        count: of the images.
        go: shows the image at a position.
        keys: of the keyboard, for the image before and the one after.
    """
    row = st.container(horizontal=True, vertical_alignment="center")
    steps = ((_("Previous"), "arrow_back", -1), (_("Next"), "arrow_forward", 1))
    for (title, icon, step), key in zip(steps, keys, strict=True):
        row.button(
            title,
            icon=f":material/{icon}:",
            on_click=go,
            args=(position + step,),
            disabled=not 0 <= position + step < count,
            shortcut=key,
        )
    row.caption(_("{number} of {count}").format(number=position + 1, count=count))
