"""The followed images of a run: small, each with the line of its probability over the epochs."""

from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.images import jpeg_data_url, read_image
from core.runs import FOLLOWED_NAMES, Run
from pages.shared.table_images import THUMBNAIL_SIDE
from pages.shared.tables import Picture, line_of, show_table
from pages.shared.texts import _


def show_followed(run: Run) -> None:
    """The images and their lines; nothing before the first epoch and for runs of earlier versions."""
    history, images = run.followed(), run.facts().get("followed", [])
    if history.empty or not images:
        return
    folder = Path(run.settings().data)
    lines = [history[name].dropna().tolist() for name, _image in zip(FOLLOWED_NAMES, images, strict=False)]
    table = pd.DataFrame(
        {
            _("Image"): [_thumbnail(folder / image["path"]) for image in images],
            _("True label"): [image["label"] for image in images],
            _("By epoch"): [line_of(line, 0, 1) for line in lines],
            _("Probability"): [f"{line[-1]:.1%}" if line else None for line in lines],
            _("File"): [Path(image["path"]).name for image in images],
        }
    )
    st.markdown(_("**{count} validation images, epoch by epoch**").format(count=len(images)))
    with st.container(key="followed"):
        show_table(table)
    st.caption(
        _(
            "Drawn by the run's seed, from both classes; the same in all epochs and stages. Probability of "
            "pneumonia, not calibrated: as a line from 0% to 100%, and after the last epoch."
        )
    )


def _thumbnail(path: Path) -> Picture | None:
    """A small picture; None where the file is not on this computer."""
    with suppress(UserError, FileNotFoundError):
        return Picture(_encoded(path))
    return None


@st.cache_data(show_spinner=False, max_entries=64)
def _encoded(path: Path) -> str:
    return jpeg_data_url(read_image(path).pixels, THUMBNAIL_SIDE)
