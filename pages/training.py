"""Launching the staged training and watching it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import streamlit as st

from core import processor
from core.architecture import WEIGHTED, is_trained, parameter_counts
from core.config import OPTIMIZERS, PRESETS, STAGES, Augmentation, TrainingSettings
from core.dataset import Dataset, assign_roles
from core.errors import UserError
from core.figures.training import curves, frozen_layers
from core.runs import Plan, Run, RunStatus, create_run, jobs, kept_activations, list_runs
from pages.choosing import choose_dataset

VIEWS = NEW, RUNS = ("New run", "Runs")
WEIGHTS = {"imagenet": "ImageNet (downloaded once, 80 MB)", "file": "A weights file", "none": "Random"}


def main() -> None:
    st.title("Training")
    active = jobs.active_run()
    if active:
        st.session_state.setdefault("run", active.name)
    if "view" not in st.session_state:
        asked = st.query_params.get("view")
        st.session_state["view"] = asked if asked in VIEWS else RUNS if active else NEW
    view = st.segmented_control("View", VIEWS, required=True, key="view", label_visibility="collapsed")
    st.query_params["view"] = view
    if view == NEW:
        new_run(active)
    elif runs := list_runs():
        show_runs(runs)
    else:
        st.info("Nothing has been trained yet. Train a first model under *New run*.")


def new_run(active: Run | None) -> None:
    """The form, in the order a person thinks: data, weights, stages, preset, settings."""
    dataset = choose_dataset()
    if dataset is None:
        return
    try:
        settings = choose_settings(dataset)
        plan = planned(dataset, settings)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    what_will_be_trained(settings, plan)
    for sentence in warnings(dataset, settings):
        st.warning(sentence, icon=":material/warning:")
    kept_on_disk(plan)
    if active:
        st.info(f"{active.name} is training. One run trains at a time; watch it under *Runs*.")
    st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(active),
        on_click=start,
        args=(settings,),
    )


def start(settings: TrainingSettings) -> None:
    """Start a run and turn to it."""
    try:
        run = create_run(settings)
        jobs.start(run)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state["run"] = run.name
    st.session_state["view"] = RUNS


def choose_settings(dataset: Dataset) -> TrainingSettings:
    """Read the form's widgets into settings; raises UserError for a value out of range."""
    left, right = st.columns(2, gap="large")
    with left:
        choice = st.radio("Starting weights", list(WEIGHTS), format_func=WEIGHTS.get)
        weights = choice
        if choice == "file":
            weights = st.text_input("Path of the file", placeholder="vgg19_..._notop.h5").strip()
            if not weights:
                raise UserError("Give the path of a weights file in Keras's no-top layout.")
    with right:
        name = st.radio("Preset", list(PRESETS), captions=[item.summary for item in PRESETS.values()])
        stages = st.pills("Stages", list(STAGES), default=list(STAGES), selection_mode="multi", key="stages")
    base = PRESETS[name].settings(data=str(dataset.root), weights=weights, stages=tuple(sorted(stages or ())))
    with st.expander("Settings", icon=":material/tune:"):
        return change_settings(base)


