"""The settings folded away: each with a sentence of help and its value in the method."""

from dataclasses import replace

import streamlit as st

from core import processor
from core.config import OPTIMIZERS, STAGES, Augmentation, TrainingSettings

METHOD = TrainingSettings()


def change_settings(base: TrainingSettings, key: str) -> TrainingSettings:
    """Widgets for all settings, `base` being their values at first.

    Args:
        base: what the form starts from.
        key: tells the widgets of one base from those of another.
    """
    loop, optimizer, data = st.tabs(["Epochs and steps", "Optimiser", "Data and augmentation"])
    with loop:
        changes = _loop(base, key)
    with optimizer:
        changes |= _optimizer(base, key)
    with data:
        changes |= _data(base, key)
    return replace(base, **changes)


def _help(sentence: str, value: object) -> str:
    return f"{sentence} The method: {value}."


def _loop(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    epochs = first.number_input(
        "Epochs",
        1,
        1000,
        base.epochs,
        key=f"{key}-epochs",
        help=_help("At most, in each stage.", METHOD.epochs),
    )
    batch = first.number_input(
        "Batch size",
        1,
        512,
        base.batch_size,
        key=f"{key}-batch",
        help=_help("Films a step. More need more memory and make fewer steps.", METHOD.batch_size),
    )
    seed = first.number_input(
        "Seed",
        0,
        2**31 - 1,
        base.seed,
        key=f"{key}-seed",
        help=_help("The same settings and seed give the same run.", METHOD.seed),
    )
    steps = []
    for number in STAGES:
        value = base.steps[number - 1]
        method = METHOD.steps[number - 1] or "0, all films once"
        chosen = second.number_input(
            f"Steps an epoch, stage {number}",
            0,
            100_000,
            value or 0,
            key=f"{key}-steps-{number}",
            help=_help("0 goes through all films once.", method),
        )
        steps.append(chosen or None)
    patience = third.number_input(
        "Early stopping",
        1,
        1000,
        base.early_stopping,
        key=f"{key}-patience",
        help=_help(
            "Epochs without a better validation loss after which a stage ends.", METHOD.early_stopping
        ),
    )
    plateau = third.number_input(
        "Plateau",
        1,
        1000,
        base.plateau,
        key=f"{key}-plateau",
        help=_help("Epochs without a better validation loss after which the rate drops.", METHOD.plateau),
    )
    factor = third.number_input(
        "Drop the rate to",
        0.01,
        0.99,
        base.plateau_factor,
        0.05,
        key=f"{key}-factor",
        help=_help("The rate is multiplied by this on a plateau.", METHOD.plateau_factor),
    )
    return {
        "epochs": epochs,
        "batch_size": batch,
        "seed": seed,
        "steps": tuple(steps),
        "early_stopping": patience,
        "plateau": plateau,
        "plateau_factor": factor,
    }


def _optimizer(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    optimizer = first.selectbox(
        "Optimiser",
        OPTIMIZERS,
        OPTIMIZERS.index(base.optimizer),
        key=f"{key}-optimizer",
        help=_help("Adam adapts the rate of each weight and gets on faster in few epochs.", METHOD.optimizer),
    )
    rate = first.number_input(
        "Learning rate",
        1e-8,
        1.0,
        base.learning_rate,
        format="%.1e",
        key=f"{key}-rate",
        help=_help("Of stage 1. Too high a rate makes the loss explode.", METHOD.learning_rate),
    )
    precision = first.selectbox(
        "Precision",
        processor.PRECISIONS,
        processor.PRECISIONS.index(base.precision),
        key=f"{key}-precision",
        help=_help(
            "In which convolutions compute. Auto is bfloat16, about twice as fast, where the processor has "
            f"it (here: {processor.resolved('auto')}); weights, head and loss are float32 either way.",
            METHOD.precision,
        ),
    )
    factors = [
        second.number_input(
            f"Rate of stage {number}, times",
            1e-4,
            100.0,
            base.rate_factors[number - 1],
            key=f"{key}-rate-{number}",
            help=_help("Multiplies the learning rate in this stage.", METHOD.rate_factors[number - 1]),
        )
        for number in STAGES
    ]
    momentum = third.number_input(
        "Momentum",
        0.0,
        0.999,
        base.momentum,
        0.1,
        key=f"{key}-momentum",
        disabled=optimizer != "sgd",
        help=_help("How much of the last step each step of SGD keeps.", METHOD.momentum),
    )
    nesterov = third.checkbox(
        "Nesterov",
        base.nesterov,
        key=f"{key}-nesterov",
        disabled=optimizer != "sgd",
        help=_help("Look ahead along the momentum.", "off"),
    )
    weights = third.checkbox(
        "Class weights",
        base.class_weights,
        key=f"{key}-weights",
        help=_help("Let both classes weigh the same in the loss, though pneumonia has more films.", "off"),
    )
    return {
        "optimizer": optimizer,
        "learning_rate": rate,
        "precision": precision,
        "rate_factors": tuple(factors),
        "momentum": momentum,
        "nesterov": nesterov,
        "class_weights": weights,
    }


def _data(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    method, given = METHOD.augmentation, base.augmentation or Augmentation()
    augment = first.checkbox(
        "Augment", base.augmentation is not None, key=f"{key}-augment", help=_help("Vary the films.", "on")
    )
    off = {"disabled": not augment}
    flip = first.checkbox(
        "Horizontal flip",
        given.horizontal_flip,
        key=f"{key}-hflip",
        help=_help("Mirror half of the views left to right.", "on"),
        **off,
    )
    vertical = first.checkbox(
        "Vertical flip",
        given.vertical_flip,
        key=f"{key}-vflip",
        help=_help("Stand half of the views on their head; no clinic sees such a film.", "on"),
        **off,
    )
    rotation = second.slider(
        "Rotation, degrees",
        0.0,
        90.0,
        given.rotation,
        key=f"{key}-rotation",
        help=_help("Turn by up to this, either way.", method.rotation),
        **off,
    )
    width = second.slider(
        "Width shift",
        0.0,
        0.5,
        given.width_shift,
        key=f"{key}-width",
        help=_help("Of the width, either way.", method.width_shift),
        **off,
    )
    height = second.slider(
        "Height shift",
        0.0,
        0.5,
        given.height_shift,
        key=f"{key}-height",
        help=_help("Of the height, either way.", method.height_shift),
        **off,
    )
    shear = second.slider(
        "Shear, degrees",
        0.0,
        30.0,
        given.shear,
        key=f"{key}-shear",
        help=_help("Slant by up to this, either way.", method.shear),
        **off,
    )
    views = third.number_input(
        "Kept views",
        1,
        100,
        base.views,
        key=f"{key}-views",
        help=_help(
            "Augmented views of each film that stages 1 and 2 keep; each epoch takes the next. "
            "More need more disk.",
            METHOD.views,
        ),
        **off,
    )
    fraction = third.number_input(
        "Validation patients",
        0.01,
        0.5,
        base.validation_fraction,
        0.01,
        key=f"{key}-fraction",
        help=_help(
            "Share of the patients that is held out to choose the best weights.", METHOD.validation_fraction
        ),
    )
    copies = third.checkbox(
        "Leave out copies",
        base.without_copies,
        key=f"{key}-copies",
        help=_help("Train on each film once where files are byte-identical; see the audit.", "off"),
    )
    limit = third.number_input(
        "Training films",
        0,
        10**9,
        base.train_limit or 0,
        key=f"{key}-limit",
        help=_help("At most; 0 takes all.", "0"),
    )
    held_out = third.number_input(
        "Validation films",
        0,
        10**9,
        base.validation_limit or 0,
        key=f"{key}-held-out",
        help=_help("At most; 0 takes all.", "0"),
    )
    return {
        "augmentation": Augmentation(flip, vertical, rotation, width, height, shear) if augment else None,
        "views": views,
        "without_copies": copies,
        "validation_fraction": fraction,
        "train_limit": limit or None,
        "validation_limit": held_out or None,
    }
