"""Whether labels and results may rest on something other than the lungs, tested on demand."""

import numpy as np
import pandas as pd
import streamlit as st

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.figures.image_map import image_map
from core.inference import AvailableModel, Reader
from core.site import SiteMeasurement, SiteShortcuts, blinded, find_site_shortcuts, other_models, readers_of
from pages.shared.charts import draw
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.occlusion import show_heat_shares, show_occlusion
from pages.shared.one_of import one_of
from pages.shared.texts import _
from pages.site.errors import BLIND
from pages.site.thumbnails import show_thumbnails

KEY = "site-shortcuts"  # in the session: a measurement that was tested, and what came of it
MAX_SHOWN = 24
LABELS, ERRORS = "label", "error"
COLOURS = {LABELS: _("label"), ERRORS: _("error")}


def show_shortcuts(measurement: SiteMeasurement, active: AvailableModel, files: list[str]) -> dict | None:
    """A button for the tests; then the shortcut baselines, the occlusion test, and the map of the images.

    Args:
        measurement: of the model.
        active: the model that answers now.
        files: paths of its images; none where they are not chosen any more.

    Returns:
        What came of the tests as plain values; None before they have run.
    """
    if measurement.predictions is None:
        return None
    st.subheader(_("Shortcuts"))
    tested, shortcuts = st.session_state.get(KEY, (None, None))
    if shortcuts is None or tested is not measurement:
        _offer(measurement, active, files)
        return None
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in shortcuts.baseline_sentences()))
    for note in shortcuts.notes():
        st.caption(escaped(note))
    show_occlusion(shortcuts.effect_table(), "your-hospital")
    show_heat_shares(shortcuts.heat_table(), "your-hospital")
    _show_map(shortcuts, measurement.readings.threshold, files)
    return shortcuts.values()


def _offer(measurement: SiteMeasurement, active: AvailableModel, files: list[str]) -> None:
    """The button, and the tests behind a progress bar."""
    count = len(measurement.predictions or [])
    if not files:
        st.caption(_("Choose the images to test what the results rest on."))
        return
    st.caption(
        _(
            "Whether your labels can be told without the lungs (shortcut baselines), what hiding parts of "
            "the images does to the model (occlusion test), where its heat maps lie, and a map of the "
            "images as the model sees them."
        )
    )
    if not st.button(
        _("Test for shortcuts on {count:,} images").format(count=count),
        icon=":material/visibility_off:",
        key="site-test-shortcuts",
        help=_("Takes up to 0.4 seconds of processor time per image; each is decoded again."),
    ):
        return
    bar = st.progress(0.0, _("Loading ..."))

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, _("{done:,} of {total:,} images").format(done=done, total=total))

    try:
        reader = _reader(measurement.readings.model, active)
        shortcuts = find_site_shortcuts(measurement, files, reader, progress)
    except UserError as error:
        bar.empty()
        show_error(error)
        return
    st.session_state[KEY] = measurement, shortcuts
    st.rerun()


def _reader(model: str, active: AvailableModel) -> Reader:
    """The reader of a model that was measured; raises UserError if it has gone meanwhile."""
    if model == str(active.identity):
        return Reader.of(active)
    others = [item for item in other_models(active.identity).values() if str(item.model.identity) == model]
    readers, problems = readers_of(others)
    if not readers:
        gone = _("{model} is not there any more.").format(model=model)
        raise UserError(problems[0] if problems else gone)
    return readers[0]


@st.fragment
def _show_map(shortcuts: SiteShortcuts, threshold: float, files: list[str]) -> None:
    """The images in the model's last hidden layer, selectable with a lasso."""
    mapped = shortcuts.map()
    if mapped is None:
        return
    st.subheader(_("Map of the images"))
    table, shares = mapped
    color = one_of(_("Colour by"), COLOURS, default=LABELS, key="site-map-colour", wrap=True)
    wrong = shortcuts.predictions.wrong_at(threshold)
    kinds = np.where(table["label"] == CLASS_NAMES[POSITIVE], _("false negative"), _("false positive"))
    groups = {LABELS: table["label"], ERRORS: pd.Series(np.where(wrong, kinds, _("correct")), table.index)}
    figure = image_map(table, groups[color], shares)
    drawn = draw(figure, "site-map", on_select="rerun", selection_mode=("points", "lasso", "box"))
    selected = {point["customdata"][0] for point in drawn.selection["points"]}
    st.caption(
        _(
            "Draw a line around images, or click one, to see them. Images that lie close together "
            "look similar to the model."
        )
    )
    if selected and st.toggle(_("Show the selected images"), key="site-map-images", help=BLIND):
        _show_selected(table[table["path"].isin(selected)].head(MAX_SHOWN), blinded(files))


def _show_selected(rows: pd.DataFrame, by_digest: dict[str, str]) -> None:
    """Images of the map with label and probability."""
    images = zip(rows["path"], rows["label"], rows["probability"], strict=True)
    show_thumbnails(
        (by_digest[sha256], f"{label}, {probability:.0%}")
        for sha256, label, probability in images
        if sha256 in by_digest
    )
