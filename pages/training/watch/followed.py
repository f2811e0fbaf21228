"""The followed images of a run: small, each with the line of its probability over the epochs."""

from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.images import jpeg_data_url, read_image
from core.runs import FOLLOWED_NAMES, Run
from pages.shared.table_images import ROW_HEIGHT, THUMBNAIL_SIDE
from pages.shared.texts import _

COLUMNS = {
    "Image": st.column_config.ImageColumn("", width=50),
    "True label": st.column_config.TextColumn(_("True label"), width=95),
    "By epoch": st.column_config.LineChartColumn(
        _("By epoch"),
        y_min=0,
        y_max=1,
        width=90,
        help=_("Probability from 0% to 100%, all stages one after another"),
    ),
    "Probability": st.column_config.NumberColumn(
        _("Probability"),
        format="percent",
        step=0.001,
        width=120,
        help=_("Of pneumonia, after the last epoch, not calibrated"),
    ),
    "File": st.column_config.Column(_("File")),
}


def show_followed(run: Run) -> None:
    """The images and their lines; nothing before the first epoch and for runs of earlier versions."""
    history, images = run.followed(), run.facts().get("followed", [])
    if history.empty or not images:
        return
    folder = Path(run.settings().data)
    lines = [history[name].dropna().tolist() for name, _image in zip(FOLLOWED_NAMES, images, strict=False)]
    table = pd.DataFrame(
        {
            "Image": [_thumbnail(folder / image["path"]) for image in images],
            "True label": [image["label"] for image in images],
            "By epoch": lines,
            "Probability": [line[-1] if line else None for line in lines],
            "File": [image["path"] for image in images],
        }
    )
    st.markdown(_("**{count} validation images, epoch by epoch**").format(count=len(images)))
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        row_height=ROW_HEIGHT,
        column_config=COLUMNS,
        placeholder="–",
        key=f"followed-{run.name}",
    )
    st.caption(_("Drawn by the run's seed, from both classes; the same in all epochs and stages."))


def _thumbnail(path: Path) -> str | None:
    """A small picture as a data URL; None where the file is not on this computer."""
    with suppress(UserError, FileNotFoundError):
        return _encoded(path)
    return None


@st.cache_data(show_spinner=False, max_entries=64)
def _encoded(path: Path) -> str:
    return jpeg_data_url(read_image(path).pixels, THUMBNAIL_SIDE)
