"""The filters of the image browser."""

from dataclasses import dataclass

import streamlit as st

from core.anatomy import LUNG_ISSUES
from core.config import CLASS_NAMES
from core.dataset import ISSUES, LUNG_AGREEMENT, LUNG_COLUMNS, SORT_ORDERS, Dataset, ImageFilter
from core.inference import CONTRADICTED
from core.runs import all_runs
from pages.dataset.drawn_lungs import drawn_lungs_of, offer_masks
from pages.dataset.lungs import lungs_of, offer_lungs
from pages.shared.texts import _, capitalized

NO_MODEL = _("no model")
STAGE = " · stage "  # between the names of a run and of its stage
ANY_ISSUE = _("all images")
SPLITS = {"train": _("train"), "val": _("val"), "test": _("test")}
ORDERS = {
    "path": _("path"),
    "split": _("split"),
    "label": _("label"),
    "cause": _("cause"),
    "patient": _("patient"),
    "width": _("width"),
    "height": _("height"),
    "brightness": _("brightness"),
    "contrast": _("contrast"),
    "probability": _("probability"),
    "issue": _("issue"),
    "lung area": _("lung area"),
    "lungs across": _("lungs across"),
    "lungs down": _("lungs down"),
    "lung tilt": _("lung tilt"),
    LUNG_AGREEMENT: _("lung agreement"),
}
ISSUE_TITLES = {
    ANY_ISSUE: ANY_ISSUE,
    "byte-identical": _("byte-identical"),
    "nearly identical": _("nearly identical"),
    "patient in training and test": _("patient in training and test"),
    "colour": _("colour"),
    "marker at the border": _("marker at the border"),
    "unusual size": _("unusual size"),
    "possibly mislabelled": _("possibly mislabelled"),
    "label reviewed": _("label reviewed"),
    CONTRADICTED: _("contradicted by a reader"),
    "no plausible lungs": _("no plausible lungs"),
    "lungs cut off": _("lungs cut off"),
}
CORRECT = {"correct": _("correct"), "wrong": _("wrong")}
LUNG_RANGES = {  # highest value of the slider, of the column, format and meaning
    "lung area": (100, 1, "%d%%", _("Area of both lungs as a share of the image.")),
    "lungs across": (100, 1, "%d%%", _("Centre of the lungs' box; 0% is the left border of the image.")),
    "lungs down": (100, 1, "%d%%", _("Centre of the lungs' box; 0% is the upper border of the image.")),
    "lung tilt": (
        180,
        180,
        "%d°",
        _("Angle by which the lungs are tilted; 0° is upright, 180° upside down."),
    ),
    LUNG_AGREEMENT: (
        100,
        1,
        "%d%%",
        _("Dice coefficient of drawn and found lungs; 100% where they are the same."),
    ),
}


@dataclass(frozen=True)
class Selection:
    """What the filters are set to.

    Attributes:
        filter: which images to show, in which order.
        model: the run and stage whose predictions are used, or `NO_MODEL`.
        issue: one of `core.dataset.ISSUES` or, where lungs are found, of `core.anatomy.LUNG_ISSUES`; or
            `CONTRADICTED`, or `ANY_ISSUE`.
        side_by_side: show the two classes in two columns.
        outlines: draw the outlines of the lungs that were found.
        drawn_outlines: draw the outlines of the lungs that people drew.
    """

    filter: ImageFilter
    model: str
    issue: str
    side_by_side: bool
    outlines: bool
    drawn_outlines: bool


