"""What the model sees of a film: at 128 x 128, and in the augmented views that training draws."""

import numpy as np
import streamlit as st

from core.config import PREPROCESSING, PRESETS, Augmentation
from core.dataset import Dataset, augmented_views
from core.errors import UserError
from core.images import preprocessed, read
from pages.launching.fields import FLIPS, STRENGTHS

VIEWS = 8
MOST_OFFERED = 300  # films in the list to choose from


def show_augmentation(dataset: Dataset) -> None:
    """The film and its views, which are those that training would see, and sliders beside or below them."""
    pictures, controls = st.columns([2.2, 1], gap="large")
    with controls:
        row = _film(dataset)
        preset = st.selectbox("Augmentation of preset", list(PRESETS), key="augmentation-preset")
        settings = PRESETS[preset].settings()
        how = st.selectbox(
            "Preprocessing",
            PREPROCESSING,
            PREPROCESSING.index(settings.preprocessing),
            key=f"see-{preset}-preprocessing",
            help="clahe evens out the contrast of every film, tile by tile; in diagnosis, too.",
        )
        augmentation = _strengths(settings.augmentation, preset)
        if st.button("Send to the training form", icon=":material/send:"):
            _send(augmentation, how)
    with pictures, st.grid(VIEWS // 2 + 1, min_column_width=110, gap="xsmall"):
        st.image(_original(dataset, row), "original", width="stretch")
        st.image(preprocessed(dataset.pixels[[row]], how)[0], "128 x 128", width="stretch")
        views = preprocessed(_views(dataset, row, augmentation, settings.seed), how)
        for number, view in enumerate(views):
            st.image(view, f"view {number + 1}", width="stretch")


def _film(dataset: Dataset) -> int:
    """The film that was looked at last, or one from the list."""
    rows = list(range(min(len(dataset.table), MOST_OFFERED)))
    last = st.session_state.get("film")
    if last is not None and last < len(dataset.table) and last not in rows:
        rows.insert(0, last)
    paths = dataset.table["path"].to_numpy()
    place = rows.index(last) if last in rows else 0
    return st.selectbox(
        "Film",
        rows,
        place,
        format_func=lambda row: paths[row],
        help="The film that was clicked last among the images, or another.",
    )


def _strengths(base: Augmentation, preset: str) -> Augmentation:
    """Widgets for each strength, the preset's being their first values."""
    flips = {
        name: st.checkbox(label, getattr(base, name), key=f"see-{preset}-{name}")
        for name, (label, _) in FLIPS.items()
    }
    strengths = {
        name: st.slider(label, 0.0, most, getattr(base, name), key=f"see-{preset}-{name}")
        for name, (label, most, _) in STRENGTHS.items()
    }
    return Augmentation(**flips, **strengths)


def _send(augmentation: Augmentation, preprocessing: str) -> None:
    """Put both into the form, whichever preset is chosen there."""
    for preset in PRESETS:
        st.session_state[f"{preset}-preprocessing"] = preprocessing
        for name in (*FLIPS, *STRENGTHS):
            st.session_state[f"{preset}-{name}"] = getattr(augmentation, name)
    st.toast("The training form has these strengths now.", icon=":material/send:")


def _original(dataset: Dataset, row: int) -> np.ndarray:
    try:
        return read(dataset.root / dataset.table.at[row, "path"]).pixels
    except UserError:  # moved since; the decoded pixels are kept
        return dataset.pixels[row]


def _views(dataset: Dataset, row: int, augmentation: Augmentation, seed: int) -> np.ndarray:
    pixels = np.repeat(dataset.pixels[row][np.newaxis], VIEWS, axis=0)
    digest = dataset.table.at[row, "sha256"]
    return augmented_views(pixels, [digest] * VIEWS, list(range(VIEWS)), augmentation, seed)
