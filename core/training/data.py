"""The images that a run trains, validates and tests on: rows of a data set, by role."""

import hashlib
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from core.anatomy import Framing, framed_pixels, lung_network
from core.config import Augmentation, TrainingSettings
from core.dataset import TEST, Dataset, Progress, augmented_views, relabelled, rows_by_role
from core.images import network_input, preprocess


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of one role.

    Attributes:
        dataset: that they belong to.
        rows: int ndarray, row numbers in the data set.
        settings: of the run.
        crops: random crop of each image where it is not augmented; None for no crop.
        framed: all images of the data set as the settings frame them, uint8 (images, 128, 128); None for
            whole images.
    """

    dataset: Dataset
    rows: np.ndarray
    settings: TrainingSettings
    crops: Augmentation | None = None
    framed: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> np.ndarray:
        """int64 ndarray of shape (n,)."""
        return self.dataset.labels[self.rows]

    @property
    def table(self) -> pd.DataFrame:
        """Their rows of the data set's table."""
        return self.dataset.table.iloc[self.rows]

    def digest(self) -> str:
        """SHA-256 of their contents, in order."""
        return hashlib.sha256("".join(self.table["sha256"]).encode()).hexdigest()

    def label_digest(self) -> str:
        """SHA-256 of their labels, in order: with `digest`, it tells a version of the labels anywhere."""
        return hashlib.sha256(",".join(self.table["label"]).encode()).hexdigest()

    def augmented(self, positions: np.ndarray, view: int) -> np.ndarray:
        """Augmented view number `view` of some images, as network input."""
        jitter = self.settings.box_jitter if self.framed is not None else 0.0
        return self._input(positions, self.settings.augmentation, view, jitter)

    def plain(self, positions: np.ndarray) -> np.ndarray:
        """Some images without augmentation, as network input."""
        return self._input(positions, self.crops, 0)

    def cache_key(self, view: int | None) -> dict:
        """Everything that the pixels of an augmented view, or of the plain images (None), depend on.

        Its names and values are digested into the file names of cached activations: changing one here would
        make every existing cache useless.
        """
        settings, key = self.settings, {"films": self.digest(), "augmentation": None}
        if settings.preprocessing != "none":
            key["preprocessing"] = settings.preprocessing
        if self.framed is not None:
            key["framing"] = {"margin": settings.lung_margin, "lungs": lung_network()}
            if view is not None:
                key["framing"]["jitter"] = settings.box_jitter
        augmentation, number = (self.crops, 0) if view is None else (settings.augmentation, view)
        if augmentation is not None:
            key |= {"augmentation": asdict(augmentation), "seed": settings.seed, "view": number}
        return key

    def _input(
        self, positions: np.ndarray, augmentation: Augmentation | None, view: int, jitter: float = 0.0
    ) -> np.ndarray:
        rows, seed = self.rows[positions], self.settings.seed
        digests = list(self.dataset.table["sha256"].to_numpy()[rows])
        pixels = (self.dataset.pixels if self.framed is None else self.framed)[rows]
        pixels = augmented_views(pixels, digests, [view] * len(rows), augmentation, seed, jitter=jitter)
        return network_input(preprocess(pixels, self.settings.preprocessing))


@dataclass(frozen=True, eq=False)
class RunData:
    """The images of a run by role.

    Attributes:
        training, validation, test: by their roles.
        selection: the validation images as the best epoch is chosen on them, in random crops if the settings
            say so.
    """

    training: ImageSet
    validation: ImageSet
    test: ImageSet
    selection: ImageSet

    @classmethod
    def select(
        cls, dataset: Dataset, settings: TrainingSettings, progress: Progress | None = None
    ) -> "RunData":
        """The images by the roles of `core.dataset.rows_by_role`, labelled and framed as the settings say.

        Test images keep their published labels: what was measured on them can be compared with other runs.

        Args:
            progress: called with (images done, images in total) while images are framed.

        Raises:
            UserError: a class has too few patients, the cohort or the version of the labels is
                unknown, training or validation lacks a class, or an image cannot be framed.
        """
        rows_of, framing = rows_by_role(dataset, settings), Framing.of(settings)
        framed = framed_pixels(dataset, framing, progress) if framing.by_lungs else None
        reviewed = relabelled(dataset, settings.label_version)
        images = {
            role: ImageSet(dataset if role == TEST else reviewed, rows, settings, framed=framed)
            for role, rows in rows_of.items()
        }
        selection = images["validation"]
        if settings.validation_crop:
            selection = replace(selection, crops=Augmentation.crops(settings.validation_crop))
        return cls(**images, selection=selection)
