"""Lungs that people drew, on the dataset page: masks are imported, told about, replaced and removed."""

from datetime import datetime
from pathlib import Path

import numpy as np
import streamlit as st

from core.anatomy import DatasetLungs, DrawnLungs, import_masks, imported_masks, masks_version, remove_masks
from core.dataset import Dataset
from core.images import stored_path
from core.roles import may
from pages.shared.failures import failures_shown, failures_told
from pages.shared.markdown import escaped
from pages.shared.texts import _, ngettext

MAX_NAMES = 5  # of masks passed over, that are named for a reason
REASONS = {
    "no image of this path": _("no image of this path"),
    "listed twice": _("listed twice"),
    "not a PNG": _("not a PNG"),
    "unreadable, or grey rather than black and white": _("unreadable, or grey rather than black and white"),
    "not the proportions of its image": _("not the proportions of its image"),
    "empty, or all white": _("empty, or all white"),
    "of a copy of an image that has a mask": _("of a copy of an image that has a mask"),
}


def drawn_lungs_of(dataset: Dataset) -> DrawnLungs | None:
    """The masks that were imported for the data set; None if there are none."""
    return _imported(str(dataset.root), masks_version(dataset), dataset)


@st.cache_resource(show_spinner=False, max_entries=10)  # never modified, so it need not be copied
def _imported(root: str, version: tuple[int, ...], _dataset: Dataset) -> DrawnLungs | None:
    return imported_masks(_dataset)


@st.cache_data(show_spinner=False, max_entries=10)
def agreement_with(
    version: tuple[int, ...], fingerprint: str, network: str, _drawn: DrawnLungs, _found: DatasetLungs
) -> np.ndarray:
    """Dice coefficient of drawn and found lungs of each image, computed once rather than in every rerun."""
    return _drawn.agreement(_found)


def offer_masks(dataset: Dataset, drawn: DrawnLungs | None) -> None:
    """What was imported, and a form for those who may import masks, in a popover."""
    if drawn is None and not may(import_masks):
        return
    with st.popover(_("Masks"), icon=":material/draw:", help=_("Lungs that people drew.")):
        if drawn is not None:
            _tell(dataset, drawn)
        if may(import_masks):
            _offer_import(dataset, drawn is not None)


def _tell(dataset: Dataset, drawn: DrawnLungs) -> None:
    """How many images have a mask, where the masks came from, and what was passed over there."""
    count = int(dataset.table["sha256"].isin(drawn.sha256).sum())
    day = datetime.fromtimestamp(drawn.imported).date().isoformat()
    st.markdown(
        _("**{count:,}** of {total:,} images have a mask, imported {day} from {source}").format(
            count=count, total=len(dataset.table), day=day, source=escaped(drawn.source)
        )
    )
    for reason, files in drawn.passed_over.counts.items():
        names = drawn.passed_over.names[reason][:MAX_NAMES]
        st.caption(
            ngettext(
                "Passed over {count:,} file ({reason}): {names}",
                "Passed over {count:,} files ({reason}): {names}",
                files,
            ).format(
                count=files,
                reason=REASONS.get(reason, reason),
                names=escaped(", ".join(names)) + (" ..." if files > len(names) else ""),
            )
        )


def _offer_import(dataset: Dataset, imported: bool) -> None:
    path = st.text_input(
        _("Folder or .npz of masks on this computer"),
        key=f"masks-{dataset.fingerprint[:8]}",
        placeholder="/home/.../masks",
        help=_(
            "A folder of PNGs in the layout of the data set, white where lung is, or an .npz file with the "
            "arrays files and masks. They are stored beside the data set's index; nothing in the data set "
            "is changed."
        ),
    ).strip()
    with st.container(horizontal=True):
        wanted = st.button(
            _("Replace masks") if imported else _("Import masks"),
            icon=":material/upload:",
            disabled=not path,
        )
        if imported:
            st.button(
                _("Remove masks"),
                icon=":material/delete:",
                on_click=failures_told(remove_masks),
                args=(dataset,),
                help=_("What they were imported from stays."),
            )
    if wanted:
        with failures_shown():
            _import(dataset, stored_path(Path(path).expanduser()))


def _import(dataset: Dataset, source: Path) -> None:
    """Import the masks behind a progress bar, then draw the page anew."""
    bar = st.progress(0.0, _("Reading masks ..."))
    try:
        drawn = import_masks(
            dataset,
            source,
            lambda done, total: bar.progress(
                done / total, _("{done:,} of {total:,} masks").format(done=done, total=total)
            ),
        )
    finally:
        bar.empty()
    count, passed_over = len(drawn.sha256), sum(drawn.passed_over.counts.values())
    sentences = [ngettext("{count:,} mask imported.", "{count:,} masks imported.", count).format(count=count)]
    if passed_over:
        sentences.append(
            ngettext(
                "{count:,} file passed over; see Masks.",
                "{count:,} files passed over; see Masks.",
                passed_over,
            ).format(count=passed_over)
        )
    st.toast(" ".join(sentences), icon=":material/draw:", duration="long")
    st.rerun()
