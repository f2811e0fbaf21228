"""What the method fixes and what a person may set, as plain data that travels as JSON."""

import json
import os
import re
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from core import backbones, processor
from core.errors import UserError

PROJECT = Path(__file__).resolve().parent.parent
CLASS_NAMES = ("NORMAL", "PNEUMONIA")
POSITIVE = CLASS_NAMES.index("PNEUMONIA")
IMAGE_SIZE = 128  # pixels a side of what the network sees
THRESHOLD = 0.5  # probability of PNEUMONIA from which a film is called positive


@dataclass(frozen=True)
class Stage:
    """One of the three stages of fine-tuning.

    Attributes:
        number: 1, 2 or 3.
        name: the model's name in the method.
        file: the weights file, inside the model folder.
        starts_from: the stage whose weights it starts from; None for the starting weights.
        trains: backbone layers that it trains besides the head.
        summary: what it trains, in words.
    """

    number: int
    name: str
    file: str
    starts_from: int | None
    trains: tuple[str, ...]
    summary: str


ALL_LAYERS = ("all layers",)  # what stage 3 trains of another backbone than VGG19
BACKBONE_CONVOLUTIONS = tuple(
    f"block{block}_conv{index}"
    for block, count in enumerate((2, 2, 4, 4, 4), start=1)
    for index in range(1, count + 1)
)

STAGES = {
    1: Stage(1, "model_01", "vgg19_model_01.h5", None, (), "the head only"),
    2: Stage(
        2,
        "model_02",
        "vgg19_model_02.h5",
        1,
        ("block5_conv3", "block5_conv4"),
        "the last two convolutions and the head",
    ),
    3: Stage(3, "model_03", "vgg_unfrozen.h5", 1, BACKBONE_CONVOLUTIONS, "the whole network"),
}


CUSTOM = 4  # the number of a stage that trains what a person chose
STAGE_NUMBERS = (*STAGES, CUSTOM)
STRATEGY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Strategy:
    """Which layers a custom stage trains besides the head; it starts from stage 1.

    Attributes:
        name: up to 32 letters, digits, dashes and underscores, beginning with a letter.
        trains: convolutions of the backbone.
        rate_factor: what the learning rate of stage 1 is multiplied by.
        steps: steps an epoch; None goes through all images once.
    """

    name: str
    trains: tuple[str, ...]
    rate_factor: float = 0.1
    steps: int | None = None

    def __post_init__(self):
        if not STRATEGY_NAME.fullmatch(self.name) or self.name in {stage.name for stage in STAGES.values()}:
            raise UserError(
                f"A strategy cannot be called {self.name!r}; use up to 32 letters, digits, dashes and "
                "underscores, beginning with a letter, and none of the method's names."
            )
        unknown = [name for name in self.trains if name not in BACKBONE_CONVOLUTIONS]
        if unknown:
            raise UserError(f"VGG19 has no layer {unknown[0]!r}; choose from block1_conv1 to block5_conv4.")
        _check_range("rate_factor", self.rate_factor, 1e-4, 100)
        _check_range("steps", self.steps, 1, 100_000)

    @property
    def stage(self) -> Stage:
        """The stage that trains so."""
        summary = f"{len(self.trains)} convolutions and the head" if self.trains else "the head only"
        ordered = tuple(name for name in BACKBONE_CONVOLUTIONS if name in self.trains)
        return Stage(CUSTOM, self.name, f"{self.name}.h5", 1, ordered, summary)


