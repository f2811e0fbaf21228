"""Estimate of the work in a run, from which progress, time left and disk space are computed.

Work is measured in multiply-adds (GMAC). In small batches a dense layer loads one weight from memory for each
multiply-add, so dense layers are weighted higher than convolutions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

from core.architecture import Backbone, Layer
from core.config import TrainingSettings, processor

DENSE_FACTOR = 3.5  # stages 1 and 3 then reach the same GMAC/s on two cores with AVX512-BF16
BYTES_PER_ACTIVATION = {"bfloat16": 2, "float32": 4}
# Updating weights waits for memory: for each byte moved, convolutions could compute so many multiply-adds.
# On two cores with AMX it takes most of the 0.13 s of a step of stage 1; a step of stage 3 takes 1.3 s.
MULTIPLY_ADDS_PER_BYTE = {"none": 4, "avx512": 8, "amx": 32}
BFLOAT16_SPEEDUP = {"none": 0.2, "avx512": 1.8, "amx": 3.7}  # over float32, by the processor's unit
STARTUP_S = 10  # of each stage: imports, weights, compilation
EFFICIENCY = 0.85  # relative to a large matrix product
PASSES, WINOGRAD_PASSES = 3.0, 1.8  # cost of a training step in forward passes: forward and two gradients
WINOGRAD_MIN_IMAGES = 200  # compiling takes about ten seconds and saves 0.2 s per image
OPTIMIZER_SLOTS = {"sgd": 1, "adam": 2, "adamw": 2}  # copies of the weights; an average adds one


def gigamacs(layers: Sequence[Layer]) -> float:
    """GMAC of one image's forward pass through `layers`."""
    products = sum(layer.multiply_adds * (DENSE_FACTOR if layer.kind == "dense" else 1) for layer in layers)
    return products / 1e9


def stage_steps(settings: TrainingSettings, stage: int, images: int) -> int:
    """Steps per epoch: as set, or one pass through all images."""
    return settings.stage(stage).steps or ceil(images / settings.batch_size)


def uses_winograd(settings: TrainingSettings, images: int) -> bool:
    """Whether convolutions of `images` images use Winograd's algorithm.

    VGG19 in float32 does, unless it is narrow, where the gain outweighs the compilation: in all but the
    shortest runs.
    """
    if not settings.architecture.fits_winograd or processor.resolved(settings.precision) != "float32":
        return False
    return images >= WINOGRAD_MIN_IMAGES


