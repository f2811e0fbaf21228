"""The most similar training images, with their labels."""

from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.dataset import Dataset, known_folders
from core.errors import UserError
from core.inference import AvailableModel, Neighbour, Reader
from core.runs import open_run
from pages.shared.dataset_picker import opened
from pages.shared.technical_details import technical_details
from pages.shared.texts import _

SIDE = 120  # pixels


def similar_images(similar: list[Neighbour], model: AvailableModel) -> None:
    """Show the images if the data set is on this computer, else their labels alone."""
    if not similar:
        if Reader(model.path).reference is None:
            st.caption(
                _(
                    "This model's run has no out-of-distribution reference, so the image was not "
                    "compared with the training images."
                )
            )
            technical_details(
                _("Create the reference:"), f"python -m core reference {model.record.run or 'RUN'}"
            )
        return
    dataset = _training_set(model)
    st.caption(_("**Most similar training images**"))
    if dataset is None:
        labels = "; ".join(_caption(neighbour) for neighbour in similar)
        st.caption(_("Their images are not on this computer. Labels: {labels}.").format(labels=labels))
        return
    for column, neighbour in zip(st.columns(len(similar)), similar, strict=True):
        rows = dataset.table.index[dataset.table["sha256"] == neighbour.sha256]
        _thumbnail(column, dataset, rows)
        column.caption(_caption(neighbour))


def _caption(neighbour: Neighbour) -> str:
    return _("{label}, distance {distance:.3f}").format(
        label=neighbour.label.lower(), distance=neighbour.distance
    )


def _thumbnail(column: DeltaGenerator, dataset: Dataset, rows: pd.Index) -> None:
    if len(rows):
        column.image(dataset.pixels[rows[0]], width=SIDE)


def _training_set(model: AvailableModel) -> Dataset | None:
    """The data set of the model's run, or of its members' runs; None if it is not on this computer."""
    for run in model.runs:
        with suppress(UserError):
            folder = open_run(run).settings().data
            if Path(folder) in known_folders():
                return opened(folder)
    return None
