"""The filters of the image browser."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import CLASS_NAMES
from core.dataset import ISSUES, SORT_ORDERS, Dataset, ImageFilter
from core.runs import bundled_runs, list_runs

NO_MODEL = "no model"
ANY_ISSUE = "all images"


@dataclass(frozen=True)
class Selection:
    """What the filters are set to.

    Attributes:
        filter: which images to show, in which order.
        model: the run and stage whose predictions are used, or `NO_MODEL`.
        issue: one of `core.dataset.ISSUES`, or `ANY_ISSUE`.
        side_by_side: show the two classes in two columns.
    """

    filter: ImageFilter
    model: str
    issue: str
    side_by_side: bool


def choose_filters(dataset: Dataset) -> Selection:
    """Draw the filters and read them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        present = set(dataset.table["split"].unique())
        splits = [split for split in ("train", "val", "test") if split in present]
        split = st.segmented_control("Split", splits, key="split", bind="query-params")
        label = st.segmented_control("Label", CLASS_NAMES, key="label", bind="query-params")
        order = st.selectbox("Sort by", SORT_ORDERS, key="order", width=150)
        descending = st.toggle("Descending", key="descending")
        side_by_side = st.toggle(
            "Side by side",
            key="side-by-side",
            help="Normal on the left, pneumonia on the right.",
            disabled=bool(label),
        )
    with st.expander("More filters", icon=":material/filter_list:"):
        first, second, third = st.columns(3)
        causes = sorted(dataset.table["cause"].unique())
        cause = first.segmented_control("Cause", causes, key="cause")
        patient = first.text_input("Patient", key="patient", placeholder="Part of the name").strip()
        min_side = second.number_input("Minimum width and height", 0, 10_000, 0, 64, key="min-side")
        issue = second.selectbox(
            "Issue",
            [ANY_ISSUE, *ISSUES],
            key="issue",
            help="Show only the images that this check of the audit lists.",
        )
        model, predicted, correct = _model_filters(third)
    image_filter = ImageFilter(split, label, cause, patient, min_side, predicted, correct, order, descending)
    return Selection(image_filter, model, issue, side_by_side and not label)


def _model_filters(column: DeltaGenerator) -> tuple[str, str | None, bool | None]:
    """The model, the predicted label and whether it is correct; None for those that are not filtered by."""
    model = column.selectbox(
        "Model", [NO_MODEL, *_models()], key="model", help="Filter by this model's predictions."
    )
    disabled = model == NO_MODEL
    predicted = column.segmented_control("Predicted label", CLASS_NAMES, key="predicted", disabled=disabled)
    correct = column.segmented_control(
        "Prediction is", ["correct", "wrong"], key="correct", disabled=disabled
    )
    if disabled:
        return model, None, None
    return model, predicted, None if correct is None else correct == "correct"


def _models() -> list[str]:
    """Every evaluated stage of every run."""
    runs = [*list_runs(), *bundled_runs()]
    return [f"{run.name} · stage {stage}" for run in runs for stage in sorted(run.results.evaluation())]