@dataclass(frozen=True)
class WorkEstimate:
    """Work of a run, in GMAC.

    Attributes:
        settings: of the run.
        training, validation, test: numbers of images.
    """

    settings: TrainingSettings
    training: int
    validation: int
    test: int

    @property
    def precision(self) -> str:
        """`float32` or `bfloat16`: in which convolutions compute."""
        return processor.resolved(self.settings.precision)

    def extracted_images(self) -> int:
        """Images that pass through the frozen layers: all training views, validation and test."""
        if not any(self._freezes_up_to_cut(stage) for stage in self.settings.stages):
            return 0
        return self.training * self.settings.cached_views + self._evaluated()

    def cache_bytes(self) -> int:
        """Disk space of the cached activations of stages 1 and 2."""
        if not self.settings.cache_activations:
            return 0
        backbone = self._backbone
        values = sum(prod(backbone.layer(name).output) for name in {backbone.cut_layer, backbone.end})
        return self.extracted_images() * values * BYTES_PER_ACTIVATION[self.precision]

    def extraction(self) -> float:
        """Computing the frozen layers, once per image."""
        backbone = self._backbone
        frozen = backbone.layers[: backbone.position(backbone.cut_layer) + 1]
        return self.extracted_images() * gigamacs(frozen)

    def epoch(self, stage: int) -> float:
        """One epoch: its steps and validation."""
        steps = stage_steps(self.settings, stage, self.training)
        trains_convolutions = self.settings.stage(stage).trained_layers
        images = steps * self.settings.batch_size
        winograd = uses_winograd(self.settings, images * self.settings.epochs)
        passes = WINOGRAD_PASSES if trains_convolutions and winograd else PASSES
        backward = (passes - 1) * images * self._trained(stage)
        return backward + (images + self.validation) * self._forward(stage) + steps * self._update(stage)

    def evaluation(self, stage: int) -> float:
        """Predictions on validation and test."""
        return self._evaluated() * self._forward(stage)

    def _evaluated(self) -> int:
        """Number of validation images, twice if they are also evaluated in crops, plus test images."""
        return self.validation * (2 if self.settings.validation_crop else 1) + self.test

    def stage(self, stage: int) -> float:
        """A stage without early stopping."""
        return self.settings.epochs * self.epoch(stage) + self.evaluation(stage)

    def references(self) -> float:
        """Reading the training images by each model that may be used in diagnosis, after the last stage."""
        models = sum(self.settings.stage(stage).for_diagnosis for stage in self.settings.stages)
        return models * self.training * gigamacs(self._backbone.layers)

    def until(self, stage: int) -> float:
        """Work done before the first epoch of a stage."""
        before = self.settings.stages[: self.settings.stages.index(stage)]
        return self.extraction() + sum(map(self.stage, before))

    def total(self) -> float:
        """The whole run."""
        return self.extraction() + sum(map(self.stage, self.settings.stages)) + self.references()

    def seconds(self) -> float:
        """Maximum duration of the run, from a short benchmark of this machine."""
        speedup = 1.0 if self.precision == "float32" else BFLOAT16_SPEEDUP[processor.bfloat16_unit()]
        speed = processor.gigaflops() / 2 * speedup * EFFICIENCY  # GMAC/s
        return self.total() / speed + STARTUP_S * len(self.settings.stages)

    def duration(self) -> str:
        """The same in words, such as `6 min`."""
        minutes = self.seconds() / 60
        return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"

    def disk_bytes(self) -> int:
        """Disk space of the run: cached activations, weights, and the checkpoints of a stage."""
        counts = [self.parameter_counts(stage) for stage in self.settings.stages]
        trained, whole = max(trained for trained, _ in counts), sum(counts[0])
        copies = 1 + OPTIMIZER_SLOTS[self.settings.optimizer] + bool(self.settings.weight_average)
        checkpoints = 2 * 4 * trained * copies
        return self.cache_bytes() + (len(self.settings.stages) + 1) * 4 * whole + checkpoints

    def parameter_counts(self, stage: int) -> tuple[int, int]:
        """Numbers of trained and of frozen parameters of a stage."""
        return self._backbone.parameter_counts(self.settings.stage(stage).trained_layers)

    @property
    def _backbone(self) -> Backbone:
        return self.settings.architecture

    def _freezes_up_to_cut(self, stage: int) -> bool:
        return self._backbone.freezes_up_to_cut(self.settings.stage(stage).trained_layers)

    def _update(self, stage: int) -> float:
        """A step's moving of gradients, trained weights, what the optimizer keeps, and the average."""
        moved = 3 + 2 * OPTIMIZER_SLOTS[self.settings.optimizer] + 2 * bool(self.settings.weight_average)
        unit = processor.bfloat16_unit() if self.precision == "bfloat16" else "none"
        trained, _frozen = self.parameter_counts(stage)
        return 4 * moved * trained * MULTIPLY_ADDS_PER_BYTE[unit] / 1e9

    def _trained(self, stage: int) -> float:
        """GMAC of one image's forward pass from the first layer that a stage trains to the end."""
        backbone, trains = self._backbone, self.settings.stage(stage).trained_layers
        trained = [backbone.is_trained(layer, trains) for layer in backbone.layers]
        return gigamacs(backbone.layers[trained.index(True) :])

    def _forward(self, stage: int) -> float:
        """GMAC of one image's forward pass from what is cached, or from the image, to the end."""
        backbone, trains = self._backbone, self.settings.stage(stage).trained_layers
        if not (self.settings.cache_activations and self._freezes_up_to_cut(stage)):
            return gigamacs(backbone.layers)
        cached = backbone.cut_layer if trains else backbone.end
        return gigamacs(backbone.layers[backbone.position(cached) + 1 :])
