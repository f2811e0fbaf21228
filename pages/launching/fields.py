"""The settings folded away: each with a sentence of help and its value in the method."""

from dataclasses import replace

import streamlit as st

from core import processor
from core.config import OPTIMIZERS, PREPROCESSING, SCHEDULES, STAGES, Augmentation, TrainingSettings

METHOD = TrainingSettings()


def change_settings(base: TrainingSettings, key: str) -> TrainingSettings:
    """Widgets for all settings, `base` being their values at first.

    Args:
        base: what the form starts from.
        key: tells the widgets of one base from those of another; a widget's own key is this, a dash and
            the name of the setting.
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
    if isinstance(value, bool):
        value = "on" if value else "off"
    return f"{sentence} The method: {'0' if value is None else value}."


def _number(place, base, key: str, name: str, label: str, low, high, sentence: str, step=None, **more):
    """A number of the settings; what lies out of its range is refused where it is typed."""
    method, value = getattr(METHOD, name, None), getattr(base, name)
    return place.number_input(
        label, low, high, value, step, key=f"{key}-{name}", help=_help(sentence, method), **more
    )


def _choice(place, base, key: str, name: str, label: str, options: tuple[str, ...], sentence: str) -> str:
    """One of the values that a setting may have."""
    given, method = getattr(base, name), getattr(METHOD, name)
    return place.selectbox(
        label, options, options.index(given), key=f"{key}-{name}", help=_help(sentence, method)
    )


def _switch(place, base, key: str, name: str, label: str, sentence: str, **more) -> bool:
    """A setting that is on or off."""
    method = getattr(METHOD if hasattr(METHOD, name) else METHOD.augmentation, name)
    return place.checkbox(
        label, getattr(base, name), key=f"{key}-{name}", help=_help(sentence, method), **more
    )


def _at_most(place, base, key: str, name: str, label: str) -> int | None:
    """A limit; 0 stands for none."""
    given, sentence = getattr(base, name) or 0, _help("At most; 0 takes all.", getattr(METHOD, name))
    return place.number_input(label, 0, 10**9, given, key=f"{key}-{name}", help=sentence) or None


def _loop(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    steps = tuple(
        second.number_input(
            f"Steps an epoch, stage {number}",
            0,
            100_000,
            base.steps[number - 1] or 0,
            key=f"{key}-steps-{number}",
            help=_help("0 goes through all films once.", METHOD.steps[number - 1]),
        )
        or None
        for number in STAGES
    )
    return {
        "epochs": _number(first, base, key, "epochs", "Epochs", 1, 1000, "At most, in each stage."),
        "batch_size": _number(
            first,
            base,
            key,
            "batch_size",
            "Batch size",
            1,
            512,
            "Films a step. More need more memory and make fewer steps.",
        ),
        "seed": _number(
            first, base, key, "seed", "Seed", 0, 2**31 - 1, "The same settings and seed give the same run."
        ),
        "steps": steps,
        "early_stopping": _number(
            third,
            base,
            key,
            "early_stopping",
            "Early stopping",
            1,
            1000,
            "Epochs without a better validation loss after which a stage ends.",
        ),
        "plateau": _number(
            third,
            base,
            key,
            "plateau",
            "Plateau",
            1,
            1000,
            "Epochs without a better validation loss after which the rate drops.",
        ),
        "plateau_factor": _number(
            third,
            base,
            key,
            "plateau_factor",
            "Drop the rate to",
            0.01,
            0.99,
            "The rate is multiplied by this on a plateau.",
            0.05,
        ),
    }


def _optimizer(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    optimizer = _choice(
        first,
        base,
        key,
        "optimizer",
        "Optimiser",
        OPTIMIZERS,
        "Adam adapts the rate of each weight and gets on faster in few epochs; AdamW also lets weights "
        "decay.",
    )
    off = {"disabled": optimizer != "sgd"}
    schedule = _choice(
        second,
        base,
        key,
        "schedule",
        "Schedule of the rate",
        SCHEDULES,
        "Plateau drops the rate when the validation loss stays; cosine lets it fall to 0 by the last epoch.",
    )
    return {
        "optimizer": optimizer,
        "learning_rate": _number(
            first,
            base,
            key,
            "learning_rate",
            "Learning rate",
            1e-8,
            1.0,
            "Of stage 1. Too high a rate makes the loss explode.",
            format="%.1e",
        ),
        "precision": _choice(
            first,
            base,
            key,
            "precision",
            "Precision",
            processor.PRECISIONS,
            "In which convolutions compute. Auto is bfloat16, about twice as fast, where the processor "
            f"has it (here: {processor.resolved('auto')}); weights, head and loss are float32 always.",
        ),
        "rate_factors": tuple(
            second.number_input(
                f"Rate of stage {number}, times",
                1e-4,
                100.0,
                base.rate_factors[number - 1],
                key=f"{key}-rate-{number}",
                help=_help("Multiplies the learning rate in this stage.", METHOD.rate_factors[number - 1]),
            )
            for number in STAGES
        ),
        "schedule": schedule,
        "warmup": _number(
            second,
            base,
            key,
            "warmup",
            "Warm-up, epochs",
            0.0,
            1000.0,
            "The cosine's rate first rises from 0 for so long.",
            0.5,
            disabled=schedule != "cosine",
        ),
        "weight_decay": _number(
            first,
            base,
            key,
            "weight_decay",
            "Weight decay",
            0.0,
            1.0,
            "How fast AdamW draws weights towards 0.",
            0.01,
            disabled=optimizer != "adamw",
        ),
        "label_smoothing": _number(
            third,
            base,
            key,
            "label_smoothing",
            "Label smoothing",
            0.0,
            0.5,
            "Share of each label that goes to both classes alike: fewer answers near 0 and 1.",
            0.05,
        ),
        "mixup": _number(
            third,
            base,
            key,
            "mixup",
            "Mixup",
            0.0,
            10.0,
            "Blend pairs of films; 0.2 blends most pairs a little, 1 all alike.",
            0.1,
        ),
        "weight_average": _number(
            third,
            base,
            key,
            "weight_average",
            "Average of the weights",
            0.0,
            0.9999,
            "Keep a running average of the weights; 0.99 reaches back about 100 steps.",
            0.01,
        ),
        "momentum": _number(
            third,
            base,
            key,
            "momentum",
            "Momentum",
            0.0,
            0.999,
            "How much of the last step each step of SGD keeps.",
            0.1,
            **off,
        ),
        "nesterov": _switch(
            third, base, key, "nesterov", "Nesterov", "Look ahead along the momentum.", **off
        ),
        "class_weights": _switch(
            third,
            base,
            key,
            "class_weights",
            "Class weights",
            "Let both classes weigh the same in the loss, though pneumonia has more films.",
        ),
    }


FLIPS = {
    "horizontal_flip": ("Horizontal flip", "Mirror half of the views left to right."),
    "vertical_flip": ("Vertical flip", "Stand half of the views on their head; no clinic sees such a film."),
}
STRENGTHS = {  # label, most, sentence
    "rotation": ("Rotation, degrees", 90.0, "Turn by up to this, either way."),
    "width_shift": ("Width shift", 0.5, "Of the width, either way."),
    "height_shift": ("Height shift", 0.5, "Of the height, either way."),
    "shear": ("Shear, degrees", 30.0, "Slant by up to this, either way."),
    "crop": ("Crop", 0.5, "Share of each side that a frame, laid at random, leaves out."),
    "aspect": ("Aspect", 0.5, "Stretch of that frame, either way."),
    "contrast": ("Contrast", 0.5, "Stronger or weaker by up to this share."),
    "brightness": ("Brightness", 0.5, "Lighter or darker by up to this share."),
    "gamma": ("Gamma", 0.5, "Lift or lower the middle greys by up to this share."),
}

LEFT_OUT = {
    "without_copies": ("Leave out copies", "Train on each film once where files are byte-identical."),
    "without_test_patients": (
        "Leave out patients of test",
        "Neither train nor validate on patients with films in test.",
    ),
}


def _left_out(place, base: TrainingSettings, key: str, name: str) -> bool:
    """A switch that starts as the audit of the set says; another set or choice makes another switch."""
    label, sentence = LEFT_OUT[name]
    key = f"{key}-{base.data}-{getattr(base, name)}"
    return _switch(place, base, key, name, label, f"{sentence} The audit of a set can turn this on.")


def _data(base: TrainingSettings, key: str) -> dict:
    first, second, third = st.columns(3)
    given = base.augmentation or Augmentation()
    augment = first.checkbox(
        "Augment", base.augmentation is not None, key=f"{key}-augment", help=_help("Vary the films.", True)
    )
    off = {"disabled": not augment}
    flips = {
        name: _switch(first, given, key, name, label, sentence, **off)
        for name, (label, sentence) in FLIPS.items()
    }
    strengths = {
        name: second.slider(
            label,
            0.0,
            most,
            getattr(given, name),
            key=f"{key}-{name}",
            help=_help(sentence, getattr(METHOD.augmentation, name)),
            **off,
        )
        for name, (label, most, sentence) in STRENGTHS.items()
    }
    return {
        "preprocessing": _choice(
            third,
            base,
            key,
            "preprocessing",
            "Preprocessing",
            PREPROCESSING,
            "clahe evens out the contrast of every film, tile by tile, before the network sees it; in "
            "diagnosis, too.",
        ),
        "augmentation": Augmentation(**flips, **strengths) if augment else None,
        "views": _number(
            third,
            base,
            key,
            "views",
            "Kept views",
            1,
            100,
            "Augmented views of each film that stages 1 and 2 keep; each epoch takes the next. More need "
            "more disk.",
            **off,
        ),
        "validation_fraction": _number(
            third,
            base,
            key,
            "validation_fraction",
            "Validation patients",
            0.01,
            0.5,
            "Share of the patients that is held out to choose the best weights.",
            0.01,
        ),
        **{name: _left_out(third, base, key, name) for name in LEFT_OUT},
        "train_limit": _at_most(third, base, key, "train_limit", "Training films"),
        "validation_limit": _at_most(third, base, key, "validation_limit", "Validation films"),
        "validation_crop": _number(
            third,
            base,
            key,
            "validation_crop",
            "Validation crop",
            0.0,
            0.9,
            "Share of a side that a random frame leaves out of each validation film while stages train, so "
            "that the best weights are chosen on films framed otherwise. 0 shows films as they are.",
            0.05,
        ),
    }