@dataclass(frozen=True)
class Augmentation:
    """Strength of each random change; a film is drawn uniformly between none and this, either way.

    Attributes:
        horizontal_flip, vertical_flip: mirror half of the views.
        rotation: degrees.
        width_shift, height_shift: fraction of the side.
        shear: degrees (as in Keras's ImageDataGenerator, whose 0.2 means 0.2 degrees).
        crop: share of a side that a frame, laid at random, leaves out.
        aspect: of that frame, its width against its height.
        contrast, brightness, gamma: fraction, of factors of the grey levels and of their exponent.
    """

    horizontal_flip: bool = True
    vertical_flip: bool = True
    rotation: float = 40.0
    width_shift: float = 0.2
    height_shift: float = 0.2
    shear: float = 0.2
    crop: float = 0.0
    aspect: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    gamma: float = 0.0

    @classmethod
    def frames(cls, crop: float) -> "Augmentation":
        """Random frames that leave out up to `crop` of a side, and nothing else."""
        still = dict.fromkeys(("rotation", "width_shift", "height_shift", "shear"), 0.0)
        return cls(horizontal_flip=False, vertical_flip=False, crop=crop, **still)

    def __post_init__(self):
        most = {"rotation": 180, "shear": 60}
        for item in fields(self):
            if item.type is float:
                _check_range(item.name, getattr(self, item.name), 0, most.get(item.name, 0.9))


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides how a run trains. The defaults are the method's values.

    Attributes:
        data: folder of the data set.
        preset: name of the preset these settings started from.
        stages: the stages to train, in order.
        backbone: `vgg19`, the method's, or another for comparison (`core.backbones`).
        weights: `imagenet`, `none`, or the path of a file in Keras's no-top layout.
        optimizer: `sgd`, `adam` or `adamw`.
        learning_rate: of stage 1; the others multiply it by their `rate_factors`.
        rate_factors: one factor a stage; stage 2 trains at a lower rate.
        momentum, nesterov: of SGD.
        weight_decay: of AdamW.
        schedule: `plateau` reduces the rate when the validation loss stays; `cosine` lets it fall along a
            cosine to 0 at the last epoch.
        warmup: epochs in which the cosine's rate first rises from 0; parts of one count.
        label_smoothing: share of each label that is given to both classes alike.
        mixup: alpha of the Beta distribution by which pairs of films are blended; 0 blends none.
        weight_average: momentum of the running average of the weights, which is what is validated and
            kept; 0 keeps the weights themselves.
        batch_size: images a step.
        epochs: most epochs a stage.
        steps: steps an epoch, one entry a stage; None goes through all images once.
        early_stopping: epochs without a better validation loss after which a stage ends.
        plateau: epochs without a better validation loss after which the rate is reduced, where the schedule
            is `plateau`.
        plateau_factor: what the rate is multiplied by then.
        validation_fraction: share of the patients held out for validation.
        class_weights: let each class weigh the same in the loss, however many films it has.
        without_copies: leave byte-identical copies of a film out of training.
        without_test_patients: leave films of patients who are in test, too, out of training and validation.
        cohort: films of the set, under the name they were kept, to train and validate on; None for all.
            Test is always whole.
        train_limit, validation_limit: most images of either; None for all.
        validation_crop: share of a side that a random frame leaves out of each validation film while stages
            train: so the best epoch, the rate, the end and sweeps are judged on films framed otherwise; 0 on
            films as they are. What is measured when a stage has ended is of films as they are either way.
        preprocessing: `clahe` evens out the contrast of every film before the network sees it, in diagnosis,
            too; `none` leaves films as they are.
        augmentation: strengths, or None for plain images.
        views: augmented views of each image that are kept; each epoch takes the next one.
        keep_activations: compute frozen layers once and train on what they gave.
        precision: in which convolutions compute: `float32`, `bfloat16`, or `auto`, which is bfloat16
            where the processor has it; weights, head and loss are float32 either way.
        seed: of the split, the augmentation, the head's first weights and dropout.
        strategy: what stage 4, the custom one, trains.
    """

    data: str = ""
    preset: str = "seed"
    stages: tuple[int, ...] = (1, 2, 3)
    backbone: str = backbones.VGG19
    weights: str = "imagenet"
    optimizer: str = "sgd"
    learning_rate: float = 1e-4
    rate_factors: tuple[float, float, float] = (1.0, 0.1, 1.0)
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    schedule: str = "plateau"
    warmup: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    weight_average: float = 0.0
    batch_size: int = 32
    epochs: int = 20
    steps: tuple[int | None, int | None, int | None] = (None, None, 100)
    early_stopping: int = 5
    plateau: int = 2
    plateau_factor: float = 0.5
    validation_fraction: float = 0.1
    class_weights: bool = False
    without_copies: bool = False
    without_test_patients: bool = False
    cohort: str | None = None
    train_limit: int | None = None
    validation_limit: int | None = None
    validation_crop: float = 0.0
    preprocessing: str = "none"
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    views: int = 4
    keep_activations: bool = True
    precision: str = "auto"
    seed: int = 0
    strategy: Strategy | None = None

    def __post_init__(self):
        if not self.stages or any(stage not in STAGE_NUMBERS for stage in self.stages):
            raise UserError(f"stages is {list(self.stages)}; choose from 1, 2, 3 and {CUSTOM} (custom).")
        if CUSTOM in self.stages and self.strategy is None:
            raise UserError(f"Stage {CUSTOM} is custom: choose which layers it trains.")
        _check_choice("backbone", self.backbone, backbones.NAMES)
        if CUSTOM in self.stages and self.backbone != backbones.VGG19:
            raise UserError(f"Stage {CUSTOM}, the custom one, chooses among VGG19's layers. Leave it out.")
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("preprocessing", self.preprocessing, PREPROCESSING)
        processor.resolved(self.precision)
        _check_range("learning_rate", self.learning_rate, 1e-8, 1)
        for factor in self.rate_factors:
            _check_range("rate_factors", factor, 1e-4, 100)
        _check_range("momentum", self.momentum, 0, 0.999)
        _check_range("weight_decay", self.weight_decay, 0, 1)
        _check_range("warmup", self.warmup, 0, 1000)
        _check_range("label_smoothing", self.label_smoothing, 0, 0.5)
        _check_range("mixup", self.mixup, 0, 10)
        _check_range("weight_average", self.weight_average, 0, 0.9999)
        _check_range("batch_size", self.batch_size, 1, 512)
        _check_range("epochs", self.epochs, 1, 1000)
        for steps in self.steps:
            _check_range("steps", steps, 1, 100_000)
        _check_range("early_stopping", self.early_stopping, 1, 1000)
        _check_range("plateau", self.plateau, 1, 1000)
        _check_range("plateau_factor", self.plateau_factor, 0.01, 0.99)
        _check_range("validation_fraction", self.validation_fraction, 0.01, 0.5)
        _check_range("train_limit", self.train_limit, 2, 10**9)
        _check_range("validation_limit", self.validation_limit, 2, 10**9)
        _check_range("validation_crop", self.validation_crop, 0, 0.9)
        _check_range("views", self.views, 1, 100)
        _check_range("seed", self.seed, 0, 2**31 - 1)

    @property
    def kept_views(self) -> int:
        """Views of each training film that are kept; without augmentation all would be the same."""
        return self.views if self.augmentation else 1

    def stage(self, number: int) -> Stage:
        """The stage of that number, of the method or custom."""
        if number == CUSTOM:
            return self.strategy.stage
        if self.backbone == backbones.VGG19:
            return STAGES[number]
        last = backbones.OTHERS[self.backbone].last
        trains = {1: (), 2: last, 3: ALL_LAYERS}[number]
        file = f"{self.backbone}_{STAGES[number].name}.weights.h5"
        return replace(STAGES[number], file=file, trains=trains)

    def rate(self, number: int) -> float:
        """The learning rate that a stage begins with."""
        factor = self.strategy.rate_factor if number == CUSTOM else self.rate_factors[number - 1]
        return self.learning_rate * factor

    def steps_set(self, number: int) -> int | None:
        """Steps an epoch of a stage; None goes through all images once."""
        return self.strategy.steps if number == CUSTOM else self.steps[number - 1]

    def changed(self, changes: dict[str, str]) -> "TrainingSettings":
        """These settings with values as they are typed: JSON, or text.

        Args:
            changes: by name; `augmentation.rotation` and `strategy.trains` reach into the parts.

        Raises:
            UserError: a name is unknown or a value out of its range.
        """
        values = self.to_json()
        for path, text in changes.items():
            name, _, inner = path.partition(".")
            if inner:
                values[name] = {**(values.get(name) or {}), inner: _typed(text)}
            else:
                values[name] = _typed(text)
        return self.from_json(values)

    def differences(self) -> dict[str, object]:
        """What differs from the preset, by the names that `changed` takes."""
        mine, base = self.to_json(), PRESETS[self.preset].settings().to_json()
        found = {}
        for name, value in mine.items():
            if name in ("data", "preset", "weights", "stages") or value == base[name]:
                continue
            if isinstance(value, dict):
                other = base[name] or {}
                found |= {f"{name}.{key}": v for key, v in value.items() if v != other.get(key)}
            else:
                found[name] = value
        return found

    def to_json(self) -> dict:
        """Plain values that `from_json` turns back into equal settings."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> "TrainingSettings":
        """Settings from what `to_json` wrote.

        Raises:
            UserError: a name is unknown or a value out of its range.
        """
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise UserError(f"Unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}.")
        for name, part in (("augmentation", Augmentation), ("strategy", Strategy)):
            if isinstance(values.get(name), dict):
                values = {**values, name: _part(part, name, values[name])}
        try:
            return cls(**_with_tuples(values))
        except TypeError as error:  # a text where a number belongs
            raise UserError(f"A setting is of the wrong kind: {error}.") from error


