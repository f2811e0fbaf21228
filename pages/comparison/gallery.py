"""Images of the comparison as a grid; one of them enlarged, with the heat map of each model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.comparison import EvaluatedStage
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import percent
from core.figures.heat_overlay import overlay
from core.images import Image, read_image
from core.inference import Reader, Reading
from pages.comparison.stage_images import images_of
from pages.diagnosis import add_file
from pages.shared.failures import sentence, show_error
from pages.shared.image_grid import image_grid
from pages.shared.label_review import offer_review
from pages.shared.markdown import escaped
from pages.shared.neighbours import offer_neighbours
from pages.shared.tables import show_table
from pages.shared.texts import _

MAX_SHOWN = 100
HEAT_OPACITY = 0.6
ENLARGED = "enlarged-image"  # in the session: position among the images of the grid


@dataclass(frozen=True)
class Shown:
    """An image of the grid: its file, and what is known of it.

    Attributes:
        row: in the data set.
        path: of the file.
        label: `NORMAL` or `PNEUMONIA`.
        probability: of pneumonia, by the model whose images are shown.
    """

    row: int
    path: Path
    label: str
    probability: float

    @property
    def caption(self) -> str:
        """True label and probability, short."""
        return f"{self.label.lower()} {percent(self.probability, 0)}"


def show_gallery(table: pd.DataFrame, stages: list[EvaluatedStage], order: str, key: str) -> None:
    """Show images, and enlarge the one that is clicked; without the images, list them.

    Args:
        table: of `Predictions`; its first images are shown.
        stages: models whose heat maps are shown; the images are taken from the first one's data set.
        order: of the images, in words.
        key: of the grid.
    """
    if table.empty:
        st.success(_("No images."), icon=":material/check_circle:")
        return
    try:
        dataset = images_of(stages[0])
    except UserError as error:
        _list_files(table, order, sentence(error))
        return
    row_numbers = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    available = table["sha256"].isin(row_numbers.index)
    rows = row_numbers[table[available]["sha256"].head(MAX_SHOWN)].to_numpy()
    missing = int((~available).sum())
    sentences = [_("{count:,} images, {order}.").format(count=len(table), order=order)]
    if missing:
        sentences.append(
            _("{missing:,} of them are no longer in {folder}.").format(
                missing=missing, folder=escaped(str(dataset.root))
            )
        )
    if len(table) > MAX_SHOWN:
        sentences.append(_("The first {shown} are shown.").format(shown=MAX_SHOWN))
    sentences.append(
        _("Below each image: true label and probability of pneumonia. Click an image to enlarge it.")
    )
    st.caption(" ".join(sentences))
    images = [
        Shown(int(row), dataset.root / path, label, probability)
        for row, path, label, probability in zip(
            rows,
            dataset.table["path"].iloc[rows],
            table[available]["label"],
            table[available]["probability"],
            strict=False,
        )
    ]
    clicked = image_grid(dataset, rows, [image.caption for image in images], key, {})
    if clicked is not None:
        st.session_state[ENLARGED] = int(np.flatnonzero(rows == clicked)[0])
        _enlarge(images, stages, dataset)


def _list_files(table: pd.DataFrame, order: str, reason: str) -> None:
    """Names, labels and probabilities of images that cannot be shown, and where to locate them."""
    st.info(escaped(reason), icon=":material/image_not_supported:")
    # A link: `st.switch_page` refuses to leave a page whose widgets are bound to its address.
    st.page_link("pages/dataset/page.py", label=_("Locate the images"), icon=":material/folder_open:")
    st.caption(_("{count:,} images, {order}").format(count=len(table), order=order))
    shown = {
        _("Label"): table["label"],
        _("Probability"): table["probability"].map(percent),
        _("File"): table["path"].str.rpartition("/")[2],
    }
    show_table(pd.DataFrame(shown))


@st.dialog(_("Image"), width="large")
def _enlarge(images: list[Shown], stages: list[EvaluatedStage], dataset: Dataset) -> None:
    """The image and each model's heat map over it; the one before and the one after it a click away."""
    position = st.session_state[ENLARGED]
    offer_neighbours(position, len(images), _go, ("Left", "Right"))
    shown = images[position]
    st.markdown(_("True label **{label}** · {name}").format(label=shown.label, name=escaped(shown.path.name)))
    offer_review(dataset, shown.row)
    try:
        image = read_image(shown.path)
    except UserError as error:
        show_error(error)
        return
    if st.button(_("Add to Diagnosis"), icon=":material/stethoscope:", key=f"add-{shown.row}"):
        add_file(shown.path)
        st.page_link("pages/diagnosis/page.py", label=_("Open Diagnosis"), icon=":material/arrow_forward:")
    columns = st.columns(len(stages) + 1)
    columns[0].image(image.pixels, _("Original"), width="stretch")
    for column, stage in zip(columns[1:], stages, strict=True):
        try:
            reading = _with_heat_map(stage, image)
        except UserError as error:
            told = _("{stage}: no heat map. {reason}").format(stage=stage.name, reason=sentence(error))
            column.caption(escaped(told))
            continue
        assert reading.heat_map is not None  # it was asked for
        picture = overlay(image.pixels, reading.heat_map.over(image.pixels), HEAT_OPACITY)
        column.image(picture, f"{stage.name}: {percent(reading.prediction.probability)}", width="stretch")
        if reading.heat_map_warning:
            column.caption(escaped(reading.heat_map_warning))


def _with_heat_map(stage: EvaluatedStage, image: Image) -> Reading:
    """The reading of an image by a stage's model; raises UserError if its weights are missing or damaged."""
    try:
        (reading,) = Reader(stage.run.weights_path(stage.number)).read([image], heat_map=True, anyway=True)
    except FileNotFoundError as error:
        raise UserError(_("Its weights are missing.")) from error
    return reading


def _go(position: int) -> None:
    st.session_state[ENLARGED] = position
