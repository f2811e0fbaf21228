"""Local images: from which folder or table, with which labels, patients and groups."""

from pathlib import Path

import streamlit as st

from core.config import CLASS_NAMES
from core.dataset import import_zip
from core.errors import UserError
from core.images import path_columns
from core.roles import may
from core.site import (
    FOLDERS,
    HEADER_GROUPS,
    LABEL,
    PATIENT,
    READERS,
    LabelWords,
    LocalImages,
    Unlabelled,
    list_local_images,
    open_local_images,
    table_columns,
)
from pages.shared.failures import sentence, show_error
from pages.shared.get_data import choose_zip
from pages.shared.markdown import escaped
from pages.shared.texts import _, translated

USUAL = _("(as usual)")
TITLES = {FOLDERS: _("(folders)"), READERS: _("(readers in the app)")}  # of labels that are in no column
SOURCE = "site-source"  # key of what is entered
UPLOADED = "site-uploaded"  # key of the folder that a zip was just imported to


def nothing_chosen() -> bool:
    """Whether the user has entered no source."""
    return not st.session_state.get(SOURCE, "").strip()


def images_to_label() -> list[str]:
    """Paths of all images of the source, labelled or not; none if it cannot be used."""
    try:
        return [] if nothing_chosen() else list_local_images(_source(st.session_state[SOURCE]))
    except UserError:
        return []


def _source(entered: str) -> Path:
    """The folder or table that was entered; `~` is the home of who runs the app."""
    return Path(entered.strip()).expanduser()


def choose_images() -> LocalImages | None:
    """The images that the user brings; None before a source is given, or if it cannot be used."""
    if UPLOADED in st.session_state:
        st.session_state[SOURCE] = st.session_state.pop(UPLOADED)
    with st.container(border=True, key="site-images"):
        source = _enter_source()
        if source is None:
            return None
        try:
            local = _chosen(source)
        except Unlabelled as error:
            st.info(escaped(sentence(error)), icon=":material/label:")
            return None
        except UserError as error:
            show_error(error)
            return None
        st.caption(escaped(" ".join([_counted(local), *map(translated, local.notes)])))
    return local


def _enter_source() -> Path | None:
    """The field for a folder or table, and the upload of a zip; None while nothing is entered."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    entered = row.text_input(
        _("Folder or table"),
        key=SOURCE,
        placeholder=_("/data/our-x-rays"),
        help=_(
            "On the computer that runs the app. A folder has a folder NORMAL and a folder PNEUMONIA "
            "somewhere in it; a table (CSV) has a column of paths, a column of labels and any others."
        ),
    )
    may_upload = may(import_zip)
    if may_upload and row.button(_("Upload a zip"), icon=":material/upload:"):
        _upload()
    if not nothing_chosen():
        return _source(entered)
    st.info(
        _(
            "Enter a folder with a folder per class or a table of images with their labels, or "
            "upload a zip. Below: how many you need."
        )
        if may_upload
        else _(
            "Enter a folder with a folder per class or a table of images with their labels. "
            "Below: how many you need."
        ),
        icon=":material/arrow_upward:",
    )
    return None


def _counted(local: LocalImages) -> str:
    """How many images of each class there are."""
    counts = local.table["label"].value_counts()
    by_class = ", ".join(f"{counts.get(name, 0):,} {name}" for name in CLASS_NAMES)
    count = len(local.table)
    if local.synthetic:
        return _("{count:,} SYNTHETIC labelled images: {by_class}.").format(count=count, by_class=by_class)
    return _("{count:,} labelled images: {by_class}.").format(count=count, by_class=by_class)


@st.dialog(_("Upload a zip"), width="large")
def _upload() -> None:
    """Import a zip of local images: it appears among the imported data sets, where it can be removed."""
    choose_zip(
        _(
            "A zip of your images. Those in a folder NORMAL or PNEUMONIA, at any depth, have that label. "
            "They are kept on the computer that runs the app until you remove them: Dataset, Get data, "
            "Imported."
        ),
        UPLOADED,
        local=True,
    )


def _chosen(source: Path) -> LocalImages:
    """The images of a source, by the columns that the user names.

    Raises:
        UserError: they cannot be used.
    """
    columns = table_columns(source)
    if not columns:
        left, right = st.columns([1, 3])
        labels = left.selectbox(_("Labels"), TITLES, format_func=_title, key="site-folder-labels")
        groups = right.multiselect(
            _("Groups"), HEADER_GROUPS, key="site-header-groups", help=_("From DICOM headers.")
        )
        return open_local_images(source, labels if source.is_dir() else None, groups=groups)
    left, middle, right = st.columns([1, 1, 2])
    labels = left.selectbox(
        _("Labels"),
        [USUAL, *TITLES, *columns],
        format_func=_title,
        key="site-labels",
        help=_("Usual: the column 'label'."),
    )
    patient = middle.selectbox(
        _("Patients"),
        [USUAL, *columns],
        key="site-patient",
        help=_("Usual: column 'patient' if there is one."),
    )
    used = {LABEL if labels == USUAL else labels, PATIENT if patient == USUAL else patient}
    others = [name for name in columns if not ({name, name.lower()} & used or path_columns([name]))]
    names = {name.lower() for name in columns}
    groups = right.multiselect(
        _("Groups"),
        [*others, *(name for name in HEADER_GROUPS if name not in names)],
        format_func=lambda name: name if name in others else _("{name} (DICOM header)").format(name=name),
        key="site-groups",
        help=_("Up to 12 values each, or numbers or dates."),
    )
    with st.expander(_("Labels in other words")):
        positive = st.text_input(_("Mean PNEUMONIA, separated by commas"), key="site-positive")
        negative = st.text_input(_("Mean NORMAL, separated by commas"), key="site-negative")
    words = LabelWords(_words(positive), _words(negative))
    labels, patient = (None if choice == USUAL else choice for choice in (labels, patient))
    return open_local_images(source, labels, patient, groups, words)


def _title(labels: str) -> str:
    """What a choice of labels is called."""
    return TITLES.get(labels, labels)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