def _part(kind: type, name: str, values: dict):
    unknown = sorted(set(values) - {item.name for item in fields(kind)})
    if unknown:
        raise UserError(f"Unknown setting {name}.{unknown[0]}.")
    try:
        return kind(**_with_tuples(values))
    except TypeError as error:
        raise UserError(f"A setting of {name} is missing or of the wrong kind: {error}.") from error


def _with_tuples(values: dict) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _typed(text: str) -> object:
    """A value from the terminal: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None if text == "none" else text


REFRAMED = "re-framed"  # a split of an evaluation: validation films in the frames that judged the training
OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("plateau", "cosine")
CLAHE = "clahe"
PREPROCESSING = ("none", CLAHE)


def _check_choice(name: str, value: str, offered: tuple[str, ...]) -> None:
    if value not in offered:
        raise UserError(f"{name} is {value!r}; choose from {', '.join(offered)}.")


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if isinstance(value, str | bytes | list | tuple | dict):
        raise UserError(f"{name} is {value!r}; a number between {low} and {high} is needed.")
    if value is not None and not low <= value <= high:
        raise UserError(f"{name} is {value}; it must lie between {low} and {high}.")


@dataclass(frozen=True)
class Preset:
    """A named starting point: what it overrides in the method's settings, and what it is for."""

    summary: str
    overrides: dict

    def settings(self, **changes) -> TrainingSettings:
        """The preset's settings with `changes` on top."""
        return replace(TrainingSettings(), **{**self.overrides, **changes})


