"""Images of the comparison as a grid; one of them enlarged, with the heat map of each model."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.comparison import EvaluatedStage
from core.errors import UserError
from core.figures.diagnosis import overlay
from core.images import read_image
from core.inference import Reader
from pages.comparison.stage_images import images_of
from pages.shared.image_grid import image_grid

MAX_SHOWN = 100
HEAT_OPACITY = 0.6


def show_gallery(table: pd.DataFrame, stages: list[EvaluatedStage], order: str, key: str) -> None:
    """Show images, and enlarge the one that is clicked.

    Args:
        table: of `Predictions`; its first images are shown.
        stages: models whose heat maps are shown; the images are taken from the first one's data set.
        order: of the images, in words.
        key: of the grid.
    """
    if table.empty:
        st.success("No images.", icon=":material/check_circle:")
        return
    dataset = images_of(stages[0])
    row_numbers = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    available = table["sha256"].isin(row_numbers.index)
    shown = table[available].head(MAX_SHOWN)
    missing = int((~available).sum())
    st.caption(
        f"{len(table):,} images, {order}"
        + (f"; {missing:,} of them are no longer in {dataset.root}" if missing else "")
        + (f"; the first {MAX_SHOWN} are shown" if len(table) > MAX_SHOWN else "")
        + ". Below each image: true label and probability of pneumonia. Click an image to enlarge it."
    )
    captions = [
        f"{label.lower()} {probability:.0%}"
        for label, probability in zip(shown["label"], shown["probability"], strict=True)
    ]
    clicked = image_grid(dataset, row_numbers[shown["sha256"]].to_numpy(), captions, key)
    if clicked is not None:
        _enlarge(dataset.root / str(dataset.table.at[int(clicked), "path"]), stages)


@st.dialog("Image", width="large")
def _enlarge(path: Path, stages: list[EvaluatedStage]) -> None:
    """The image, and each model's heat map over it."""
    try:
        image = read_image(path)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.caption(f"{path.parent.parent.name}/{path.parent.name}/{path.name}")
    columns = st.columns(len(stages) + 1)
    columns[0].image(image.pixels, "Original", width="stretch")
    for column, stage in zip(columns[1:], stages, strict=True):
        try:
            reader = Reader(stage.run.weights_path(stage.number))
            (reading,) = reader.read([image], heat_map=True, anyway=True)
        except (UserError, FileNotFoundError):
            column.caption(f"{stage.name}: no heat map. Its weights are missing.")
            continue
        assert reading.heat_map is not None  # it was asked for
        picture = overlay(image.pixels, reading.heat_map.over(image.pixels), HEAT_OPACITY)
        column.image(picture, f"{stage.name}: {reading.prediction.probability:.1%}", width="stretch")
        if reading.heat_map_warning:
            column.caption(reading.heat_map_warning)
