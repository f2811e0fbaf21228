"""The label of one image: what readers said about it, and a form for another review."""

from datetime import datetime

import streamlit as st

from core.dataset import (
    EXCLUDED,
    MAX_READER,
    MAX_REASON,
    OUTCOMES,
    Dataset,
    counting_reviews,
    label_reviews,
    review_label,
    withdraw_reviews,
)
from core.roles import may
from pages.shared.failures import failures_shown
from pages.shared.markdown import escaped
from pages.shared.texts import _
from pages.shared.user import requires_sign_in, signed_in_user

READER = "label-reader"  # in the session: the form forgets its fields
UNDO = "published label"
HELP = _(
    "Kept with your name and reason, never in the data set. New runs train and validate on reviewed labels."
)


def offer_review(dataset: Dataset, row: int) -> None:
    """Draw the reviews of an image's label, and the form for those who may add one.

    Args:
        dataset: that the image belongs to.
        row: of the image.
    """
    image = dataset.table.iloc[[row]]
    reviews = label_reviews(image)
    for review in reviews.to_dict("records"):
        day = datetime.fromtimestamp(review["time"]).date().isoformat()
        sentence = (
            f"{day}, {review['reader']}: {review['published']} → {review['outcome']}. {review['reason']}"
        )
        st.caption(escaped(sentence))
    if not may(review_label):
        return
    outcomes = [*OUTCOMES, *([] if counting_reviews(reviews).empty else [UNDO])]
    published, digest = image["label"].iloc[0], image["sha256"].iloc[0]
    with (
        st.expander(_("Review this label"), icon=":material/rate_review:"),
        st.form(f"review-{digest[:16]}", border=False),
    ):
        outcome = st.segmented_control(
            _("Label"), outcomes, format_func=lambda name: _title(name, published), help=HELP
        )
        reader = _reader()
        reason = st.text_input(_("Reason"), max_chars=MAX_REASON)
        if st.form_submit_button(_("Save"), icon=":material/save:"):
            with failures_shown():
                _save(dataset, row, outcome, reader, reason)


def _title(outcome: str, published: str) -> str:
    """What choosing an outcome does."""
    titles = {
        published: _("Confirm {published}").format(published=published),
        EXCLUDED: _("Exclude the image"),
        UNDO: _("Undo all reviews"),
    }
    return titles.get(outcome, _("Change to {outcome}").format(outcome=outcome))


def _reader() -> str:
    """The name of who reviews: of the user who signed in, or as it is entered."""
    if requires_sign_in():
        return signed_in_user()
    return st.text_input(_("Your name"), st.session_state.get(READER, ""), max_chars=MAX_READER) or ""


def _save(dataset: Dataset, row: int, outcome: str | None, reader: str, reason: str) -> None:
    """Add the review and draw the page anew; UserError says what is missing."""
    if outcome == UNDO:
        withdraw_reviews(dataset, row, reader, reason)
    else:
        review_label(dataset, row, outcome or "", reader, reason)
    st.session_state[READER] = reader
    st.toast(_("Review saved."), icon=":material/rate_review:")
    st.rerun()
