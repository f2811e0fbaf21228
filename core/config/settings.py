"""Everything that a person may set for a run, each setting declared once."""

from dataclasses import asdict, dataclass, field, replace

from core.architecture import BACKBONES, VGG19, Backbone
from core.config import json_values
from core.config.augmentation import Augmentation
from core.config.declaration import Group, check_all, setting
from core.config.method import FRAMINGS, LUNG_MARGIN, LUNGS, WHOLE
from core.config.processor import PRECISIONS
from core.config.stages import CUSTOM, STAGE_NUMBERS, STAGES, Stage, Strategy, method_stages
from core.errors import UserError
from core.sentence import Sentence

OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("plateau", "cosine")
CLAHE, RANK = "clahe", "rank"
PREPROCESSING = ("none", CLAHE, RANK)
SEEDS = (0, 2**31 - 1)


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides how a run trains. The defaults are the method's values."""

    data: str = setting("", Sentence("Data set"), Sentence("Folder of the data set."), Group.RUN)
    preset: str = setting(
        "seed", Sentence("Preset"), Sentence("Preset that the settings started from."), Group.RUN
    )
    stages: tuple[int, ...] = setting(
        (1, 2, 3),
        Sentence("Stages"),
        Sentence(
            "Stages to train. Stages 2 and 3 start from stage 1's weights; so does 4, the custom stage."
        ),
        Group.RUN,
        choices=STAGE_NUMBERS,
        many=True,
    )
    backbone: str = setting(
        VGG19.name,
        Sentence("Backbone"),
        Sentence(
            "The method uses VGG19. All backbones use the same classification head and the same stages."
        ),
        Group.RUN,
        choices=tuple(BACKBONES),
    )
    weights: str = setting(
        "imagenet",
        Sentence("Starting weights"),
        Sentence(
            "`imagenet` (downloaded once), `none` (random), or a weights file in Keras's no-top layout."
        ),
        Group.RUN,
    )
    cohort: str | None = setting(
        None,
        Sentence("Cohort"),
        Sentence("Saved selection of images to train and validate on. The test split is always complete."),
        Group.RUN,
        none=Sentence("all images"),
    )
    held_out_site: str | None = setting(
        None,
        Sentence("Held-out site"),
        Sentence("The run is tested on this site's images and trained on those of the other sites."),
        Group.RUN,
        none=Sentence("no site"),
    )
    strategy: Strategy | None = None
    epochs: int = setting(
        20, Sentence("Epochs"), Sentence("Maximum number of epochs per stage."), Group.LOOP, bounds=(1, 1000)
    )
    batch_size: int = setting(
        32,
        Sentence("Batch size"),
        Sentence("Images per step. Larger batches need more memory and mean fewer steps."),
        Group.LOOP,
        bounds=(1, 512),
    )
    steps: tuple[int | None, ...] = setting(
        tuple(stage.steps for stage in STAGES.values()),
        Sentence("Steps per epoch"),
        Sentence("Leave empty to go through all images once per epoch."),
        Group.LOOP,
        bounds=(1, 100_000),
        none=Sentence("all images"),
        per_stage=True,
    )
    early_stopping: int = setting(
        5,
        Sentence("Early stopping (epochs)"),
        Sentence("Epochs without a lower validation loss after which a stage ends."),
        Group.LOOP,
        bounds=(1, 1000),
    )
    seed: int = setting(
        0,
        Sentence("Seed"),
        Sentence(
            "Seed of the split, the augmentation, the head's initial weights and dropout. The same settings "
            "and seed give the same run."
        ),
        Group.LOOP,
        bounds=SEEDS,
    )
    precision: str = setting(
        "auto",
        Sentence("Precision"),
        Sentence(
            "Precision of the convolutions. `auto` is bfloat16, about twice as fast, where the processor "
            "supports it, and float32 elsewhere. Weights, head and loss are always float32."
        ),
        Group.LOOP,
        choices=PRECISIONS,
    )
    cache_activations: bool = setting(
        True,
        Sentence("Cache activations"),
        Sentence("Compute the activations of frozen layers once, store them and train on them."),
        Group.LOOP,
    )
    optimizer: str = setting(
        "sgd",
        Sentence("Optimiser"),
        Sentence("Adam adapts the rate of each weight and needs fewer epochs; AdamW adds weight decay."),
        Group.OPTIMIZER,
        choices=OPTIMIZERS,
    )
    learning_rate: float = setting(
        1e-4,
        Sentence("Learning rate"),
        Sentence(
            "Learning rate of stage 1; the other stages multiply it by their rate factors. Too high a rate "
            "makes the loss diverge."
        ),
        Group.OPTIMIZER,
        bounds=(1e-8, 1),
        step=1e-5,
    )
    rate_factors: tuple[float, ...] = setting(
        tuple(stage.rate_factor for stage in STAGES.values()),
        Sentence("Rate factor"),
        Sentence("Multiplies the learning rate in this stage."),
        Group.OPTIMIZER,
        bounds=(1e-4, 100),
        step=0.1,
        per_stage=True,
    )
    momentum: float = setting(
        0.0,
        Sentence("Momentum"),
        Sentence("Share of the previous update that SGD adds to each update."),
        Group.OPTIMIZER,
        bounds=(0, 0.999),
        step=0.1,
        only_with=("optimizer", "sgd"),
    )
    nesterov: bool = setting(
        False,
        Sentence("Nesterov momentum"),
        Sentence("Compute the gradient where the momentum would take the weights."),
        Group.OPTIMIZER,
        only_with=("optimizer", "sgd"),
    )
    clip_norm: float | None = setting(
        None,
        Sentence("Gradient clipping (norm)"),
        Sentence("Largest global norm of the gradients of a step; larger gradients are scaled down to it."),
        Group.OPTIMIZER,
        bounds=(0.001, 1000),
        step=0.1,
        none=Sentence("off"),
    )
    schedule: str = setting(
        "plateau",
        Sentence("Learning rate schedule"),
        Sentence(
            "`plateau` reduces the rate when the validation loss stops improving; `cosine` lowers it along a "
            "cosine, to 0 at the last epoch."
        ),
        Group.OPTIMIZER,
        choices=SCHEDULES,
    )
    plateau: int = setting(
        2,
        Sentence("Plateau (epochs)"),
        Sentence("Epochs without a lower validation loss after which the plateau schedule reduces the rate."),
        Group.OPTIMIZER,
        bounds=(1, 1000),
        only_with=("schedule", "plateau"),
    )
    plateau_factor: float = setting(
        0.5,
        Sentence("Plateau factor"),
        Sentence("Multiplies the learning rate at each plateau."),
        Group.OPTIMIZER,
        bounds=(0.01, 0.99),
        step=0.05,
        only_with=("schedule", "plateau"),
    )
    warmup: float = setting(
        0.0,
        Sentence("Warm-up (epochs)"),
        Sentence("Epochs, or part of one, over which the cosine schedule first raises the rate from 0."),
        Group.OPTIMIZER,
        bounds=(0, 1000),
        step=0.5,
        only_with=("schedule", "cosine"),
    )
    weight_decay: float = setting(
        0.0,
        Sentence("Weight decay"),
        Sentence("Rate at which AdamW shrinks the weights towards 0."),
        Group.REGULARISATION,
        bounds=(0, 1),
        step=0.01,
        only_with=("optimizer", "adamw"),
    )
    weight_average: float = setting(
        0.0,
        Sentence("Weight average"),
        Sentence(
            "Momentum of a running average of the weights, which is validated and saved in their place: 0.99 "
            "averages about 100 steps; 0 turns it off."
        ),
        Group.REGULARISATION,
        bounds=(0, 0.9999),
        step=0.01,
    )
    label_smoothing: float = setting(
        0.0,
        Sentence("Label smoothing"),
        Sentence("Share of each label that is spread over both classes: fewer probabilities near 0 and 1."),
        Group.REGULARISATION,
        bounds=(0, 0.5),
        step=0.05,
    )
    entropy: float = setting(
        0.0,
        Sentence("Entropy regularisation"),
        Sentence(
            "Weight of the predictions' entropy, which is subtracted from the loss: probabilities near 0 and "
            "1 are penalised."
        ),
        Group.REGULARISATION,
        bounds=(0, 1),
        step=0.05,
    )
    mixup: float = setting(
        0.0,
        Sentence("Mixup"),
        Sentence(
            "Alpha of the Beta distribution by which pairs of images are blended: 0.2 blends most pairs a "
            "little, 1 makes all proportions equally likely; 0 turns it off."
        ),
        Group.REGULARISATION,
        bounds=(0, 10),
        step=0.1,
    )
    class_weights: bool = setting(
        False,
        Sentence("Class weights"),
        Sentence("Give both classes equal weight in the loss, however many images each has."),
        Group.REGULARISATION,
    )
    validation_fraction: float = setting(
        0.1,
        Sentence("Validation fraction"),
        Sentence("Share of the patients held out for validation, on whose images the best epoch is chosen."),
        Group.DATA,
        bounds=(0.01, 0.5),
        step=0.01,
    )
    split_seed: int | None = setting(
        None,
        Sentence("Split seed"),
        Sentence(
            "Seed that decides which patients are held out. Runs with different seeds but the same split seed"
            " can answer as an ensemble."
        ),
        Group.DATA,
        bounds=SEEDS,
        none=Sentence("the seed"),
    )
    train_limit: int | None = setting(
        None,
        Sentence("Training images"),
        Sentence("Maximum number of training images."),
        Group.DATA,
        bounds=(2, None),
        none=Sentence("all"),
    )
    validation_limit: int | None = setting(
        None,
        Sentence("Validation images"),
        Sentence("Maximum number of validation images."),
        Group.DATA,
        bounds=(2, None),
        none=Sentence("all"),
    )
    validation_crop: float = setting(
        0.0,
        Sentence("Validation crop"),
        Sentence(
            "Maximum fraction of each side that a random crop leaves out of the images on which the best "
            "epoch is chosen. Final metrics are measured on whole images. 0 turns it off."
        ),
        Group.DATA,
        bounds=(0, 0.9),
        step=0.05,
    )
    preprocessing: str = setting(
        "none",
        Sentence("Preprocessing"),
        Sentence(
            "What is done to the grey levels of each image, in training and in diagnosis. `clahe` equalises "
            "contrast tile by tile; `rank` replaces grey levels by their ranks, so that exposure makes hardly"
            " any difference."
        ),
        Group.DATA,
        choices=PREPROCESSING,
    )
    framing: str = setting(
        WHOLE,
        Sentence("Framing"),
        Sentence(
            "The part of each image that the network sees, in training and in diagnosis. `lungs` is the box "
            "around the lungs with a margin, or the whole image where no plausible lungs are found."
        ),
        Group.DATA,
        choices=FRAMINGS,
    )
    lung_margin: float = setting(
        LUNG_MARGIN,
        Sentence("Lung margin"),
        Sentence("Margin around the lungs' box on each side, as a fraction of its width or height."),
        Group.DATA,
        bounds=(0, 0.5),
        step=0.01,
        only_with=("framing", LUNGS),
    )
    without_copies: bool = setting(
        False,
        Sentence("Leave out copies"),
        Sentence(
            "Train on only one of several byte-identical images. The audit of a data set can turn this on."
        ),
        Group.DATA,
        from_dataset=True,
    )
    without_test_patients: bool = setting(
        False,
        Sentence("Leave out test patients"),
        Sentence(
            "Neither train nor validate on images of patients who are in the test split. The audit of a data "
            "set can turn this on."
        ),
        Group.DATA,
        from_dataset=True,
    )
    label_version: int | None = setting(
        None,
        Sentence("Reviewed labels"),
        Sentence(
            "Version of the readers' reviews by which training and validation images are labelled or left "
            "out. A new run uses the latest of its data set. Test images keep their published labels."
        ),
        Group.DATA,
        bounds=(1, None),
        none=Sentence("as published"),
        from_dataset=True,
    )
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    box_jitter: float = setting(
        0.03,
        Sentence("Box jitter"),
        Sentence(
            "Maximum distance by which augmentation moves each side of the frame in or out, as a fraction of "
            "its width or height."
        ),
        Group.AUGMENTATION,
        bounds=(0, 0.3),
        step=0.01,
        only_with=("framing", LUNGS),
    )
    views: int = setting(
        4,
        Sentence("Cached views"),
        Sentence(
            "Number of augmented views of each image whose activations are cached for stages 1 and 2; each "
            "epoch uses the next one. More views need more disk space."
        ),
        Group.AUGMENTATION,
        bounds=(1, 100),
    )
    width: float = setting(
        1.0,
        Sentence("Network width"),
        Sentence(
            "Share of the network's channels. With 0.125, the same layers have an eighth of their channels "
            "and train in seconds, for a quick trial, not for use. Narrow networks start from random weights."
        ),
        Group.ADVANCED,
        bounds=(0.02, 1),
        step=0.125,
    )

    def __post_init__(self) -> None:
        check_all(self)
        if not self.stages:
            raise UserError(
                Sentence("Choose at least one stage: 1, 2, 3 or {number} (custom).", number=CUSTOM)
            )
        if CUSTOM in self.stages and self.strategy is None:
            raise UserError(
                Sentence("Stage {number} is custom: choose which layers it trains.", number=CUSTOM)
            )
        if self.strategy is not None:
            self.strategy.stage(self.architecture)  # refuses layers that the backbone lacks
        if self.width < 1 and self.weights == "imagenet":
            raise UserError(
                Sentence(
                    "ImageNet weights are of the whole network, and width is {width:g}. Start from random "
                    "weights (`none`), or set width to 1.",
                    width=self.width,
                )
            )

    @property
    def architecture(self) -> Backbone:
        """The backbone at its width."""
        return BACKBONES[self.backbone].at_width(self.width)

    @property
    def seed_of_split(self) -> int:
        """What decides which patients are held out, and which images a limit keeps."""
        return self.seed if self.split_seed is None else self.split_seed

    @property
    def cached_views(self) -> int:
        """Views of each training image that are cached: one without augmentation, as all would be equal."""
        return self.views if self.augmentation else 1

    def stage(self, number: int) -> Stage:
        """The stage of that number, with its rate factor and steps."""
        backbone = self.architecture
        if number == CUSTOM and self.strategy is not None:
            return self.strategy.stage(backbone)
        factor, steps = self.rate_factors[number - 1], self.steps[number - 1]
        return replace(method_stages(backbone)[number], rate_factor=factor, steps=steps)

    def rate(self, number: int) -> float:
        """The learning rate that a stage begins with."""
        return self.learning_rate * self.stage(number).rate_factor

    def changed(self, changes: dict[str, str]) -> "TrainingSettings":
        """These settings with values as they are typed, by name, as `augmentation.rotation`: JSON or text.

        Raises:
            UserError: a name is unknown or a value not allowed.
        """
        return self.from_json(json_values.typed(type(self), changes, self.to_json()))

    def to_json(self) -> dict:
        """Plain values that `from_json` turns back into equal settings."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> "TrainingSettings":
        """Settings from what `to_json` wrote, now or under an older version.

        Raises:
            UserError: a name is unknown or a value not allowed.
        """
        return json_values.read(cls, values)
