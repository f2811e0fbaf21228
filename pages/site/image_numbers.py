"""How many labelled images it takes, and what those at hand can show."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.site import Expectations, LocalImages, evidence, required_images
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.texts import _

DEFAULTS = Expectations()
PERCENTAGES = {  # name, title, lowest, highest, step
    "sensitivity": (_("Expected sensitivity, %"), 50.0, 100.0, 1.0),
    "specificity": (_("Expected specificity, %"), 50.0, 100.0, 1.0),
    "prevalence": (_("Images with pneumonia, %"), 0.5, 99.0, 1.0),
    "width": (_("Interval width, points"), 1.0, 60.0, 1.0),
    "margin": (_("Margin, points"), 0.5, 30.0, 0.5),
}
HELP = {
    "width": _("Of the 95% intervals, from the lower to the upper end, in percentage points."),
    "margin": _("By how much a rate or the ROC AUC may be lower without counting as inferior."),
}


def show_numbers(local: LocalImages | None) -> None:
    """Ask what is expected and tell what that takes."""
    with st.container(key="site-expected"):
        columns = dict(
            zip(PERCENTAGES, st.columns(len(PERCENTAGES), vertical_alignment="bottom"), strict=True)
        )
        shares = {name: _percentage(column, name) / 100 for name, column in columns.items()}
        left, right, _margin = st.columns([1, 1, 3])
    positives, negatives = _at_hand(local)
    key = f"{positives}-{negatives}"  # other images start with their own numbers
    positives = left.number_input(_("PNEUMONIA at hand"), 0, 10**6, positives, key=f"site-positives-{key}")
    negatives = right.number_input(_("NORMAL at hand"), 0, 10**6, negatives, key=f"site-negatives-{key}")
    try:
        expected = Expectations(**shares)
        required = required_images(expected)
    except UserError as error:
        show_error(error)
        return
    needed = required.for_width
    st.subheader(
        _("You need {positives:,} images with pneumonia and {negatives:,} without").format(
            positives=needed["sensitivity"], negatives=needed["specificity"]
        )
    )
    _listed(required.sentences())
    if positives or negatives:
        st.subheader(_("What the images at hand can show"))
        _listed(evidence(expected, positives, negatives).sentences())


def _percentage(column: DeltaGenerator, name: str) -> float:
    """One of the expectations in per cent."""
    title, lowest, highest, step = PERCENTAGES[name]
    value = 100 * getattr(DEFAULTS, name)
    given = column.number_input(
        title, lowest, highest, value, step, "%.1f", key=f"site-{name}", help=HELP.get(name)
    )
    return value if given is None else given


def _at_hand(local: LocalImages | None) -> tuple[int, int]:
    """PNEUMONIA and NORMAL images that the user has brought."""
    if local is None:
        return 0, 0
    positives = int((local.table["label"] == CLASS_NAMES[POSITIVE]).sum())
    return positives, len(local.table) - positives


def _listed(sentences: list[str]) -> None:
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in sentences))
