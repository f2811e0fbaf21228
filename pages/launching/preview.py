"""What a run would do, before it starts: layers, time, disk, warnings, and the command that does the same."""

import shutil
from dataclasses import asdict

import streamlit as st

from core import config
from core.architecture import WEIGHTED, is_trained
from core.backbones import OTHERS, VGG19
from core.config import TrainingSettings
from core.dataset import Dataset, choices, rows_by_role
from core.errors import UserError
from core.figures.training import frozen_layers
from core.runs import Plan, command_line, kept_activations


def planned(dataset: Dataset, settings: TrainingSettings) -> Plan:
    """The work ahead; raises UserError when there are too few patients or films of a class."""
    counts = {role: len(rows) for role, rows in rows_by_role(dataset, settings).items()}
    return Plan(settings, **counts)


def preview(dataset: Dataset, settings: TrainingSettings, plan: Plan) -> None:
    """Draw all of it."""
    _layers(settings, plan)
    _cost(plan)
    for sentence in _warnings(dataset, settings, plan):
        st.warning(sentence, icon=":material/warning:")
    with st.expander("The same from a terminal", icon=":material/terminal:"):
        line = command_line(settings, asdict(choices(dataset.root)))
        st.code(line, language="bash", wrap_lines=True)


def _layers(settings: TrainingSettings, plan: Plan) -> None:
    """Frozen and trained layers of each stage."""
    for column, number in zip(st.columns(len(settings.stages)), settings.stages, strict=True):
        stage = settings.stage(number)
        trained, frozen = plan.parameter_counts(number)
        with column.container(border=True, height="stretch"):
            title = f"Stage {number}" if number in config.STAGES else "Custom"
            st.markdown(f"**{title}** · {stage.name} trains {stage.summary}")
            st.caption(
                f"{trained:,} parameters trained, {frozen:,} frozen, rate {settings.rate(number):g} → "
                f"`{stage.file}`"
            )
            if settings.backbone != VGG19:
                continue
            layers = [(layer.name, layer.parameters, is_trained(layer, stage)) for layer in WEIGHTED]
            st.plotly_chart(frozen_layers(layers), key=f"layers-{number}", config={"displayModeBar": False})


def _cost(plan: Plan) -> None:
    """Images, time and disk, and a button that clears what earlier runs kept."""
    minutes = plan.seconds() / 60
    time = f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
    space, views = (size / 2**30 for size in (plan.disk_bytes(), plan.kept_bytes()))
    kept = kept_activations.size() / 2**30
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Trains on **{plan.training:,}** images, validates on **{plan.validation:,}** of other "
            f"patients, tests on **{plan.test:,}**. By a short measurement of this machine it takes at "
            f"most about **{time}** and **{space:.1f} GiB** of disk. {views:.1f} of them hold what frozen "
            f"layers give, and are kept for later runs; earlier runs keep {kept:.1f} GiB."
        )
        st.button("Clear", icon=":material/delete_sweep:", disabled=not kept, on_click=_clear_kept)


def _clear_kept() -> None:
    """Delete kept activations and say how much that freed."""
    try:
        st.toast(f"{kept_activations.clear() / 2**30:.1f} GiB freed.", icon=":material/delete_sweep:")
    except UserError as error:
        st.toast(str(error), icon=":material/error:")


def _warnings(dataset: Dataset, settings: TrainingSettings, plan: Plan) -> list[str]:
    """What should be known before starting."""
    found = []
    if dataset.synthetic:
        found.append("The set is SYNTHETIC: the models will say nothing about real X-rays.")
    if settings.backbone != VGG19:
        found.append(
            f"{OTHERS[settings.backbone].title} is for comparison: its models join the table, and diagnosis "
            "and heat maps do not know them."
        )
    if settings.weights == "none":
        found.append("Random starting weights: expect far worse results than from ImageNet weights.")
    if (dataset.table["patient"] == "").any():
        found.append("Patients are unknown for some images: validation may be flattered.")
    if plan.validation < 50:
        found.append(f"Only {plan.validation} validation images: the best epoch is chosen by chance.")
    folder = config.home()
    free = shutil.disk_usage(folder if folder.exists() else "/").free
    if free < plan.disk_bytes():
        found.append(
            f"{free / 2**30:.1f} GiB of disk are free and {plan.disk_bytes() / 2**30:.1f} may be needed. "
            "Free some space, lower the kept views, or choose fewer stages."
        )
    return found