def choose_filters(dataset: Dataset) -> Selection:
    """Draw the filters and read them."""
    lungs, drawn = lungs_of(dataset), drawn_lungs_of(dataset)
    columns = _lung_columns(lungs is not None, drawn is not None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        present = set(dataset.table["split"].unique())
        splits = [split for split in SPLITS if split in present]
        split = st.segmented_control(
            _("Split"), splits, format_func=SPLITS.__getitem__, key="split", bind="query-params"
        )
        label = st.segmented_control(_("Label"), CLASS_NAMES, key="label", bind="query-params")
        order = st.selectbox(
            _("Sort by"), (*SORT_ORDERS, *columns), format_func=ORDERS.__getitem__, key="order", width=150
        )
        descending = st.toggle(_("Descending"), key="descending")
        side_by_side = st.toggle(
            _("Side by side"),
            key="side-by-side",
            help=_("Normal on the left, pneumonia on the right."),
            disabled=bool(label),
        )
        if lungs is None:
            offer_lungs(dataset)
        outlines = lungs is not None and st.toggle(
            _("Lungs"), key="outlines", help=_("Outlines of the lungs.")
        )
        drawn_outlines = drawn is not None and st.toggle(
            _("Drawn lungs"), key="drawn-outlines", help=_("Outlines of the lungs that people drew.")
        )
        offer_masks(dataset, drawn)
        with st.popover(_("More filters"), icon=":material/filter_list:"):
            causes = sorted(dataset.table["cause"].unique())
            cause = st.segmented_control(_("Cause"), causes, key="cause")
            patient = st.text_input(_("Patient"), key="patient", placeholder=_("Part of the name")).strip()
            min_side = st.number_input(_("Minimum width and height"), 0, 10_000, 0, 64, key="min-side")
            issue = st.selectbox(
                _("Issue"),
                [ANY_ISSUE, *ISSUES, CONTRADICTED, *(LUNG_ISSUES if lungs else ())],
                format_func=ISSUE_TITLES.__getitem__,
                key="issue",
                help=_("Show only the images that this check of the audit lists."),
            )
            model, predicted, correct = _model_filters()
            ranges = _lung_ranges(columns)
    image_filter = ImageFilter(
        split, label, cause, patient, min_side, predicted, correct, ranges, order, descending
    )
    return Selection(image_filter, model, issue, side_by_side and not label, outlines, drawn_outlines)


def _lung_columns(are_found: bool, are_drawn: bool) -> tuple[str, ...]:
    """The columns of lungs that the table has."""
    if not are_found:
        return ()
    return (*LUNG_COLUMNS, LUNG_AGREEMENT) if are_drawn else LUNG_COLUMNS


def _lung_ranges(columns: tuple[str, ...]) -> tuple[tuple[str, float, float], ...]:
    """The ranges of columns of lungs that were narrowed."""
    ranges = []
    for name in columns:
        highest, highest_value, shown_as, meaning = LUNG_RANGES[name]
        full = (0, highest)
        chosen = st.slider(
            capitalized(ORDERS[name]), *full, full, format=shown_as, key=f"range-{name}", help=meaning
        )
        if chosen != full:
            scale = highest / highest_value
            ranges.append((name, chosen[0] / scale, chosen[1] / scale))
    return tuple(ranges)


def _model_filters() -> tuple[str, str | None, bool | None]:
    """The model, the predicted label and whether it is correct; None for those that are not filtered by."""
    model = st.selectbox(
        _("Model"),
        [NO_MODEL, *_models()],
        format_func=_model_title,
        key="model",
        help=_("Filter by this model's predictions."),
    )
    disabled = model == NO_MODEL
    predicted = st.segmented_control(_("Predicted label"), CLASS_NAMES, key="predicted", disabled=disabled)
    correct = st.segmented_control(
        _("Prediction is"), list(CORRECT), format_func=CORRECT.__getitem__, key="correct", disabled=disabled
    )
    if disabled:
        return model, None, None
    return model, predicted, None if correct is None else correct == "correct"


def _model_title(model: str) -> str:
    if model == NO_MODEL:
        return model
    run, stage = model.rsplit(STAGE, 1)
    return _("{run} · stage {stage}").format(run=run, stage=stage)


def _models() -> list[str]:
    """Every evaluated stage of every run."""
    return [f"{run.name}{STAGE}{stage}" for run in all_runs() for stage in sorted(run.results.evaluation())]