PRESETS = {
    "seed": Preset("The method to the letter: all images, SGD at 0.0001, up to 20 epochs a stage.", {}),
    "quick": Preset(
        "All three stages on a small sample in a few minutes, to see the whole way once.",
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
        "The recipe of the model that came along: Adam, cosine, averaged weights, random frames; hours.",
        {
            "preset": "recommended",
            "optimizer": "adam",
            "schedule": "cosine",
            "warmup": 0.5,
            "weight_average": 0.99,
            "epochs": 8,
            "steps": (None, None, None),
            "early_stopping": 8,
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


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UserError: there is none.
    """
    if name not in PRESETS:
        raise UserError(f"There is no preset {name!r}; choose from {', '.join(PRESETS)}.")
    return PRESETS[name]


def home() -> Path:
    """Folder that holds runs, data and weights: $PNEUMONIA_STUDIO_HOME, else the project's own."""
    return Path(os.environ.get("PNEUMONIA_STUDIO_HOME") or PROJECT)


def runs_folder() -> Path:
    """Where runs are kept unless told otherwise."""
    return home() / "runs"


def data_folder() -> Path:
    """Where indexes, decoded pixels and the synthetic set are kept."""
    return home() / "data"


def shipped_folder() -> Path:
    """Where runs that come with the project are kept: $PNEUMONIA_STUDIO_SHIPPED, else the project's own."""
    return Path(os.environ.get("PNEUMONIA_STUDIO_SHIPPED") or PROJECT / "model_weights" / "shipped")


def model_folder() -> Path:
    """Where the three weights files are kept unless told otherwise."""
    return home() / "model_weights"
