"""Choosing a data set, on every page that works with one."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import config
from core.dataset import (
    LICENCE,
    Dataset,
    fetch_pneumoniamnist,
    import_table,
    import_zip,
    known_folders,
    list_sets,
    open_dataset,
    remove_set,
    write_demo,
)
from core.errors import UserError

DEMO = "demo"
MOST_UPLOAD_MB = 2500
Progress = Callable[[int, int], None]


def choose_dataset() -> Dataset | None:
    """Let the user pick a folder or the synthetic set; None until there is one that can be used."""
    known = [str(folder) for folder in known_folders()]
    if "chosen" in st.session_state:
        st.session_state["dataset"] = st.session_state.pop("chosen")
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
    if row.button("Get data", icon=":material/add:"):
        _get_data()
    look_again = row.button("Look again", icon=":material/refresh:", disabled=not chosen)
    if not chosen:
        _offer_demo()
        return None
    if look_again:
        _opened().pop(chosen, None)
    try:
        return opened(chosen)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        _offer_demo()
        return None


@st.cache_resource(show_spinner=False)
def _opened() -> dict[str, Dataset]:
    """Data sets opened by any session, by folder."""
    return {}


def opened(folder: str) -> Dataset:
    """The set in `folder`, opened once for all sessions; raises UserError when it cannot be used."""
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
        "Give the folder of the chest X-ray data set (Kermany et al. 2018), get data, or begin with a "
        "synthetic set that a program draws in a few seconds.",
        icon=":material/arrow_forward:",
    )
    if st.button("Use the synthetic set", type="primary", icon=":material/draw:"):
        _get("Drawing synthetic radiographs ...", _demo)


def _demo(_: Progress) -> Path:
    folder = config.data_folder() / DEMO
    return folder if folder.exists() else write_demo(folder)


@st.dialog("Get data", width="large")
def _get_data() -> None:
    """Import a zip or a table, fetch a public set, or remove what was imported."""
    archive, public, table, kept = st.tabs(["Zip", "PneumoniaMNIST", "Table", "Imported sets"])
    with archive:
        _zip()
    with public:
        st.caption(f"5,856 films at 128 x 128, about 70 MB. {LICENCE}")
        if st.button("Fetch PneumoniaMNIST", type="primary", icon=":material/download:"):
            _get("Downloading ...", fetch_pneumoniamnist)
    with table:
        _table()
    with kept:
        _imported()


def _zip() -> None:
    st.caption(
        "A zip that holds train/, test/ and perhaps val/, each with NORMAL/ and PNEUMONIA/, at any depth: "
        "the Kaggle archive as it is. Give the path of a large one; it need not go through the browser."
    )
    dropped = st.file_uploader("Zip", type="zip", max_upload_size=MOST_UPLOAD_MB)
    path = st.text_input("or its path on this computer", placeholder="/home/.../archive.zip").strip()
    source = dropped or (Path(path).expanduser() if path else None)
    stem = Path(source.name).stem if source else ""
    name = st.text_input("Name of the set", stem, key=f"zip-name-{stem}").strip()
    if st.button("Import zip", type="primary", disabled=source is None):
        _get("Importing ...", lambda show: import_zip(source, name, show))


def _table() -> None:
    st.caption(
        "A CSV file with the columns path and label (NORMAL or PNEUMONIA), perhaps split (train, val or "
        "test) and patient. Paths are absolute or relative to the table. The films are copied."
    )
    path = st.text_input("Path of the table", placeholder="/home/.../films.csv").strip()
    stem = Path(path).stem
    name = st.text_input("Name of the set", stem, key=f"table-name-{stem}").strip()
    if st.button("Import table", type="primary", disabled=not path):
        _get("Importing ...", lambda show: import_table(Path(path), name, show))


def _imported() -> None:
    sets = list_sets()
    if not sets:
        st.caption("Nothing has been imported yet. Folders of your own are never removed from here.")
    for folder in sets:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{folder.name}**")
        if row.button("Remove", icon=":material/delete:", key=f"remove-{folder.name}"):
            remove_set(folder.name)
            _opened().pop(str(folder), None)
            if st.session_state.get("dataset") == str(folder):
                st.session_state["chosen"] = None
            st.rerun()


def _get(title: str, work: Callable[[Progress], Path]) -> None:
    """Do `work` behind a progress bar, and turn to the set that it made."""
    bar = st.progress(0.0, title)

    def show(done: int, total: int) -> None:
        bar.progress(min(done / total, 1.0), f"{title} {done:,} of {total:,}")

    try:
        folder = work(show)
    except UserError as error:
        bar.empty()
        st.error(str(error), icon=":material/error:")
        return
    st.session_state["chosen"] = str(folder)  # the widget takes it over in the next run
    st.rerun()
