"""The form, in the order a person thinks: data, starting weights, stages, preset, settings."""

from dataclasses import asdict, replace

import streamlit as st

from core.backbones import NAMES, OTHERS, VGG19
from core.config import CUSTOM, PRESETS, STAGE_NUMBERS, STAGES, TrainingSettings
from core.dataset import Dataset, choices, cohorts
from core.errors import UserError
from core.runs import open_run
from pages.launching.fields import change_settings
from pages.launching.strategy import choose_strategy

ALL = "all films"
WEIGHTS = {"imagenet": "ImageNet (downloaded once, up to 90 MB)", "file": "A weights file", "none": "Random"}
STAGE_TITLES = {**{number: str(number) for number in STAGES}, CUSTOM: "custom"}


def choose_settings(dataset: Dataset) -> TrainingSettings:
    """Read the form's widgets into settings; raises UserError for a value out of range."""
    template = _template()
    key = st.session_state["template"] if template else "form"
    left, right = st.columns(2, gap="large")
    with left:
        backbone = st.selectbox(
            "Backbone",
            NAMES,
            NAMES.index(template.backbone if template else VGG19),
            format_func=lambda name: OTHERS[name].title if name in OTHERS else "VGG19, the method's",
            key=f"{key}-backbone",
            help="Others bear the same head and go through the same stages, for comparison.",
        )
        weights = _weights(template, key)
    with right:
        stages = st.pills(
            "Stages",
            STAGE_NUMBERS,
            default=template.stages if template else list(STAGES),
            format_func=STAGE_TITLES.get,
            selection_mode="multi",
            key=f"{key}-stages",
            help="Each starts from stage 1's weights but the first. A custom stage trains what you choose.",
        )
        if template:
            base = template
        else:
            captions = [item.summary for item in PRESETS.values()]
            name = st.radio("Preset", list(PRESETS), captions=captions, key="preset")
            base = replace(PRESETS[name].settings(), **asdict(choices(dataset.root)))
            key = name
    if not stages:
        raise UserError("No stage is chosen; choose at least one of 1, 2, 3 and custom.")
    known = cohorts(dataset.root)
    chosen = None
    if known:
        with left:
            offered = [ALL, *known]
            start = offered.index(base.cohort) if base.cohort in known else 0
            chosen = st.selectbox(
                "Films", offered, start, key=f"{key}-cohort", help="All, or a cohort of the set."
            )
    strategy = choose_strategy(base.strategy, key) if CUSTOM in stages else None
    base = replace(
        base,
        data=str(dataset.root),
        backbone=backbone,
        weights=weights,
        stages=tuple(sorted(stages)),
        strategy=strategy,
        cohort=chosen if chosen in known else None,
    )
    with st.expander("Settings", icon=":material/tune:"):
        return change_settings(base, key)


def _template() -> TrainingSettings | None:
    """Settings of the run to start again, while one is chosen."""
    name = st.session_state.get("template")
    if not name:
        return None
    try:
        settings = open_run(name).settings()
    except UserError:
        del st.session_state["template"]
        return None
    row = st.container(horizontal=True, vertical_alignment="center")
    row.info(f"Settings of **{name}**: change what you like.", icon=":material/replay:")
    row.button("Begin afresh", icon=":material/close:", on_click=lambda: st.session_state.pop("template"))
    return settings


def _weights(template: TrainingSettings | None, key: str) -> str:
    given = template.weights if template else "imagenet"
    choice = st.radio(
        "Starting weights",
        list(WEIGHTS),
        list(WEIGHTS).index(given if given in WEIGHTS else "file"),
        format_func=WEIGHTS.get,
        key=f"{key}-source",
        help="What VGG19 knows before it sees a radiograph. The method: ImageNet.",
    )
    if choice != "file":
        return choice
    file = st.text_input(
        "Path of the file",
        "" if given in WEIGHTS else given,
        placeholder="vgg19_..._notop.h5",
        key=f"{key}-file",
    ).strip()
    if not file:
        raise UserError("Give the path of a weights file in Keras's no-top layout.")
    return file
