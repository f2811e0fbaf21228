"""Browsing images: filters, a grid in pages of a hundred, and one image in full with its facts."""

from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.anatomy import LUNG_ISSUES, DatasetLungs, DrawnLungs, lung_network, masks_version
from core.config import CLASS_NAMES, THRESHOLD
from core.dataset import (
    ISSUES,
    LUNG_AGREEMENT,
    Dataset,
    current_labels,
    image_table,
    matching_rows,
    outlined,
)
from core.errors import UserError
from core.figures.dataset import grey_levels
from core.images import read_image
from core.inference import CONTRADICTED, contradicted_labels
from core.runs import open_run
from pages.dataset.cohorts import choose_cohort
from pages.dataset.drawn_lungs import agreement_with, drawn_lungs_of
from pages.dataset.filters import ANY_ISSUE, NO_MODEL, SPLITS, STAGE, Selection, choose_filters
from pages.dataset.lungs import lungs_of
from pages.dataset.outlines import Outlines
from pages.dataset.statistics import statistics_of
from pages.shared.charts import in_language
from pages.shared.failures import failures_shown, show_error
from pages.shared.image_grid import image_grid
from pages.shared.label_review import offer_review
from pages.shared.texts import _

IMAGES_A_PAGE = 100


@st.fragment
def browse(dataset: Dataset) -> None:
    """Filters, the grid, and the image that was clicked."""
    with failures_shown():  # a fragment runs on its own, outside the page's
        _browse(dataset)


