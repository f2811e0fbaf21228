"""Results of `python -m core batch`: filtered, sorted, a page at a time."""

import numpy as np
import pandas as pd
import streamlit as st

from core.batch import (
    ORDERS,
    BatchJob,
    matching_rows,
    open_batch,
    results_at,
    results_csv,
    thumbnails,
)
from core.errors import UserError
from core.inference import FINDINGS
from pages.diagnosis.finding import UNREADABLE
from pages.diagnosis.worklist import show_results
from pages.shared.failures import show_error
from pages.shared.one_of import one_of
from pages.shared.stored_texts import recognized
from pages.shared.table_images import THUMBNAIL_SIDE
from pages.shared.tables import Picture
from pages.shared.texts import _

PAGE_SIZE = 25  # images
FILTER_TITLES = {
    "all": _("all"),
    "pneumonia": _("pneumonia"),
    "no pneumonia": _("no pneumonia"),
    "with warnings": _("with warnings"),
    "withheld": _("withheld"),
    "unreadable": _("unreadable"),
}
ORDER_TITLES = {
    "highest probability": _("highest probability"),
    "lowest probability": _("lowest probability"),
    "closest to the threshold": _("closest to the threshold"),
    "path": _("path"),
}


def batch_view() -> None:
    """Ask for the folder of a batch job and show its results."""
    with st.expander(_("Batch predictions"), icon=":material/inventory_2:", key="batch-box"):
        folder = st.text_input(
            _("Results folder"),
            key="batch",
            placeholder="/home/.../results",
            help=_(
                "The folder that a batch job writes its results into; the job may still be running. See "
                "*batch* in the documentation of the command line."
            ),
        ).strip()
        if not folder:
            return
        try:
            _results(open_batch(folder))
        except UserError as error:
            show_error(error)


def _results(job: BatchJob) -> None:
    processed = job.processed_count()
    st.caption(
        _("{processed:,} of {image_count:,} images processed.").format(
            processed=processed, image_count=job.image_count()
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = one_of(_("Show"), FILTER_TITLES, default="all", key="batch-filter", wrap=True)
        order = st.selectbox(
            _("Sort by"), ORDERS, format_func=ORDER_TITLES.__getitem__, key="batch-order", width=220
        )
        text = st.text_input(_("Path contains"), key="batch-text", width=200).strip()
    begun = job.manifest.stat().st_mtime_ns  # written once, as the job begins
    matches = _matching_rows(str(job.path), begun, processed, name, order, text)
    if not len(matches):
        st.caption(_("No images match."))
        return
    pages = -(-len(matches) // PAGE_SIZE)
    number = st.pagination(pages, key=f"batch-page-{name}-{order}-{text}") if pages > 1 else 1
    results = results_at(job, name, text, matches[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    table = pd.DataFrame(
        {
            "Image": [
                picture and Picture(picture)
                for picture in thumbnails(job, [result["path"] for result in results], THUMBNAIL_SIDE)
            ],
            "File": [result["path"] for result in results],
            "Finding": [_finding(result) for result in results],
            "Probability": [result["calibrated"] for result in results],
            "Warnings": [_warnings(result) for result in results],
            "Header": [_header(result) for result in results],
        }
    )
    show_results(table)
    st.caption(_("{count:,} images. Model: {model}.").format(count=len(matches), model=results[0]["model"]))
    st.download_button(
        _("Download as CSV"),
        lambda: results_csv(job, name, text),
        "predictions.csv",
        icon=":material/download:",
        on_click="ignore",
        key="batch-csv",
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _matching_rows(
    folder: str, begun: int, processed: int, filter_name: str, order: str, text: str
) -> np.ndarray:
    """Cached until more images are processed, or another job begins in the folder."""
    return matching_rows(open_batch(folder), filter_name, order, text)


def _finding(result: dict) -> str:
    if result["error"]:
        return UNREADABLE
    if result["withheld"]:
        return _("Withheld: {withheld}").format(withheld=recognized(result["withheld"]))
    return FINDINGS[result["label"]]


def _warnings(result: dict) -> str:
    """What was said of an image, in the language of the page; the file holds it in English."""
    return " ".join(map(recognized, [result["error"]] if result["error"] else result["warnings"] or ()))


def _header(result: dict) -> str:
    return " · ".join(result[name] for name in ("modality", "view", "age", "sex") if result[name])
