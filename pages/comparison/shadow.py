"""The shadow section: shadow models beside the active model, and the images whose label changed."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from core.comparison import EvaluatedStage, ModelComparison
from core.dataset import Dataset
from core.errors import UserError
from core.images import jpeg_data_url
from core.shadow import SHOWN_DIGITS, ShadowComparison, ShadowReport, shadow_reports
from pages.comparison.stage_images import images_of
from pages.diagnosis import session_thumbnails
from pages.shared.markdown import escaped
from pages.shared.table_images import THUMBNAIL_SIDE
from pages.shared.tables import Picture, show_table
from pages.shared.technical_details import technical_details
from pages.shared.texts import _
from pages.shared.times import local_times

MAX_SHOWN = 100  # images whose label changed


def show_shadow(comparison: ModelComparison) -> None:
    """A report for each shadow model."""
    st.caption(
        _(
            "A shadow model reads what the active model reads: on the Diagnosis page, in the API, in the "
            "DICOM node and in batches. It runs in the background at the lowest priority; what it says "
            "is never given as an answer."
        )
    )
    reports = shadow_reports()
    if not reports:
        st.info(
            _("No model is a shadow. Make one in the section Promotion."),
            icon=":material/info:",
        )
        technical_details(_("The same from a terminal"), "python -m core models shadow NAME")
    for report in reports:
        _show(report, comparison.stages)


def _show(report: ShadowReport, stages: list[EvaluatedStage]) -> None:
    st.subheader(escaped(report.shadow), anchor=False)
    if not report.comparisons:
        st.caption(_("It has read no image yet."))
    for comparison in report.comparisons:
        st.markdown(_("Beside **{model}**").format(model=escaped(comparison.active)))
        _figures(comparison)
        _changed(comparison, stages)
    for reason, images in report.missed.items():
        st.caption(escaped(_("Not read {images:,}: {reason}").format(images=images, reason=reason)))


def _figures(comparison: ShadowComparison) -> None:
    low, high = comparison.interval
    figures = {
        _("Images read by both"): f"{comparison.images:,}",
        _("Same label"): f"{comparison.agreed / comparison.images:.1%}",
        _("Label changed"): f"{len(comparison.changed):,}",
        _("Pneumonia, active"): f"{comparison.predicted_positive('active') / comparison.images:.1%}",
        _("Pneumonia, shadow"): f"{comparison.predicted_positive('shadow') / comparison.images:.1%}",
    }
    with st.container(horizontal=True):
        for title, figure in figures.items():
            st.metric(title, figure, width=170)
    st.caption(_("95% interval of the same label: {low:.1%} to {high:.1%}.").format(low=low, high=high))


def _changed(comparison: ShadowComparison, stages: list[EvaluatedStage]) -> None:
    """The images whose label changed; each with its picture where that is at hand."""
    rows = comparison.changed.head(MAX_SHOWN)
    if rows.empty:
        return
    urls, labels = _at_hand(list(rows["sha256"]), stages)
    pictures = {digest: Picture(url) for digest, url in urls.items()}
    table = pd.DataFrame(
        {
            _("Image"): [pictures.get(digest) for digest in rows["sha256"]],
            _("True label"): [labels.get(digest, _("unknown")) for digest in rows["sha256"]],
            _("Active"): _answers(rows, "active"),
            _("Shadow"): _answers(rows, "shadow"),
            _("Time"): local_times(rows["time"]),
            "SHA-256": rows["sha256"].str[:SHOWN_DIGITS].to_numpy(),
        }
    )
    show_table(table)
    count = len(comparison.changed)
    sentences = [_("Label changed: {count:,} images, the latest first.").format(count=count)]
    if count > MAX_SHOWN:
        sentences.append(_("The table holds the latest {shown}.").format(shown=MAX_SHOWN))
    sentences.append(
        _(
            "They are shown where they are in the data set of the models above, or among this session's "
            "uploads."
        )
    )
    st.caption(" ".join(sentences))


def _answers(rows: pd.DataFrame, role: str) -> list[str]:
    labels, probabilities = rows[f"{role}_label"], rows[f"{role}_probability"]
    return [f"{label} {probability:.1%}" for label, probability in zip(labels, probabilities, strict=True)]


def _at_hand(digests: list[str], stages: list[EvaluatedStage]) -> tuple[dict[str, str], dict[str, str]]:
    """Pictures, as data URLs, and true labels of those images that are at hand, by digest."""
    pictures, labels = session_thumbnails(), {}
    for dataset in _datasets(stages):
        known = dataset.table[dataset.table["sha256"].isin(digests)]
        for row, digest, label in zip(known.index, known["sha256"], known["label"], strict=True):
            pictures[digest] = jpeg_data_url(dataset.pixels[row], THUMBNAIL_SIDE)
            labels[digest] = label
    return pictures, labels


def _datasets(stages: list[EvaluatedStage]) -> list[Dataset]:
    """The data sets of the compared models that are on this computer."""
    datasets = []
    for stage in {stage.data: stage for stage in stages}.values():
        with suppress(UserError):  # not here
            datasets.append(images_of(stage))
    return datasets
