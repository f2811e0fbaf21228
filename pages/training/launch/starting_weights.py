"""The choice of starting weights. What cannot be had now is not preselected."""

from pathlib import Path

import streamlit as st

from core.architecture import Backbone
from core.config import TrainingSettings, declarations
from core.errors import UserError
from core.weights import imagenet
from pages.shared.texts import _, translated

CHOICES = {
    "imagenet": _("ImageNet (downloaded once, up to 90 MB)"),
    "file": _("A weights file"),
    "none": _("Random"),
}
LABEL = translated(declarations(TrainingSettings)["weights"].label)
PATIENCE_S = 0.2  # mostly enough: without a network, there is nothing to wait for


@st.cache_resource(show_spinner=False)
def download_check() -> imagenet.DownloadCheck:
    """Whether ImageNet weights could be downloaded, checked for all sessions together."""
    return imagenet.DownloadCheck()


def starting_weights(given: str | None, backbone: Backbone, key: str) -> str:
    """`imagenet`, `none` or the path of a file.

    Args:
        given: choice of the run to start again; None for a new one.
        backbone: whose weights they are.
        key: of the widgets.

    Raises:
        UserError: the path of the file is missing.
    """
    start = given or _preselected(backbone)
    choice = st.radio(
        LABEL,
        list(CHOICES),
        list(CHOICES).index(start if start in CHOICES else "file"),
        format_func=CHOICES.get,
        key=f"{key}-source-{start if start in CHOICES else 'file'}",
        help=_("Weights of the backbone before training. Default: ImageNet."),
    )
    if not given and start == "none":
        st.caption(
            _(
                "ImageNet weights of {backbone} cannot be downloaded now, and none are in `{folder}`. "
                "Connect this computer, or give a weights file."
            ).format(backbone=backbone.title, folder=imagenet.keras_cache() / "models")
        )
    if choice != "file":
        return choice
    file = st.text_input(
        _("Path of the file"),
        "" if start in CHOICES else start,
        placeholder="vgg19_..._notop.h5",
        key=f"{key}-file",
    ).strip()
    if not file:
        raise UserError(_("Give the path of a weights file in Keras's no-top layout."))
    return str(Path(file).expanduser().absolute())


def _preselected(backbone: Backbone) -> str:
    """ImageNet, or random weights where ImageNet's are not to be had; the same throughout a session."""
    if imagenet.is_cached(backbone):
        return "imagenet"
    decision = f"starting-weights-{backbone.name}"
    if decision not in st.session_state:
        check = download_check()
        check.start()
        available = check.result(PATIENCE_S)
        if available is None:
            _draw_again_when_known(check)
            return "imagenet"
        st.session_state[decision] = "imagenet" if available else "none"
    return st.session_state[decision]


@st.fragment(run_every=0.5)
def _draw_again_when_known(check: imagenet.DownloadCheck) -> None:
    """Draw the page again once the server has answered, or has not in time."""
    if check.result() is not None:
        st.rerun()
