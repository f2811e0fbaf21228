"""Choosing a data set, on every page that works with one."""

import streamlit as st

from core import config
from core.dataset import Dataset, known_folders, open_dataset, write_demo
from core.errors import UserError

DEMO = "demo"


def choose_dataset() -> Dataset | None:
    """Let the user pick a folder or the synthetic set; None until there is one that can be used."""
    known = [str(folder) for folder in known_folders()]
    chosen = st.session_state.get("dataset")
    if chosen and chosen not in known:
        known.insert(0, chosen)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.selectbox(
        "Folder of the data set",
        known,
        index=0 if known else None,
        key="dataset",
        accept_new_options=True,
        placeholder="Pick a folder, or type its path on this computer",
        help="The folder that holds train/ and test/, each with NORMAL/ and PNEUMONIA/. "
        "Nothing in it is changed.",
    )
    look_again = row.button("Look again", icon=":material/refresh:", disabled=not chosen)
    if not chosen:
        _offer_demo()
        return None
    if look_again:
        _opened().pop(chosen, None)
    try:
        return _open(chosen)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        _offer_demo()
        return None


@st.cache_resource(show_spinner=False)
def _opened() -> dict[str, Dataset]:
    """Data sets opened by any session, by folder."""
    return {}


def _open(folder: str) -> Dataset:
    if folder not in _opened():
        bar = st.progress(0.0, "Reading the folder ...")

        def show(done: int, total: int) -> None:
            bar.progress(done / total, f"Decoding images: {done:,} of {total:,}")

        try:
            _opened()[folder] = open_dataset(folder, show)
        finally:
            bar.empty()
    return _opened()[folder]


def _offer_demo() -> None:
    st.info(
        "Give the folder of the chest X-ray data set (Kermany et al. 2018), or begin with a "
        "synthetic set that a program draws in a few seconds.",
        icon=":material/arrow_forward:",
    )
    if st.button("Use the synthetic set", type="primary", icon=":material/draw:", on_click=_use_demo):
        st.rerun()


def _use_demo() -> None:
    folder = config.data_folder() / DEMO
    try:
        if not folder.exists():
            with st.spinner("Drawing synthetic radiographs ..."):
                write_demo(folder)
    except UserError as error:
        st.error(str(error))
    else:
        st.session_state["dataset"] = str(folder)
