"""The lungs of all images on the dataset page: found on request, then there to filter and outline."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.anatomy import DatasetLungs, dataset_lungs, lung_network, stored_lungs
from core.dataset import Dataset, Progress
from pages.shared.failures import failures_shown
from pages.shared.texts import _


def lungs_of(dataset: Dataset) -> DatasetLungs | None:
    """The lungs of the data set's images; None if they have not been found yet."""
    key = dataset.fingerprint, lung_network()
    lungs = _stored(*key, dataset)
    if lungs is None:
        _stored.clear(*key)  # they may be found any time
    return lungs


@st.cache_resource(show_spinner=False, max_entries=10)  # never modified, so it need not be copied
def _stored(fingerprint: str, network: str, _dataset: Dataset) -> DatasetLungs | None:
    return stored_lungs(_dataset)


def offer_lungs(dataset: Dataset) -> None:
    """A button that finds the lungs of all images."""
    if st.button(
        _("Find lungs"),
        icon=":material/pulmonology:",
        help=_(
            "Finds the lungs of all images, once; about a minute for 5,000 images. Then they can be "
            "outlined, and images filtered and sorted by area, position and tilt of their lungs."
        ),
    ):
        with failures_shown(), lung_progress() as progress:
            dataset_lungs(dataset, progress)
            st.rerun(scope="fragment")


@contextmanager
def lung_progress() -> Iterator[Progress]:
    """A progress bar for finding lungs, gone afterwards."""
    bar = st.progress(0.0, _("Finding lungs ..."))
    try:
        yield lambda done, total: bar.progress(
            done / total, _("Lungs of {done:,} of {total:,} images").format(done=done, total=total)
        )
    finally:
        bar.empty()
