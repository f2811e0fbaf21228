"""The frozen layers before a trainable model, whose activations are computed once and cached."""

from dataclasses import dataclass
from functools import cache

import keras
import numpy as np

from core.network import FeatureStore, segment, use_winograd, weights_digest
from core.runs import cached_activations, uses_winograd
from core.sentence import Sentence
from core.training.data import ImageSet
from core.training.stage_training import StageTraining


@dataclass(frozen=True, eq=False)
class FrozenLayers:
    """The frozen layers before a trainable model, in one or two parts.

    One extraction at the cut layer serves stages 1 and 2 of VGG19; stage 1 adds the frozen layers from there
    to the end of the backbone. Other backbones are cached at their end alone.

    Attributes:
        training: the stage.
        until_cut: layers up to and including the cut layer.
        until_end: layers from there to the end of the backbone; None if the stage trains some of them.
        end: name of the last frozen layer.
        digests: SHA-256 of the weights of both parts.
        store: the cache.
    """

    training: StageTraining
    until_cut: keras.Model
    until_end: keras.Model | None
    end: str
    digests: tuple[str, str | None]
    store: FeatureStore

    @classmethod
    def of(cls, training: StageTraining) -> "FrozenLayers":
        """The frozen layers of a stage that freezes everything up to the cut layer."""
        network, settings = training.network, training.settings
        backbone = settings.architecture
        until_cut = segment(network, None, backbone.cut_layer)
        if uses_winograd(settings, training.progress.estimate.extracted_images()):
            use_winograd(until_cut)
        until_end, end = None, backbone.cut_layer
        if not training.stage.trained_layers and backbone.cut_layer != backbone.end:
            until_end, end = segment(network, backbone.cut_layer, backbone.end), backbone.end
        digests = weights_digest(until_cut), until_end and weights_digest(until_end)
        store = FeatureStore(cached_activations.folder())
        return cls(training, until_cut, until_end, end, digests, store)

    @property
    def digest(self) -> str:
        """Digest of the weights of all frozen layers."""
        return self.digests[0] + (self.digests[1] or "")

    def activations(self, images: ImageSet, view: int | None) -> np.ndarray:
        """Activations of the last frozen layer, from the cache or computed once.

        Args:
            images: n images.
            view: number of the augmented view; None for plain images.

        Returns:
            float16 or float32 array of shape (n, ...), memory-mapped.
        """
        progress = self.training.progress
        estimate = progress.estimate
        work = estimate.extraction() / max(1, estimate.extracted_images())
        key = images.cache_key(view)  # names of keys are digested, too: renaming one empties the cache
        key |= {"trunk": self.digests[0], "precision": self.until_cut.layers[-1].compute_dtype}

        def pixels(positions: np.ndarray) -> np.ndarray:
            progress.add(work * len(positions), message=Sentence("Computing the frozen layers once"))
            return images.plain(positions) if view is None else images.augmented(positions, view)

        @cache
        def at_cut() -> np.ndarray:
            return self.store.get(self.until_cut, key, len(images), pixels)

        if self.until_end is None:
            return at_cut()

        key_at_end = {**key, "bridge": self.digests[1]}
        return self.store.get(
            self.until_end, key_at_end, len(images), lambda positions: rows_of(at_cut(), positions)
        )


def rows_of(activations: np.ndarray, positions: np.ndarray | slice) -> np.ndarray:
    """Activations of some images, as float32."""
    return activations[positions].astype(np.float32, copy=False)
