"""Named starting points for the settings of a run."""

from dataclasses import dataclass, replace
from typing import Any

from core.config.augmentation import Augmentation
from core.config.method import LUNGS
from core.config.settings import TrainingSettings
from core.errors import UserError
from core.sentence import Sentence

SMALL_DATASET = 1000  # images; fewer say little about a recipe that takes hours


@dataclass(frozen=True)
class Preset:
    """A named starting point.

    Attributes:
        summary: what it is for, in one sentence.
        overrides: what it changes in the method's settings.
    """

    summary: str
    overrides: dict[str, Any]

    def settings(self, **changes: Any) -> TrainingSettings:
        """The preset's settings with `changes` on top."""
        return replace(TrainingSettings(), **{**self.overrides, **changes})


PRESETS = {
    "seed": Preset(
        Sentence("The method as published: all images, SGD at 0.0001, up to 20 epochs per stage."), {}
    ),
    "quick": Preset(
        Sentence("All three stages on a small sample, in a few minutes: for a first try."),
        {
            "preset": "quick",
            "optimizer": "adam",
            "rate_factors": (1.0, 0.1, 0.1),
            "epochs": 4,
            "steps": (None, None, 4),
            "train_limit": 512,
            "validation_limit": 128,
            "views": 1,
            "augmentation": Augmentation(
                vertical_flip=False, rotation=10.0, width_shift=0.1, height_shift=0.1
            ),
        },
    ),
    "recommended": Preset(
        Sentence(
            "Recipe of the bundled model: framing by the lungs, Adam, cosine schedule, averaged weights, "
            "random crops. Takes an hour or more."
        ),
        {
            "preset": "recommended",
            "optimizer": "adam",
            "schedule": "cosine",
            "warmup": 0.5,
            "weight_average": 0.99,
            "epochs": 8,
            "steps": (None, None, None),
            "early_stopping": 8,
            "framing": LUNGS,
            "augmentation": Augmentation(
                horizontal_flip=False,
                vertical_flip=False,
                rotation=10.0,
                width_shift=0.0,
                height_shift=0.0,
                shear=0.0,
                crop=0.3,
                aspect=0.1,
                contrast=0.2,
                brightness=0.2,
                gamma=0.2,
            ),
        },
    ),
}


def default_preset(synthetic: bool, images: int) -> str:
    """Where a newcomer starts: `quick` on synthetic data and on a small set, else the method as published.

    Args:
        synthetic: whether the images were drawn by a program.
        images: in the data set.
    """
    return "quick" if synthetic or images < SMALL_DATASET else "seed"


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UserError: there is none.
    """
    if name not in PRESETS:
        raise UserError(
            Sentence("There is no preset {name!r}; choose from {known}.", name=name, known=", ".join(PRESETS))
        )
    return PRESETS[name]


def differences(settings: TrainingSettings) -> dict[str, Any]:
    """What differs from the preset that the settings started from, by the names that `changed` takes."""
    own, base = settings.to_json(), preset(settings.preset).settings().to_json()
    differing: dict[str, Any] = {}
    for name, value in own.items():
        if name in ("data", "preset", "weights", "stages") or value == base[name]:
            continue
        if isinstance(value, dict):
            other = base[name] or {}
            differing |= {f"{name}.{key}": inner for key, inner in value.items() if inner != other.get(key)}
        else:
            differing[name] = value
    return differing