def change_settings(base: TrainingSettings) -> TrainingSettings:
    """The settings folded away, each with the preset's value as default."""
    key = base.preset
    first, second, third = st.columns(3)
    with first:
        epochs = st.number_input(
            "Epochs", 1, 1000, base.epochs, key=f"{key}-epochs", help="At most, in each stage."
        )
        batch = st.number_input("Batch size", 1, 512, base.batch_size, key=f"{key}-batch")
        patience = st.number_input(
            "Early stopping",
            1,
            1000,
            base.early_stopping,
            key=f"{key}-patience",
            help="Epochs without a better validation loss after which a stage ends.",
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            base.seed,
            key=f"{key}-seed",
            help="The same settings and seed give the same run.",
        )
    with second:
        optimizer = st.selectbox("Optimiser", OPTIMIZERS, OPTIMIZERS.index(base.optimizer), key=f"{key}-opt")
        rate = st.number_input(
            "Learning rate",
            1e-8,
            1.0,
            base.learning_rate,
            format="%.1e",
            key=f"{key}-rate",
            help="Of stage 1; stage 2 trains at a lower one.",
        )
        momentum = st.number_input(
            "Momentum", 0.0, 0.999, base.momentum, key=f"{key}-momentum", disabled=optimizer != "sgd"
        )
        precision = st.selectbox(
            "Precision",
            processor.PRECISIONS,
            processor.PRECISIONS.index(base.precision),
            key=f"{key}-precision",
            help="In which convolutions compute. Auto is bfloat16, about twice as fast, where the "
            "processor has it; weights, head and loss are float32 either way.",
        )
        nesterov = st.checkbox("Nesterov", base.nesterov, key=f"{key}-nesterov", disabled=optimizer != "sgd")
    with third:
        strengths = base.augmentation
        flips = st.checkbox("Horizontal flip", strengths.horizontal_flip, key=f"{key}-hflip")
        vertical = st.checkbox("Vertical flip", strengths.vertical_flip, key=f"{key}-vflip")
        rotation = st.slider("Rotation, degrees", 0.0, 90.0, strengths.rotation, key=f"{key}-rotation")
        width = st.slider("Width shift", 0.0, 0.5, strengths.width_shift, key=f"{key}-width")
        height = st.slider("Height shift", 0.0, 0.5, strengths.height_shift, key=f"{key}-height")
        shear = st.slider("Shear, degrees", 0.0, 30.0, strengths.shear, key=f"{key}-shear")
    return replace(
        base,
        epochs=epochs,
        batch_size=batch,
        early_stopping=patience,
        seed=seed,
        optimizer=optimizer,
        learning_rate=rate,
        momentum=momentum,
        nesterov=nesterov,
        precision=precision,
        augmentation=Augmentation(flips, vertical, rotation, width, height, shear),
    )


def planned(dataset: Dataset, settings: TrainingSettings) -> Plan:
    """The work ahead; raises UserError when the set has too few patients."""
    counts = role_counts(dataset.fingerprint, settings.validation_fraction, settings.seed, dataset)
    return Plan(
        settings,
        min(counts["training"], settings.train_limit or counts["training"]),
        min(counts["validation"], settings.validation_limit or counts["validation"]),
        counts["test"],
    )


@st.cache_data(show_spinner=False, max_entries=50)
def role_counts(fingerprint: str, fraction: float, seed: int, _dataset: Dataset) -> dict[str, int]:
    """Images by role; computed once, not in every rerun."""
    roles = assign_roles(_dataset.table, fraction, seed)
    return {role: int(np.sum(roles == role)) for role in ("training", "validation", "test")}


def what_will_be_trained(settings: TrainingSettings, plan: Plan) -> None:
    """Images, frozen and trained layers of each stage, and how long it may take."""
    minutes = plan.seconds() / 60
    time = f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.1f} h"
    st.caption(
        f"Trains on **{plan.training:,}** images, validates on **{plan.validation:,}** of other patients, "
        f"tests on **{plan.test:,}**. On two typical cores it may take at most {time}."
    )
    for column, number in zip(st.columns(len(settings.stages)), settings.stages, strict=True):
        stage = STAGES[number]
        trained, frozen = parameter_counts(stage)
        with column.container(border=True):
            st.markdown(f"**Stage {number}** · {stage.name} trains {stage.summary}")
            st.caption(f"{trained:,} parameters trained, {frozen:,} frozen → `{stage.file}`")
            layers = [(layer.name, layer.parameters, is_trained(layer, stage)) for layer in WEIGHTED]
            st.plotly_chart(frozen_layers(layers), key=f"layers-{number}", config={"displayModeBar": False})


