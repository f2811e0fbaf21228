"""What the model sees of an image: its 128 x 128 pixels, and the augmented views that training draws."""

from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from core.config import PRESETS, Augmentation, Group, TrainingSettings, declarations
from core.dataset import Dataset, augmented_views
from core.errors import UserError
from core.images import preprocess, read_image
from pages.shared.first_value import set_widgets
from pages.shared.setting_widget import setting_widget
from pages.shared.texts import _

VIEWS, PICTURES_IN_A_ROW = 8, 4
MAX_LISTED = 300  # images in the list to choose from


def show_augmentation(dataset: Dataset) -> None:
    """An image and the views that training would draw of it, beside the augmentation settings."""
    pictures, controls = st.columns([1.4, 1], gap="large")
    with controls:
        row = _choose_image(dataset)
        preset = st.selectbox(_("Start from preset"), list(PRESETS), key="augmentation-preset")
        settings = PRESETS[preset].settings()
        preprocessing = setting_widget(
            declarations(TrainingSettings)["preprocessing"],
            settings.preprocessing,
            f"see-{preset}-preprocessing",
        )
        assert settings.augmentation is not None  # every preset has one
        augmentation = _strengths(settings.augmentation, preset)
        if st.button(_("Send to the training form"), icon=":material/send:"):
            _send(augmentation, preprocessing)
    with pictures, st.grid(PICTURES_IN_A_ROW, min_column_width=90, gap="xsmall"):
        st.image(_original(dataset, row), _("original"), width="stretch")
        st.image(preprocess(dataset.pixels[[row]], preprocessing)[0], "128 x 128", width="stretch")
        views = preprocess(_views(dataset, row, augmentation, settings.seed), preprocessing)
        for number, view in enumerate(views, start=1):
            st.image(view, _("view {number}").format(number=number), width="stretch")


def _choose_image(dataset: Dataset) -> int:
    """The image that was opened last, or one from the list."""
    rows = list(range(min(len(dataset.table), MAX_LISTED)))
    last = st.session_state.get("image")
    if last is not None and last < len(dataset.table) and last not in rows:
        rows.insert(0, last)
    paths = dataset.table["path"].to_numpy()
    index = rows.index(last) if last in rows else 0
    return st.selectbox(
        _("Image"),
        rows,
        index,
        format_func=lambda row: str(paths[row]),
        help=_("Default: the image that you opened last."),
    )


def _strengths(base: Augmentation, preset: str) -> Augmentation:
    """A widget for each setting, starting from the preset's value: switches, sliders, then the appearance."""
    settings = declarations(Augmentation)
    switches = [name for name, setting in settings.items() if setting.kind is bool]
    appearance = [name for name, setting in settings.items() if setting.group == Group.APPEARANCE]
    sliders = [name for name in settings if name not in (*switches, *appearance)]

    def strength(name: str) -> Any:
        return setting_widget(settings[name], getattr(base, name), f"see-{preset}-{name}")

    chosen = {name: strength(name) for name in switches}
    with st.grid(2, min_column_width=160):
        chosen |= {name: strength(name) for name in sliders}
    with st.expander(_("Appearance")), st.grid(2, min_column_width=160):
        chosen |= {name: strength(name) for name in appearance}
    return Augmentation(**chosen)


def _send(augmentation: Augmentation, preprocessing: str) -> None:
    """Set both in the training form, for every preset."""
    for preset in PRESETS:
        strengths = {f"{preset}-augmentation.{name}": each for name, each in asdict(augmentation).items()}
        set_widgets(**{f"{preset}-preprocessing": preprocessing}, **strengths)
    st.toast(_("Sent to the training form."), icon=":material/send:")


def _original(dataset: Dataset, row: int) -> np.ndarray:
    """The image in full, or its stored 128 x 128 pixels if the file is gone."""
    try:
        return read_image(dataset.root / str(dataset.table.at[row, "path"])).pixels
    except UserError:
        return dataset.pixels[row]


def _views(dataset: Dataset, row: int, augmentation: Augmentation, seed: int) -> np.ndarray:
    pixels = np.repeat(dataset.pixels[row][np.newaxis], VIEWS, axis=0)
    digest = str(dataset.table.at[row, "sha256"])
    return augmented_views(pixels, [digest] * VIEWS, list(range(VIEWS)), augmentation, seed)
