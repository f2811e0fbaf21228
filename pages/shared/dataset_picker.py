"""Choosing a data set, on every page that works with one."""

from pathlib import Path

import streamlit as st

from core import config
from core.dataset import (
    Dataset,
    Progress,
    import_zip,
    known_folders,
    open_dataset,
    write_synthetic_dataset,
)
from core.errors import UserError
from core.roles import may
from pages.shared.failures import show_error
from pages.shared.get_data import CHOSEN, get_data, import_with_progress
from pages.shared.opened_datasets import opened_datasets
from pages.shared.texts import _
from pages.shared.user import offered

SYNTHETIC_FOLDER = "demo"


def choose_dataset() -> Dataset | None:
    """Let the user choose a data set; None until a usable one is chosen."""
    folders = [str(folder) for folder in known_folders()]
    if CHOSEN in st.session_state:
        st.session_state["dataset"] = st.session_state.pop(CHOSEN)
    chosen = st.session_state.get("dataset")
    if chosen and chosen not in folders:
        folders.insert(0, chosen)
    left, right = st.columns([2, 1], vertical_alignment="bottom")  # one below the other on a narrow screen
    chosen = left.selectbox(
        _("Data set folder"),
        folders,
        index=0 if folders else None,
        key="dataset",
        accept_new_options=True,
        placeholder=_("Choose a folder, or type its path on this computer"),
        help=_(
            "The folder that contains train/ and test/, each with NORMAL/ and PNEUMONIA/. Its contents "
            "are never changed."
        ),
    )
    row = right.container(horizontal=True)
    if may(import_zip) and row.button(_("Get data"), icon=":material/add:"):
        get_data()
    if not chosen:
        _offer_synthetic()
        return None
    if row.button(_("Reload"), icon=":material/refresh:"):
        opened_datasets().pop(chosen, None)
    try:
        return opened(chosen)
    except UserError as error:
        show_error(error)
        _offer_synthetic()
        return None


def opened(folder: str) -> Dataset:
    """The data set in `folder`, opened once for all sessions.

    Raises:
        UserError: it cannot be used.
    """
    datasets = opened_datasets()
    if folder not in datasets:
        bar = st.progress(0.0, _("Reading the folder ..."))

        def show(done: int, total: int) -> None:
            bar.progress(
                done / total, _("Decoding images: {done:,} of {total:,}").format(done=done, total=total)
            )

        try:
            datasets[folder] = open_dataset(folder, show)
        finally:
            bar.empty()
    return datasets[folder]


def _offer_synthetic() -> None:
    if not offered(write_synthetic_dataset, _("Getting a data set")):
        return
    st.info(
        _(
            "Choose the folder of the chest X-ray data set (Kermany et al. 2018), click Get data, or "
            "start with a synthetic data set that is drawn in a few seconds."
        ),
        icon=":material/arrow_forward:",
    )
    if st.button(_("Use the synthetic data set"), type="primary", icon=":material/draw:"):
        import_with_progress(_("Drawing synthetic X-rays ..."), _synthetic)


def _synthetic(_show: Progress) -> Path:
    folder = config.data_folder() / SYNTHETIC_FOLDER
    return folder if folder.exists() else write_synthetic_dataset(folder)
