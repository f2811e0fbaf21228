"""Strengths of the random changes that training makes to images."""

from dataclasses import dataclass
from typing import Any

from core.config.declaration import Group, check_all, setting
from core.sentence import Sentence


def flip(default: bool, label: str, help: str) -> Any:
    """A declared flip."""
    return setting(default, label, help, Group.AUGMENTATION)


def strength(default: float, label: str, help: str, high: float = 0.9, step: float = 0.01) -> Any:
    """A declared strength, from 0, which changes nothing, to `high`."""
    return setting(default, label, help, Group.AUGMENTATION, bounds=(0, high), step=step, slider=True)


def appearance(label: str, help: str, high: float = 0.9) -> Any:
    """A declared strength of a change of an image's appearance, which only those who ask for it get."""
    return setting(0.0, label, help, Group.APPEARANCE, bounds=(0, high), step=0.01, slider=True)


@dataclass(frozen=True)
class Augmentation:
    """Strength of each random change; each image's is drawn uniformly from none to this, either way.

    Shear is in degrees, as in Keras's ImageDataGenerator, whose 0.2 means 0.2 degrees.
    """

    horizontal_flip: bool = flip(
        True, Sentence("Horizontal flip"), Sentence("Mirror half of the views left to right.")
    )
    vertical_flip: bool = flip(
        True,
        Sentence("Vertical flip (not anatomically plausible)"),
        Sentence("Turn half of the views upside down."),
    )
    rotation: float = strength(
        40.0, Sentence("Rotation (°)"), Sentence("Maximum rotation, either way."), 180, 1
    )
    width_shift: float = strength(
        0.2, Sentence("Width shift"), Sentence("Maximum shift as a fraction of the width, either way.")
    )
    height_shift: float = strength(
        0.2, Sentence("Height shift"), Sentence("Maximum shift as a fraction of the height, either way.")
    )
    shear: float = strength(0.2, Sentence("Shear (°)"), Sentence("Maximum shear angle, either way."), 60, 0.1)
    crop: float = strength(
        0.0, Sentence("Crop"), Sentence("Maximum fraction of each side that a random crop leaves out.")
    )
    aspect: float = strength(
        0.0, Sentence("Aspect ratio"), Sentence("Maximum change of the crop's aspect ratio, either way.")
    )
    contrast: float = strength(
        0.0, Sentence("Contrast"), Sentence("Maximum relative change of contrast, either way.")
    )
    brightness: float = strength(
        0.0, Sentence("Brightness"), Sentence("Maximum relative change of brightness, either way.")
    )
    gamma: float = strength(
        0.0, Sentence("Gamma"), Sentence("Maximum relative change of the gamma exponent, either way.")
    )
    texture: float = appearance(
        Sentence("Texture"),
        Sentence("Maximum share of a copy, filtered by a random kernel, that is blended in."),
    )
    local_contrast: float = appearance(
        Sentence("Local contrast"),
        Sentence("Maximum share of a copy, equalised tile by tile, that is blended in."),
    )
    markers: float = appearance(
        Sentence("Markers"), Sentence("Fraction of the views in which a line, a marker or text is drawn.")
    )
    resolution: float = appearance(
        Sentence("Resolution"),
        Sentence("Maximum fraction of the resolution that is lost before the image is enlarged again."),
    )
    sharpness: float = appearance(
        Sentence("Sharpness"),
        Sentence("Maximum strength of sharpening, or standard deviation of blurring in pixels."),
    )
    noise: float = appearance(
        Sentence("Noise"),
        Sentence("Maximum standard deviation of added noise, as a fraction of the grey levels."),
        0.2,
    )
    compression: float = appearance(
        Sentence("Compression"),
        Sentence("Maximum loss of JPEG quality: 0.4 means a quality between 60 and 100."),
    )

    def __post_init__(self) -> None:
        check_all(self)

    @classmethod
    def crops(cls, crop: float) -> "Augmentation":
        """Random crops that leave out up to `crop` of a side, and no other change."""
        still = dict.fromkeys(("rotation", "width_shift", "height_shift", "shear"), 0.0)
        return cls(horizontal_flip=False, vertical_flip=False, crop=crop, **still)
