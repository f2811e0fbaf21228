"""How much work a run is, before it starts and while it goes: the ground for progress and time left.

Work is counted in multiply-adds (GMAC). Dense layers move one weight from memory for each
multiply-add of a small batch, so they count for more than convolutions do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

from core.architecture import (
    BACKBONE_END,
    CUT,
    LAYERS,
    WEIGHTED,
    Layer,
    frozen_until_cut,
    head_layers,
    is_trained,
    parameter_counts,
)
from core.backbones import OTHERS, VGG19, Backbone
from core.config import STAGES, TrainingSettings
from core.processor import bfloat16_unit, gigaflops, resolved

DENSE_FACTOR = 3.5  # so that stages 1 and 3 reached the same GMAC/s on two cores with AVX512-BF16
BYTES_AN_ACTIVATION = {"bfloat16": 2, "float32": 4}
BFLOAT16_GAIN = {"none": 0.2, "avx512": 1.8, "amx": 3.7}  # over float32, by what multiplies in it
STARTING_S = 10  # of each stage: imports, weights, compilation
SHARE_REACHED = 0.85  # of what a large matrix product reaches
PASSES, HASTENED_PASSES = 3.0, 1.8  # that a training step costs: forward, and two gradients
HASTENED_FROM = 200  # images: to compile takes some ten seconds, an image is 0.2 s faster then
OPTIMIZER_SLOTS = {"sgd": 1, "adam": 2, "adamw": 2}  # copies of the weights; their average is one more


def gigamacs(layers: Sequence[Layer]) -> float:
    """GMAC of one image's forward pass through `layers`."""
    factors = {"convolution": 1.0, "dense": DENSE_FACTOR}
    return sum(layer.multiply_adds * factors[layer.kind] for layer in layers) / 1e9


def stage_steps(settings: TrainingSettings, stage: int, images: int) -> int:
    """Steps of an epoch: as set, or as many as go through all images once."""
    return settings.steps_set(stage) or ceil(images / settings.batch_size)


def is_hastened(settings: TrainingSettings, images: int) -> bool:
    """Whether convolutions go the faster way through so many images.

    They do of VGG19 in float32, where it is worth the compilation: in all but the shortest runs.
    """
    if settings.backbone != VGG19 or resolved(settings.precision) != "float32":
        return False
    return images >= HASTENED_FROM


@dataclass(frozen=True)
class Plan:
    """The work of a run, in GMAC.

    Attributes:
        settings: of the run.
        training, validation, test: numbers of images.
    """

    settings: TrainingSettings
    training: int
    validation: int
    test: int

    def extracted_images(self) -> int:
        """Images whose frozen layers are computed: every view of training, and what is measured."""
        if not any(frozen_until_cut(self.settings.stage(stage)) for stage in self.settings.stages):
            return 0
        return self.training * self.settings.kept_views + self._measured()

    def kept_bytes(self) -> int:
        """Disk space of the activations that stages 1 and 2 keep."""
        if not self.settings.keep_activations:
            return 0
        values = sum(prod(layer.output) for layer in LAYERS if layer.name in (CUT, BACKBONE_END))
        if self._other:
            values = prod(self._other.output)
        return self.extracted_images() * values * BYTES_AN_ACTIVATION[resolved(self.settings.precision)]

    def extraction(self) -> float:
        """The frozen layers, once for each such image."""
        frozen = gigamacs(WEIGHTED[: [layer.name for layer in WEIGHTED].index(CUT) + 1])
        return self.extracted_images() * (self._other.gigamacs if self._other else frozen)

    def epoch(self, stage: int) -> float:
        """One epoch: its steps and validation."""
        steps = stage_steps(self.settings, stage, self.training)
        convolves = self.settings.stage(stage).trains
        images = steps * self.settings.batch_size
        hastened = is_hastened(self.settings, images * self.settings.epochs)
        passes = HASTENED_PASSES if convolves and hastened else PASSES
        return (passes * images + self.validation) * self._tail(stage)

    def evaluation(self, stage: int) -> float:
        """Predictions on validation and test."""
        return self._measured() * self._tail(stage)

    def _measured(self) -> int:
        """Images of validation, once more in their frames where they have some, and test."""
        return self.validation * (2 if self.settings.validation_crop else 1) + self.test

    def stage(self, stage: int) -> float:
        """A stage when no early stopping shortens it."""
        return self.settings.epochs * self.epoch(stage) + self.evaluation(stage)

    def until(self, stage: int) -> float:
        """What is done when the first epoch of a stage begins."""
        before = self.settings.stages[: self.settings.stages.index(stage)]
        return self.extraction() + sum(map(self.stage, before))

    def total(self) -> float:
        """The whole run."""
        return self.extraction() + sum(self.stage(stage) for stage in self.settings.stages)

    def seconds(self) -> float:
        """How long the run may take at most, from a short measurement of this machine."""
        float32 = resolved(self.settings.precision) == "float32"
        gain = 1.0 if float32 else BFLOAT16_GAIN[bfloat16_unit()]
        speed = gigaflops() / 2 * gain * SHARE_REACHED  # GMAC/s
        return self.total() / speed + STARTING_S * len(self.settings.stages)

    def disk_bytes(self) -> int:
        """Disk space that the run needs: kept activations, weights, and the checkpoints of a stage."""
        counts = [self.parameter_counts(stage) for stage in self.settings.stages]
        trained, whole = max(trained for trained, _ in counts), sum(counts[0])
        copies = 1 + OPTIMIZER_SLOTS[self.settings.optimizer] + bool(self.settings.weight_average)
        checkpoints = 2 * 4 * trained * copies
        return self.kept_bytes() + (len(self.settings.stages) + 1) * 4 * whole + checkpoints

    def parameter_counts(self, stage: int) -> tuple[int, int]:
        """Numbers of parameters that a stage trains and that it leaves frozen.

        Of another backbone stage 2 is told as the head alone: its two convolutions are a small part.
        """
        if not self._other:
            return parameter_counts(self.settings.stage(stage))
        head, body = sum(layer.parameters for layer in self._head), self._other.parameters
        return (head + body, 0) if stage == max(STAGES) else (head, body)

    @property
    def _other(self) -> Backbone | None:
        """The backbone, where it is not VGG19."""
        return OTHERS.get(self.settings.backbone)

    @property
    def _head(self) -> tuple[Layer, ...]:
        layers = head_layers(prod(self._other.output))
        return tuple(layer for layer in layers if layer.kernel)

    def _tail(self, stage: int) -> float:
        """GMAC of one image's way from what is kept, or frozen and cheap to pass, to the end."""
        if self._other:
            alone = frozen_until_cut(self.settings.stage(stage)) and self.settings.keep_activations
            return gigamacs(self._head) + (0 if alone else self._other.gigamacs)
        trained = [is_trained(layer, self.settings.stage(stage)) for layer in WEIGHTED]
        return gigamacs(WEIGHTED[trained.index(True) :])