def _browse(dataset: Dataset) -> None:
    selection = choose_filters(dataset)
    lungs, drawn = lungs_of(dataset), drawn_lungs_of(dataset)
    content = dataset.fingerprint, lung_network() if lungs else "", masks_version(dataset)
    table = _table(*content, selection.model, dataset, lungs, drawn)
    version = current_labels(dataset.table).version
    if selection.issue == CONTRADICTED:  # by readings, which may have been added just now
        matching = matching_rows(table, selection.filter, THRESHOLD, contradicted_labels(dataset))
    else:
        matching = _matching_rows(*content, version, selection, dataset, table)
    rows = choose_cohort(dataset, matching)
    outlines = Outlines(lungs if selection.outlines else None, drawn if selection.drawn_outlines else None)
    if not len(rows):
        st.info(_("No images match. Change the filters."))
        return
    if outlines:
        outlines.show_legend()
    key = f"{dataset.fingerprint[:8]}-{hash(selection)}"
    if selection.side_by_side:
        labels = table["label"].to_numpy()[rows]
        for column, name in zip(st.columns(2, gap="medium"), CLASS_NAMES, strict=True):
            with column:
                of_class = rows[labels == name]
                st.markdown(f"**{name}** {len(of_class):,}")
                _paged_grid(dataset, table, of_class, IMAGES_A_PAGE // 2, f"{key}-{name}", outlines)
    else:
        _paged_grid(dataset, table, rows, IMAGES_A_PAGE, key, outlines)


def _paged_grid(
    dataset: Dataset,
    table: pd.DataFrame,
    rows: np.ndarray,
    page_size: int,
    key: str,
    outlines: Outlines,
) -> None:
    """The images in pages, with outlines of their lungs; a click opens one."""
    if not len(rows):
        st.caption(_("No images."))
        return
    pages = ceil(len(rows) / page_size)
    page = st.pagination(pages, key=f"page-{key}") if pages > 1 else 1
    shown = rows[(page - 1) * page_size : page * page_size]
    masks = outlines.of_images(dataset, shown)
    clicked = image_grid(dataset, shown, _captions(table, shown), f"images-{key}", masks)
    if clicked is not None:
        st.session_state["image"] = int(clicked)
        _show_image(dataset, table, int(clicked))


@st.cache_resource(show_spinner=False, max_entries=10)  # never modified, so it need not be copied
def _table(
    fingerprint: str,
    network: str,
    masks: tuple[int, ...],
    model: str,
    _dataset: Dataset,
    _lungs: DatasetLungs | None,
    _drawn: DrawnLungs | None,
) -> pd.DataFrame:
    predictions = None
    if model != NO_MODEL:
        name, stage = model.rsplit(STAGE, 1)
        tables = [open_run(name).results.predictions(int(stage), split) for split in ("validation", "test")]
        predictions = pd.concat([table for table in tables if table is not None])
    columns = _lungs.columns() if _lungs else None
    if _lungs and _drawn and columns is not None:
        columns[LUNG_AGREEMENT] = agreement_with(masks, fingerprint, network, _drawn, _lungs)
    return image_table(_dataset, statistics_of(fingerprint, _dataset), predictions, columns)


@st.cache_data(show_spinner=False, max_entries=50)
def _matching_rows(
    fingerprint: str,
    network: str,
    masks: tuple[int, ...],
    labels: int | None,
    selection: Selection,
    _dataset: Dataset,
    _table: pd.DataFrame,
) -> np.ndarray:
    issue_rows = None
    if selection.issue != ANY_ISSUE:
        issue_rows = _issue_rows(fingerprint, network, labels, selection.issue, _dataset)
    return matching_rows(_table, selection.filter, THRESHOLD, issue_rows)


@st.cache_data(show_spinner=_("Checking images ..."), max_entries=50, ttl="10m")
def _issue_rows(
    fingerprint: str, network: str, labels: int | None, issue: str, _dataset: Dataset
) -> np.ndarray:
    return (ISSUES | LUNG_ISSUES)[issue](_dataset)


def _captions(table: pd.DataFrame, rows: np.ndarray) -> list[str]:
    """The patient of each image, or its label if unknown, with the model's probability if there is one."""
    chosen = table.loc[rows]
    names = chosen["patient"].where(chosen["patient"] != "", chosen["label"].str.lower())
    probabilities = chosen["probability"].map(lambda value: "" if pd.isna(value) else f" {value:.0%}")
    return list(names + probabilities)


@st.dialog(_("Image"), width="large")
def _show_image(dataset: Dataset, table: pd.DataFrame, row: int) -> None:
    """One image in full, its facts and its histogram."""
    facts: Any = table.loc[row]  # a row, never several: the index is unique
    left, right = st.columns([1.3, 1])
    try:
        pixels = read_image(dataset.root / facts["path"]).pixels
    except UserError as error:
        show_error(error)
        pixels = dataset.pixels[row]
    with left:
        _show_outlined(dataset, row, pixels, facts["path"])
    lines = {
        _("Label"): facts["label"],
        _("Split"): SPLITS.get(facts["split"], facts["split"]),
        _("Patient"): facts["patient"] or _("unknown"),
        _("Cause"): facts["cause"],
        _("Size"): _("{width} x {height} pixels, {size:,.0f} KiB").format(
            width=facts["width"], height=facts["height"], size=facts["bytes"] / 1024
        ),
        _("Brightness"): _("{brightness:.0f} of 255").format(brightness=facts["brightness"]),
        _("Contrast"): f"{facts['contrast']:.0f}",
        _("Copies"): _("yes") if facts["copied"] else _("none"),
    }
    if "lung area" in facts:
        lines[_("Lungs")] = _lungs_in_words(facts)
    if not pd.isna(facts.get(LUNG_AGREEMENT, np.nan)):
        lines[_("Drawn lungs")] = _("agree with those found by {agreement:.0%} (Dice)").format(
            agreement=facts[LUNG_AGREEMENT]
        )
    if not pd.isna(facts["probability"]):
        lines[_("Model")] = _("{probability:.1%} pneumonia").format(probability=facts["probability"])
    right.markdown("  \n".join(f"**{name}** {value}" for name, value in lines.items()))
    with right:
        offer_review(dataset, row)
    right.plotly_chart(in_language(grey_levels(pixels)), config={"displayModeBar": False}, key="grey-levels")


def _show_outlined(dataset: Dataset, row: int, pixels: np.ndarray, path: str) -> None:
    """The image, with the outlines of its lungs if they are wanted."""
    outlines = Outlines(lungs_of(dataset), drawn_lungs_of(dataset))
    in_grid = any(st.session_state.get(key) for key in ("outlines", "drawn-outlines"))
    masks = {}
    if outlines and st.toggle(_("Outlines of the lungs"), in_grid, key=f"outlines-of-{row}"):
        outlines.show_legend()
        masks = outlines.of_image(dataset, row)
    st.image(outlined(pixels, masks), path, width="stretch")


def _lungs_in_words(facts: Any) -> str:
    """Area, position and tilt of an image's lungs."""
    if pd.isna(facts["lung area"]):
        return _("none found")
    area, across, down = (f"{facts[name]:.0%}" for name in ("lung area", "lungs across", "lungs down"))
    if pd.isna(facts["lung tilt"]):
        return _("{area} of the image, {across} across, {down} down").format(
            area=area, across=across, down=down
        )
    return _("{area} of the image, {across} across, {down} down, tilt {degrees:.0f}°").format(
        area=area, across=across, down=down, degrees=facts["lung tilt"]
    )