def kept_on_disk(plan: Plan) -> None:
    """What the run will keep of frozen layers, what earlier runs kept, and a button to clear that."""
    needed, kept = plan.kept_bytes() / 2**30, kept_activations.size() / 2**30
    if not needed and not kept:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"What stages 1 and 2 leave frozen is computed once and kept: up to **{needed:.1f} GiB** of disk "
            f"for this run. Earlier runs keep {kept:.1f} GiB; what differs only in its head starts at once.",
        )
        st.button("Clear", icon=":material/delete_sweep:", disabled=not kept, on_click=clear_kept)


def clear_kept() -> None:
    """Delete kept activations and say how much that freed."""
    try:
        st.toast(f"{kept_activations.clear() / 2**30:.1f} GiB freed.", icon=":material/delete_sweep:")
    except UserError as error:
        st.toast(str(error), icon=":material/error:")


def warnings(dataset: Dataset, settings: TrainingSettings) -> list[str]:
    """What should be known before starting."""
    found = []
    if dataset.synthetic:
        found.append("The set is SYNTHETIC: the models will say nothing about real X-rays.")
    if settings.weights == "none":
        found.append("Random starting weights: expect far worse results than from ImageNet weights.")
    if (dataset.table["patient"] == "").any():
        found.append("Patients are unknown for some images: validation may be flattered.")
    return found


def show_runs(runs: list[Run]) -> None:
    """One run, chosen among all."""
    names = [run.name for run in runs]
    if st.session_state.get("run") not in names:
        st.session_state["run"] = names[0]
    name = st.selectbox("Run", names, key="run")
    run = runs[names.index(name)]
    if run.status().state == "running":
        st.fragment(watch, run_every=1.0)(run)
    else:
        show_run(run)


def watch(run: Run) -> None:
    """A run that trains, drawn again every second until it ends."""
    if run.status().state != "running":
        st.rerun()
    show_run(run)


def show_run(run: Run) -> None:
    """Where the run stands, its curves and its results."""
    status = run.status()
    if run.facts().get("synthetic"):
        st.badge("SYNTHETIC data", color="orange", icon=":material/draw:")
    if status.state == "running":
        st.progress(status.done, f"{status.message} ({status.done:.0%})")
    elif status.state in ("failed", "died"):
        st.error(status.message, icon=":material/error:")
    else:
        st.success(status.message, icon=":material/check_circle:")
    for note in status.notes:
        st.info(note)
    figures = in_numbers(run, status)
    for column, (title, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(title, value)
    if status.state == "running" and st.button(
        "Stop", icon=":material/stop:", help="Ends after the running step."
    ):
        jobs.stop(run)
        st.toast("Stopping after the running step.")
    steps, epochs = run.steps(), run.epochs()
    if len(steps):
        loss, accuracy = st.columns(2)
        loss.plotly_chart(curves(steps, epochs, "loss"), key="loss", config={"displaylogo": False})
        accuracy.plotly_chart(
            curves(steps, epochs, "accuracy"), key="accuracy", config={"displaylogo": False}
        )
    else:
        st.caption("The curves begin with the first training step.")
    with st.expander("Log"):
        st.code(run.log_tail() or "empty", language=None)


def in_numbers(run: Run, status: RunStatus) -> dict[str, str]:
    """Where a run that trains is, or what one that has ended took; a dash where it is not known."""
    if status.state != "running":
        took = status.ended and str(timedelta(seconds=int(status.ended - status.started)))
        memory = status.peak_memory and f"{status.peak_memory / 2**30:.1f} GiB"
        stages = f"{len(run.evaluation())} of {len(run.settings().stages)}"
        return {"Stages finished": stages, "Duration": took or "–", "Peak memory": memory or "–"}
    left = status.seconds_left
    return {
        "Stage": str(status.stage or "–"),
        "Epoch": f"{status.epoch} / {status.epochs}" if status.epochs else "–",
        "Step": f"{status.step} / {status.steps}" if status.steps else "–",
        "Images/s": str(status.images_per_second or "–"),
        "Time left": str(timedelta(seconds=int(left))) if left else "–",
    }


main()
