"""The dataset page: the images, what the model sees of them, their distributions, and the audit."""

import pandas as pd
import streamlit as st

from core.dataset import Dataset, counts, label_reviews, review_counts
from core.evaluation import patient_groups
from core.figures.dataset import class_balance
from pages.dataset.audit import show_audit
from pages.dataset.augmentation import show_augmentation
from pages.dataset.browse import browse
from pages.dataset.distributions import show_distributions
from pages.shared.charts import in_language
from pages.shared.dataset_picker import choose_dataset
from pages.shared.header import header
from pages.shared.markdown import escaped
from pages.shared.one_of import one_of
from pages.shared.tables import show_table
from pages.shared.texts import _, ngettext

SECTIONS = {
    "Images": _("Images"),
    "What the model sees": _("What the model sees"),
    "Distributions": _("Distributions"),
    "Audit": _("Audit"),
}


def main() -> None:
    """Choose a data set, then show one section of it."""
    header(
        _("Dataset"),
        _("The images that models are trained and tested on: look, filter, audit."),
        _(
            "Click an image to see it in full. A filtered selection can be saved as a cohort, for "
            "training and comparison. The audit lists what may mislead a model."
        ),
    )
    dataset = choose_dataset()
    if dataset is None:
        return
    if dataset.synthetic:
        st.warning(
            _(
                "**SYNTHETIC** data set: a program drew these images. They show how the app works and "
                "prove nothing about real X-rays."
            ),
            icon=":material/draw:",
        )
    overview(dataset)
    section = one_of(
        _("Section"),
        SECTIONS,
        default="Images",
        key="section",
        bind="query-params",
        label_visibility="collapsed",
    )
    if section == "Distributions":
        counted = summary(dataset.fingerprint, dataset)["counts"]
        st.plotly_chart(in_language(class_balance(counted)), config={"displaylogo": False})
        show_distributions(dataset)
    elif section == "Audit":
        show_audit(dataset)
    elif section == "What the model sees":
        show_augmentation(dataset)
    else:
        browse(dataset)


def overview(dataset: Dataset) -> None:
    """Numbers of images and patients, and problems with the data set, in a line."""
    images, patients = len(dataset.table), summary(dataset.fingerprint, dataset)["patients"]
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(
            _("**{images:,}** images of **{patients:,}** patients").format(images=images, patients=patients),
            width="content",
        )
        if dataset.problems:
            with st.popover(_problems_title(dataset), icon=":material/warning:"):
                show_table(pd.DataFrame(dataset.problems, columns=[_("File"), _("Problem")]))
        else:
            st.caption(_(":material/check_circle: No problems found."), width="content")
    if len(reviews := label_reviews(dataset.table)):
        st.caption(review_counts(reviews))
    for sentence in dataset.passed_over:
        st.caption(escaped(sentence))


def _problems_title(dataset: Dataset) -> str:
    count = len(dataset.problems)
    return ngettext("{count} problem found", "{count} problems found", count).format(count=count)


@st.cache_data(show_spinner=False, max_entries=20)
def summary(fingerprint: str, _dataset: Dataset) -> dict:
    """Counts of a data set, computed once rather than in every rerun."""
    patients = patient_groups(_dataset.table, "path").nunique()
    return {"counts": counts(_dataset), "patients": patients}


main()
