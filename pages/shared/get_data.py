"""The dialog that imports a zip or a table, downloads a public data set, or removes an import."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.dataset import (
    LICENCE,
    Progress,
    download_pneumoniamnist,
    import_table,
    import_zip,
    is_joined,
    join_datasets,
    known_folders,
    list_imported_sets,
    remove_imported_set,
)
from core.errors import UserError
from pages.shared.failures import show_error
from pages.shared.opened_datasets import opened_datasets
from pages.shared.texts import _

MAX_UPLOAD_MB = 2500
CHOSEN = "chosen"  # key of the session: the folder that the selectbox of data sets takes over
LAYOUT = _(
    "A zip with train/, test/ and optionally val/, each with NORMAL/ and PNEUMONIA/, at any depth, "
    "such as the Kaggle archive."
)


@st.dialog(_("Get data"), width="large")
def get_data() -> None:
    """Import or download a data set, or remove one that was imported."""
    tabs = st.tabs([_("Zip"), "PneumoniaMNIST", _("Table"), _("Join"), _("Imported")])
    zip_tab, download_tab, table_tab, join_tab, imported_tab = tabs
    with zip_tab:
        choose_zip(LAYOUT)
    with download_tab:
        st.caption(_("5,856 images at 128 x 128, about 70 MB. {licence}").format(licence=LICENCE))
        if st.button(_("Download PneumoniaMNIST"), type="primary", icon=":material/download:"):
            import_with_progress(_("Downloading ..."), download_pneumoniamnist)
    with table_tab:
        _import_table()
    with join_tab:
        _join()
    with imported_tab:
        _list_imported()


def import_with_progress(title: str, work: Callable[[Progress], Path], chosen: str = CHOSEN) -> None:
    """Run `work` behind a progress bar, then choose the folder that it returns.

    Args:
        title: of the bar.
        work: imports the images.
        chosen: key of the session under which the page finds the folder in its next run.
    """
    bar = st.progress(0.0, title)

    def show(done: int, total: int) -> None:
        bar.progress(
            min(done / total, 1.0),
            _("{title} {done:,} of {total:,}").format(title=title, done=done, total=total),
        )

    try:
        folder = work(show)
    except UserError as error:
        bar.empty()
        show_error(error)
        return
    st.session_state[chosen] = str(folder)
    st.rerun()


def choose_zip(caption: str, chosen: str = CHOSEN, local: bool = False) -> None:
    """Ask for a zip, uploaded or on this computer, import it and choose its folder.

    Args:
        caption: what the zip must hold.
        chosen: as for `import_with_progress`.
        local: as for `core.dataset.import_zip`.
    """
    st.caption(
        _("{caption} For a large file, give its path on this computer instead of uploading it.").format(
            caption=caption
        )
    )
    upload = st.file_uploader(_("Zip"), type="zip", max_upload_size=MAX_UPLOAD_MB)
    path = st.text_input(_("Or its path on this computer"), placeholder="/home/.../archive.zip").strip()
    source = upload or (Path(path).expanduser() if path else None)
    stem = Path(source.name).stem if source else ""
    name = st.text_input(_("Name of the data set"), stem, key=f"zip-name-{stem}").strip()
    if st.button(_("Import zip"), type="primary", disabled=source is None) and source is not None:
        import_with_progress(_("Importing ..."), lambda show: import_zip(source, name, show, local), chosen)


def _import_table() -> None:
    st.caption(
        _(
            "A CSV file with the columns path and label (NORMAL or PNEUMONIA), and optionally split "
            "(train, val or test) and patient. Paths are absolute or relative to the table. The images "
            "are copied."
        )
    )
    path = st.text_input(_("Path of the table"), placeholder="/home/.../images.csv").strip()
    stem = Path(path).stem
    name = st.text_input(_("Name of the data set"), stem, key=f"table-name-{stem}").strip()
    if st.button(_("Import table"), type="primary", disabled=not path):
        import_with_progress(_("Importing ..."), lambda show: import_table(Path(path), name, show))


def _join() -> None:
    st.caption(
        _(
            "Several data sets as one, each a site of its own, to train on your images beside others. "
            "Nothing is copied but the pixels that the network sees. Patients of different sites are "
            "never the same, and an image that several sites hold is used once."
        )
    )
    folders = [str(folder) for folder in known_folders() if not is_joined(folder)]
    chosen = st.multiselect(_("Data sets"), folders, placeholder=_("Choose two or more"))
    if st.button(_("Join data sets"), type="primary", disabled=len(chosen) < 2):
        import_with_progress(_("Joining ..."), lambda _show: join_datasets(chosen))


def _list_imported() -> None:
    folders = list_imported_sets()
    if not folders:
        st.caption(_("No data sets have been imported yet. Your own folders cannot be removed here."))
    for folder in folders:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{folder.name}**")
        if row.button(_("Remove"), icon=":material/delete:", key=f"remove-{folder.name}"):
            remove_imported_set(folder.name)
            opened_datasets().pop(str(folder), None)
            if st.session_state.get("dataset") == str(folder):
                st.session_state[CHOSEN] = None
            st.rerun()
