"""Measuring the active model on local images, others beside it, and what that shows."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.evaluation import METRICS
from core.figures.calibration import reliability_diagram
from core.figures.curves import roc_curves
from core.figures.metric_intervals import subgroup_rates
from core.inference import AvailableModel, Reader
from core.site import (
    Group,
    LocalImages,
    SiteComparison,
    SiteMeasurement,
    compare_models,
    measure,
    p_text,
    read_local_images,
    readers_of,
    written_criteria,
)
from pages.shared.cautions import show_cautions
from pages.shared.charts import banded, choose_format, draw, offer_csv, offer_json
from pages.shared.failures import show_error
from pages.shared.key_figures import key_figures
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.tables import show_table
from pages.shared.texts import _, translated
from pages.site.errors import show_errors
from pages.site.images import nothing_chosen
from pages.site.models import choose_measurement, choose_models, model_titles, show_side_by_side
from pages.site.more_figures import show_more_figures
from pages.site.shift import show_shift
from pages.site.shortcuts import show_shortcuts

KEY = "site-measurement"  # in the session: the images that were measured last, and each model's measurement
CRITERIA_FIRST = _(
    "To accept the model, write your criteria down before you measure (section Accept): criteria "
    "that come after the measurement prove nothing."
)
P_VALUES = ("sensitivity_p", "specificity_p")
COLUMNS = {
    "column": _("Column"),
    "group": _("Group"),
    "images": _("Images"),
    "patients": _("Patients"),
    "sensitivity": _("Sensitivity"),
    "sensitivity_p": _("Sensitivity: p against the rest"),
    "specificity": _("Specificity"),
    "specificity_p": _("Specificity: p against the rest"),
}


def offer_measurement(local: LocalImages, model: AvailableModel) -> None:
    """A button that reads the images with the active model and those beside it, and measures them."""
    reader = Reader.of(model)
    try:
        if not written_criteria():
            st.caption(CRITERIA_FIRST)
    except UserError as error:
        show_error(error)
    others = choose_models(model)
    label = _("Measure {model} on {count:,} images").format(
        model=escaped(model_title(model)), count=len(local.table)
    )
    if st.button(label, type="primary", icon=":material/monitoring:", key="site-measure"):
        bar = st.progress(0.0, _("Reading images"))

        def progress(done: int, total: int) -> None:
            bar.progress(
                done / total, _("Reading images: {done:,} of {total:,}").format(done=done, total=total)
            )

        try:
            readers, problems = readers_of(others)
            readings = read_local_images(local, [reader, *readers], progress)
            comparison = compare_models(list(map(measure, readings)), problems)
            st.session_state[KEY] = _content(local), comparison
        except UserError as error:
            show_error(error)
        bar.empty()


def is_of(measurement: SiteMeasurement, active: AvailableModel) -> bool:
    """Whether the model that answers now was measured; if not, says so."""
    measured = measurement.readings.model
    if measured == str(active.identity):
        return True
    sentence = _("{active} answers now, but {measured} was measured. Measure again.").format(
        active=model_title(active), measured=model_titles(active).get(measured, measured)
    )
    st.info(escaped(sentence), icon=":material/info:")
    return False


def last_measurements(local: LocalImages | None) -> SiteComparison | None:
    """The last ones of this session, unless other images, or none that can be used, are chosen now."""
    content, comparison = st.session_state.get(KEY, (None, None))
    if local is None:
        return comparison if nothing_chosen() else None
    return comparison if content == _content(local) else None


def _content(local: LocalImages) -> int:
    """A number that differs between images that are not measured alike."""
    return hash((local.name, local.groups, local.table.to_csv()))


def show_measurements(comparison: SiteComparison, active: AvailableModel, local: LocalImages | None) -> None:
    """Every figure of one model, below the reasons why they may mislead; several models side by side.

    Args:
        comparison: to show.
        active: the model that answers now.
        local: the images that were measured; None where they are not chosen any more.
    """
    titles = model_titles(active)
    measurement = choose_measurement(comparison, titles)
    st.subheader(escaped(measurement.readings.name))
    model, threshold = measurement.readings.model, measurement.readings.threshold
    title = titles.get(model, model)
    st.caption(
        escaped(
            _("Model {model}, decision threshold {threshold:.1%}.").format(model=title, threshold=threshold)
        )
    )
    show_cautions([*measurement.cautions(), *measurement.readings.model_warnings])
    choose_format()
    show_side_by_side(comparison.named(titles))
    left, right = st.columns(2, gap="large")
    with left:
        _show_counts(measurement)
    if measurement.metrics is None:
        return
    with right:
        key_figures({title: measurement.metrics}, "site-metrics")
        if model == str(active.identity):
            st.caption(
                escaped(
                    _("Where it was trained. {sentence}").format(
                        sentence=translated(active.test_result_sentence())
                    )
                )
            )
    shown = measurement.named(title)
    _show_curves(shown)
    show_more_figures(shown)
    _show_groups(measurement)
    st.subheader(_("Weak slices"))
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in measurement.weak_slices.sentences()))
    files = list(local.table["file"]) if local else []
    show_shift(measurement.shift, files)
    shortcuts = show_shortcuts(measurement, active, files)
    show_errors(measurement, files)
    offer_json(
        measurement.values() | {"comparison": comparison.values(), "shortcuts": shortcuts}, "your-hospital"
    )


def _show_counts(measurement: SiteMeasurement) -> None:
    """What became of the images."""
    rows = [(translated(title), f"{count:,}") for title, count in measurement.counts.titled().items()]
    show_table(pd.DataFrame(rows, columns=["", _("Images")]))
    for sentence in measurement.readings.notes:
        st.caption(escaped(sentence))


def _show_curves(measurement: SiteMeasurement) -> None:
    """ROC and reliability, where there are images of both classes."""
    model, metrics = measurement.readings.model, measurement.metrics
    assert measurement.predictions is not None and metrics is not None
    left, right = st.columns(2, gap="large")
    if metrics["auc"] is not None:
        point = {model: (1 - metrics["specificity"], metrics["sensitivity"])}
        draw(roc_curves({model: banded(measurement.predictions, "roc")}, point), "site-roc", left)
    draw(reliability_diagram({model: measurement.reliability}), "site-reliability", right)
    if measurement.calibration:
        st.caption(escaped(measurement.calibration.sentence()))
    for sentence in measurement.zone_sentences():
        st.caption(escaped(sentence))


def _show_groups(measurement: SiteMeasurement) -> None:
    """Sensitivity and specificity in groups, with p values."""
    if not measurement.groups:
        return
    st.subheader(_("Groups"))
    rates = {
        column: [asdict(group) for group in measurement.groups if group.column == column]
        for column in measurement.readings.groups
    }
    for column, figure in subgroup_rates(rates).items():
        draw(figure, f"site-group-{column}")
    with st.expander(_("All groups, with p values")):
        show_table(_group_table(measurement.groups))
        st.caption(
            _(
                "Intervals: Wilson's 95%, by patient. P values: each group against the rest, Fisher's "
                "exact test of one image per patient, after Holm's correction for all of them."
            )
        )
    offer_csv(pd.DataFrame([asdict(group) for group in measurement.groups]), "groups")


def _group_table(groups: list[Group]) -> pd.DataFrame:
    """The groups as they are read: rates with intervals in per cent, a dash where there is nothing."""
    rows = [
        asdict(group)
        | {
            rate: METRICS[rate].text(getattr(group, rate), getattr(group, f"{rate}_interval"))
            for rate in ("sensitivity", "specificity")
        }
        | {key: p_text(p) if (p := getattr(group, key)) is not None else "–" for key in P_VALUES}
        for group in groups
    ]
    return pd.DataFrame(rows)[list(COLUMNS)].rename(columns=COLUMNS)
