"""Small images beside one another, without their names."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import streamlit as st

from core.errors import UserError
from core.images import network_pixels, read_image
from pages.shared.texts import _

WIDTH = 144  # pixels


def show_thumbnails(images: Iterable[tuple[str, str]]) -> None:
    """Draw images in a row that wraps; one that cannot be read any more is told.

    Args:
        images: path and caption of each.
    """
    row = st.container(horizontal=True)
    for file, caption in images:
        try:
            row.image(_thumbnail(file, Path(file).stat().st_mtime_ns), caption, width=WIDTH)
        except (UserError, OSError):
            row.caption(_("This image cannot be read any more."))


@st.cache_data(show_spinner=False, max_entries=200)
def _thumbnail(file: str, modified: int) -> np.ndarray:
    """The image as the network sees it, uint8 (128, 128); read again once it is modified."""
    return network_pixels(read_image(file))
