"""What a run will do, before it starts: warnings, layers, time, disk space, and the same as a command."""

import shutil

import numpy as np
import streamlit as st

from core import config
from core.config import TrainingSettings
from core.dataset import Dataset, few_validation_images, relabelled, rows_by_role, settings_of_new_runs
from core.figures.training import frozen_layers
from core.roles import may
from core.runs import WorkEstimate, cached_activations, command_line
from pages.shared.charts import in_language
from pages.shared.failures import failures_told
from pages.shared.texts import _, translated


def estimate_work(dataset: Dataset, settings: TrainingSettings) -> WorkEstimate:
    """The work of the run; raises UserError where training or validation lacks a class."""
    counts = {role: len(rows) for role, rows in rows_by_role(dataset, settings).items()}
    return WorkEstimate(settings, **counts)


def warn(dataset: Dataset, settings: TrainingSettings, estimate: WorkEstimate) -> None:
    """Draw what to know before starting, in one box; nothing if all is well."""
    if sentences := _warnings(dataset, settings, estimate):
        marks = "- " if len(sentences) > 1 else ""
        st.warning("\n".join(f"{marks}{sentence}" for sentence in sentences), icon=":material/warning:")


def preview(settings: TrainingSettings, estimate: WorkEstimate) -> None:
    """Draw the preview of a run."""
    _layers(settings, estimate)
    _cost(estimate)


def same_from_a_terminal(dataset: Dataset, settings: TrainingSettings) -> None:
    """Draw the command that starts the same run."""
    terminal = st.expander(
        _("The same from a terminal"), key="terminal", icon=":material/terminal:", on_change="rerun"
    )
    if terminal.open:  # a browser takes a second to load what shows code
        line = command_line(settings, settings_of_new_runs(dataset))
        terminal.code(line, language="bash", wrap_lines=True)


def _layers(settings: TrainingSettings, estimate: WorkEstimate) -> None:
    """Frozen and trained layers of each stage."""
    for column, number in zip(st.columns(len(settings.stages)), settings.stages, strict=True):
        stage = settings.stage(number)
        trained, frozen = estimate.parameter_counts(number)
        rate = _decimal(settings.rate(number))
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                st.markdown(
                    _("**{title}** · {name} trains {layers}").format(
                        title=translated(stage.title), name=stage.name, layers=translated(stage.summary)
                    )
                )
                st.caption(
                    _(
                        "{trained:,} parameters trained, {frozen:,} frozen. Learning rate {rate}. "
                        "Weights: `{file}`"
                    ).format(trained=trained, frozen=frozen, rate=rate, file=stage.file)
                )
            figure = frozen_layers(settings.architecture, stage.trained_layers)
            st.plotly_chart(in_language(figure), key=f"layers-{number}", config={"displayModeBar": False})


def _decimal(rate: float) -> str:
    """A small number without an exponent.

    >>> _decimal(1e-05), _decimal(0.002)
    ('0.00001', '0.002')
    """
    return np.format_float_positional(rate, trim="-")


def _cost(estimate: WorkEstimate) -> None:
    """Images, time and disk space, and a button that clears the cached activations."""
    st.caption(
        _(
            "Trains on **{training:,}** images, validates on **{validation:,}** of other patients, tests "
            "on **{test:,}**. Takes up to about **{duration}** on this machine (from a short benchmark "
            "in {precision}) and **{disk_space}** of disk space."
        ).format(
            training=estimate.training,
            validation=estimate.validation,
            test=estimate.test,
            duration=estimate.duration(),
            precision=estimate.precision,
            disk_space=_gib(estimate.disk_bytes()),
        )
    )
    if cached := cached_activations.size():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                _(
                    "Earlier runs keep {size} of what their frozen layers computed, which makes the next "
                    "run with the same images faster."
                ).format(size=_gib(cached)),
                width="content",
            )
            if may(cached_activations.clear):
                st.button(
                    _("Clear cache"), icon=":material/delete_sweep:", on_click=failures_told(_clear_cache)
                )


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**20:.0f} MiB"


def _clear_cache() -> None:
    """Delete the cached activations and say how much space that freed."""
    st.toast(_("{size} freed.").format(size=_gib(cached_activations.clear())), icon=":material/delete_sweep:")


def _warnings(dataset: Dataset, settings: TrainingSettings, estimate: WorkEstimate) -> list[str]:
    """What to know before starting."""
    warnings = []
    if dataset.synthetic:
        warnings.append(_("The data set is SYNTHETIC: models trained on it say nothing about real X-rays."))
    if settings.weights == "none":
        warnings.append(_("Random starting weights: expect far worse results than with ImageNet weights."))
    if (dataset.table["patient"] == "").any():
        warnings.append(_("Some images have no known patient: validation results may be too optimistic."))
    labelled = relabelled(dataset, settings.label_version)
    if few := few_validation_images(labelled, rows_by_role(dataset, settings)):
        warnings.append(translated(few))
    elif estimate.validation < 50:
        warnings.append(
            _(
                "{validation} validation images are too few to choose the best epoch reliably. Add "
                "images, or raise the validation fraction."
            ).format(validation=estimate.validation)
        )
    folder = config.home()
    free = shutil.disk_usage(folder if folder.exists() else "/").free
    if free < estimate.disk_bytes():
        warnings.append(
            _(
                "{free} of disk space is free, but up to {disk_space} may be needed. Free some space, "
                "lower the number of cached views, or choose fewer stages."
            ).format(free=_gib(free), disk_space=_gib(estimate.disk_bytes()))
        )
    return warnings
