"""The form, in the order a person thinks: data, starting weights, stages, preset, settings."""

from dataclasses import replace

import streamlit as st

from core.architecture import BACKBONES
from core.config import CUSTOM, PRESETS, STAGE_NUMBERS, STAGES, TrainingSettings, declarations, default_preset
from core.dataset import Dataset, read_cohorts, settings_of_new_runs
from core.errors import UserError
from core.runs import open_run
from pages.shared.texts import _, translated
from pages.training.launch.fields import change_settings
from pages.training.launch.starting_weights import starting_weights
from pages.training.launch.strategy import choose_strategy

ALL_IMAGES = _("all images")
STAGE_TITLES = {**{number: str(number) for number in STAGES}, CUSTOM: _("custom")}
SETTINGS = declarations(TrainingSettings)


def choose_settings(dataset: Dataset) -> TrainingSettings:
    """The settings of a run, from the form's widgets.

    Raises:
        UserError: a value is not allowed, or one that is needed is missing.
    """
    template = _template()
    key = st.session_state["template"] if template else "form"
    left, right = st.columns(2, gap="large")
    with left:
        backbone = _backbone(template or TrainingSettings(), key)
        weights = starting_weights(template.weights if template else None, BACKBONES[backbone], key)
    with right:
        stages = st.pills(
            _("Stages"),
            STAGE_NUMBERS,
            default=template.stages if template else list(STAGES),
            format_func=STAGE_TITLES.__getitem__,
            selection_mode="multi",
            key=f"{key}-stages",
            help=_(
                "Stages 2 and 3 start from stage 1's weights, and so does a custom stage, which trains "
                "the layers that you choose."
            ),
        )
        if template:
            base = template
        else:
            key = _preset(dataset)
            base = replace(PRESETS[key].settings(), **settings_of_new_runs(dataset))
    if not stages:
        raise UserError(_("Choose at least one stage: 1, 2, 3 or custom."))
    with left:
        cohort = _cohort(dataset, base, key)
        held_out_site = _held_out_site(dataset, base, key)
    strategy = None
    if CUSTOM in stages:
        strategy = choose_strategy(BACKBONES[backbone], base.strategy, f"{key}-{backbone}")
    base = replace(
        base,
        data=str(dataset.root),
        backbone=backbone,
        weights=weights,
        stages=tuple(sorted(stages)),
        strategy=strategy,
        cohort=cohort,
        held_out_site=held_out_site,
    )
    with st.expander(_("Settings"), icon=":material/tune:"):
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
    row.info(
        _("Settings copied from **{name}**. Change any of them.").format(name=name), icon=":material/replay:"
    )
    row.button(
        _("Start over"), icon=":material/close:", on_click=st.session_state.pop, args=("template", None)
    )
    return settings


def _backbone(base: TrainingSettings, key: str) -> str:
    names = list(BACKBONES)
    return st.selectbox(
        translated(SETTINGS["backbone"].label),
        names,
        names.index(base.backbone),
        format_func=lambda name: BACKBONES[name].title,
        key=f"{key}-backbone",
        help=translated(SETTINGS["backbone"].help),
    )


def _preset(dataset: Dataset) -> str:
    captions = [translated(item.summary) for item in PRESETS.values()]
    start = default_preset(dataset.synthetic, len(dataset.table))
    return st.radio(
        translated(SETTINGS["preset"].label),
        list(PRESETS),
        list(PRESETS).index(start),
        captions=captions,
        key=f"preset-{start}",  # another data set may start from another one
    )


def _cohort(dataset: Dataset, base: TrainingSettings, key: str) -> str | None:
    """A cohort of the data set, where it has some; None for all images."""
    known = list(read_cohorts(dataset.root))
    if not known:
        return None
    offered = [ALL_IMAGES, *known]
    start = offered.index(base.cohort) if base.cohort in known else 0
    chosen = st.selectbox(
        translated(SETTINGS["cohort"].label),
        offered,
        start,
        key=f"{key}-cohort",
        help=translated(SETTINGS["cohort"].help),
    )
    return None if chosen == ALL_IMAGES else chosen


def _held_out_site(dataset: Dataset, base: TrainingSettings, key: str) -> str | None:
    """A site of a joined data set to test on; None for the test images of all sites."""
    if "site" not in dataset.table:
        return None
    sites = sorted(set(dataset.table["site"]))
    setting = SETTINGS["held_out_site"]
    start = sites.index(base.held_out_site) if base.held_out_site in sites else None
    return st.selectbox(
        translated(setting.label),
        sites,
        start,
        key=f"{key}-held-out-site",
        help=translated(setting.help),
        placeholder=translated(setting.none),
    )
