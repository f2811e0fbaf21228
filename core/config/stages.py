"""The stages of fine-tuning as data: the three of the method on every backbone, and custom ones."""

import re
from dataclasses import MISSING, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.architecture import BACKBONES, VGG19, Backbone
from core.config import json_values, old_names
from core.config.declaration import Group, check_all, setting
from core.errors import UserError
from core.sentence import Sentence

HEAD_ONLY = Sentence("the head only")
FILES = {"model_01": "vgg19_model_01.h5", "model_02": "vgg19_model_02.h5", "model_03": "vgg_unfrozen.h5"}


@dataclass(frozen=True)
class Stage:
    """One stage of fine-tuning.

    Attributes:
        number: 1, 2 or 3 in the method; 4 is a custom stage.
        name: of its model.
        title: `Stage 2`, or `Custom stage`.
        starts_from: number of the stage whose weights it starts from; None for the starting weights.
        trained_layers: layers of the backbone that it trains besides the head, in order.
        file: its weights file in the model folder and in a run's folder.
        summary: what it trains, in words.
        rate_factor: factor on the learning rate.
        steps: steps per epoch; None goes through all images once.
        for_diagnosis: whether its model is published and can be promoted; a custom stage is for comparison.
    """

    number: int
    name: str
    title: str
    starts_from: int | None
    trained_layers: tuple[str, ...]
    file: str
    summary: str
    rate_factor: float = 1.0
    steps: int | None = None
    for_diagnosis: bool = True

    @property
    def label(self) -> str:
        """`Stage 2`, or the name of a custom stage."""
        return self.title if self.for_diagnosis else self.name

    def path_in(self, folder: Path) -> Path:
        """Path of its weights file in a folder; under its old name if there is only a file of that name."""
        path = folder / self.file
        earlier = [folder / name for name in old_names.of_weights_file(self.file)]
        return next((old for old in earlier if old.exists() and not path.exists()), path)


@cache
def method_stages(backbone: Backbone) -> dict[int, Stage]:
    """The three stages of the method on a backbone, by number."""
    body = tuple(layer.name for layer in backbone.weighted_body)
    last = backbone.last_convolutions

    def stage(
        number: int, starts_from: int | None, layers: tuple[str, ...], summary: str, **more: Any
    ) -> Stage:
        name = f"model_{number:02d}"
        title = Sentence("Stage {number}", number=number)
        return Stage(number, name, title, starts_from, layers, weights_file(backbone, name), summary, **more)

    stages = (
        stage(1, None, (), HEAD_ONLY),
        stage(2, 1, last, Sentence("the last two convolutions and the head"), rate_factor=0.1),
        stage(3, 1, body, Sentence("the whole network"), steps=100),
    )
    return {stage.number: stage for stage in stages}


def weights_file(backbone: Backbone, name: str) -> str:
    """Name of the weights file of a model; those of the method keep the names that the method gives them."""
    if backbone.name == VGG19.name:
        return FILES.get(name, f"{name}.h5")
    return f"{backbone.name}_{name}.h5"


def stage_of_file(name: str) -> Stage | None:
    """The stage whose weights file has this name, or had it in an earlier version; None for other files."""
    return next((stage for stage in (*PUBLISHED_STAGES, ENSEMBLE) if name in _file_names(stage)), None)


def _file_names(stage: Stage) -> list[str]:
    return [stage.file, *old_names.of_weights_file(stage.file)]


STAGES = method_stages(VGG19)
PUBLISHED_STAGES = tuple(  # of every backbone, VGG19's last
    stage for backbone in reversed(BACKBONES.values()) for stage in method_stages(backbone).values()
)
ENSEMBLE = Stage(  # of several models: it stands where any other model has its stage
    number=0,
    name="mean of members",
    title=Sentence("Ensemble"),
    starts_from=None,
    trained_layers=(),
    file="ensemble.h5",
    summary="nothing",
)
CUSTOM = 4  # the number of a stage that trains the layers of a strategy
STAGE_NUMBERS = (*STAGES, CUSTOM)
STRATEGY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
RESERVED_NAMES = {*FILES, *(stage.file.removesuffix(".h5") for stage in (*PUBLISHED_STAGES, ENSEMBLE))}


@dataclass(frozen=True)
class Strategy:
    """Which layers a custom stage trains besides the head, and how; it starts from stage 1."""

    name: str = setting(
        MISSING,
        Sentence("Name"),
        Sentence("Up to 32 letters, digits, dashes and underscores, beginning with a letter."),
        Group.STRATEGY,
    )
    trained_layers: tuple[str, ...] = setting(
        MISSING,
        Sentence("Trained layers"),
        Sentence("Layers of the backbone to train besides the head."),
        Group.STRATEGY,
        many=True,
    )
    rate_factor: float = setting(
        0.1,
        Sentence("Rate factor"),
        Sentence("Multiplies the learning rate of stage 1."),
        Group.STRATEGY,
        bounds=(1e-4, 100),
        step=0.1,
    )
    steps: int | None = setting(
        None,
        Sentence("Steps per epoch"),
        Sentence("Leave empty to go through all images once per epoch."),
        Group.STRATEGY,
        bounds=(1, 100_000),
        none=Sentence("all images"),
    )

    def __post_init__(self) -> None:
        check_all(self)
        if not STRATEGY_NAME.fullmatch(self.name) or self.name in RESERVED_NAMES:
            raise UserError(
                Sentence(
                    "A strategy cannot be called {name!r}; use up to 32 letters, digits, dashes and "
                    "underscores, beginning with a letter, and not one of the method's names.",
                    name=self.name,
                )
            )

    def fits(self, backbone: Backbone) -> bool:
        """Whether the backbone has all its layers."""
        return not self._unknown_layers(backbone)

    def stage(self, backbone: Backbone) -> Stage:
        """The custom stage that trains these layers.

        Raises:
            UserError: the backbone lacks one of its layers.
        """
        if unknown := self._unknown_layers(backbone):
            first, *_, last = (layer.name for layer in backbone.weighted_body)
            raise UserError(
                Sentence(
                    "{title} has no layer {unknown!r}; choose from {first} to {last}.",
                    title=backbone.title,
                    unknown=unknown[0],
                    first=first,
                    last=last,
                )
            )
        chosen = tuple(layer.name for layer in backbone.weighted_body if layer.name in self.trained_layers)
        if not chosen:
            summary = HEAD_ONLY
        elif set(chosen) <= set(convolutions(backbone)):
            summary = Sentence("{count} convolutions and the head", count=len(chosen))
        else:
            summary = Sentence("{count} layers and the head", count=len(chosen))
        return Stage(
            number=CUSTOM,
            name=self.name,
            title=Sentence("Custom stage"),
            starts_from=1,
            trained_layers=chosen,
            file=weights_file(backbone, self.name),
            summary=summary,
            rate_factor=self.rate_factor,
            steps=self.steps,
            for_diagnosis=False,
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Strategy":
        """A strategy from what `dataclasses.asdict` gave, now or in an older version."""
        return json_values.read(cls, values, "strategy.")

    def _unknown_layers(self, backbone: Backbone) -> list[str]:
        known = {layer.name for layer in backbone.weighted_body}
        return [name for name in self.trained_layers if name not in known]


def convolutions(backbone: Backbone) -> tuple[str, ...]:
    """Names of a backbone's convolutions, depthwise ones included, in order."""
    kinds = ("convolution", "depthwise_convolution")
    return tuple(layer.name for layer in backbone.weighted_body if layer.kind in kinds)
