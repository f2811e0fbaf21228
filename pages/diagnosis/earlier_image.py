"""An earlier X-ray of the patient, to stand beside the present one: uploaded, or from the PACS.

The PACS is asked in the background, when a result is shown: however slow it is, the result is there.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from core.dicom_node import earlier_image, priors_server
from core.errors import UserError
from core.images import Image, ImageError, decode_safely, is_dicom
from pages.diagnosis.entries import Entry, entries
from pages.shared.failures import sentence
from pages.shared.markdown import escaped
from pages.shared.texts import _
from pages.shared.user import is_known

POLL_S = 1.0
_searches = ThreadPoolExecutor(2, "priors")  # at a time, of all sessions


def earlier_xray(entry: Entry, image: Image) -> Image | None:
    """The newest earlier image of the same patient, as far as it is known by now."""
    candidates = (_uploaded(image), _from_pacs(_search(entry, image)))
    return max(filter(None, candidates), key=lambda item: item.acquired, default=None)


def tell_search(entry: Entry) -> None:
    """What came of asking the PACS, in a line; the page is drawn again once it has answered."""
    search = entry.prior
    if search is None:
        return
    if not search.done():
        _wait(search)
    elif error := search.exception():
        failure = sentence(error) if isinstance(error, UserError | OSError) else _("Asking the PACS failed.")
        with st.container(horizontal=True, vertical_alignment="center", key="search-failed"):
            st.caption(escaped(failure), width="content")
            st.button(_("Ask again"), icon=":material/refresh:", type="tertiary", on_click=entry.forget_prior)
    elif search.result():
        st.caption(_("The PACS has an earlier X-ray of this patient."))
    else:
        st.caption(_("No earlier frontal chest X-ray of this patient among the newest in the PACS."))


@st.fragment(run_every=POLL_S)
def _wait(search: Future) -> None:
    if search.done():
        st.rerun()
    st.caption(_("Asking the PACS for an earlier X-ray ..."))


def _search(entry: Entry, image: Image) -> Future | None:
    """The search for an image, which begins when it is first asked for; None where nothing is asked."""
    is_dated = bool(image.patient_digest and image.acquired)
    if entry.prior is None and is_dated and _may_ask() and is_dicom(entry.upload.data()):
        entry.prior = _searches.submit(_asked, entry.upload.data(), image)
    return entry.prior


def _asked(data: bytes, image: Image) -> Image | None:
    prior = earlier_image(data, image)
    return prior.image if prior else None


def _may_ask() -> bool:
    """Whether a server is named, and the visitor has signed in or sits at this computer.

    Whoever makes up a header can see the X-ray of any patient whose ID and birth date she knows.
    """
    if not is_known():
        return False
    try:
        return bool(priors_server())
    except UserError:
        return True  # the search says what is wrong


def _from_pacs(search: Future[Image | None] | None) -> Image | None:
    if search is None or not search.done() or search.exception():
        return None
    return search.result()


def _uploaded(image: Image) -> Image | None:
    """The previous image of the same patient in this session."""
    if not (image.patient_digest and image.acquired):
        return None
    before = [
        (reading.image.acquired, entry)
        for entry in entries().values()
        for reading in entry.readings.values()
        if reading.image.patient_digest == image.patient_digest
        and "" < reading.image.acquired < image.acquired
    ]
    if not before:
        return None
    entry = max(before, key=lambda item: item[0])[1]
    try:
        return decode_safely(entry.upload.data(), entry.upload.name)
    except ImageError:
        return None
