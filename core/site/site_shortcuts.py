"""Whether labels and results at one hospital may rest on something other than the lungs.

The tests of the Comparison page on local images. These have no training part, so the shortcut baselines are
cross-validated on them: they tell whether the local labels can be predicted without the lungs at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from core.comparison import (
    HEAT_IN_LUNGS,
    OcclusionEffect,
    effects_on,
    mapped,
    mean_heat_share,
    occluded,
    occlusion_table,
)
from core.config import CLASS_NAMES
from core.dataset import BASELINES, CrossValidatedAuc, class_auc
from core.errors import UserError
from core.evaluation import METRICS, Predictions, calibrated
from core.images import Image, decode_ahead, read_image
from core.inference import BATCH, FramedImages, Reader, WholeImages
from core.sentence import Sentence, joined
from core.site.labelling import blinded
from core.site.measurement import CHANCE, SiteMeasurement

TITLES = {
    "corners": Sentence("the corners"),
    "frame": Sentence("the border"),
    "histogram": Sentence("the histogram of grey levels"),
}
WITHOUT_LUNGS = ("corners", "frame")  # pneumonia itself changes a histogram
HOW = Sentence(
    "Each by gradient boosting on a few numbers of that part, fitted to other patients of these images "
    "(5 folds)."
)
TELLING = Sentence(
    "So the classes differ here where there are no lungs, by how images are taken, framed or exposed: a "
    "model can be right or wrong by that, and its figures here say less about pneumonia than they seem to."
)
NOT_TELLING = Sentence("Corners and border are not shown to tell the classes apart.")
MIN_CLASS_IMAGES = 50  # gradient boosting splits off no fewer than 20, and four fifths are fitted to
TOO_FEW = Sentence(
    "The shortcut baselines take at least {least} images of each class: from fewer, they learn nothing.",
    least=MIN_CLASS_IMAGES,
)


@dataclass(frozen=True, eq=False)
class SiteShortcuts:
    """What labels and results rest on, as far as it can be told by leaving parts of the images out.

    Attributes:
        predictions: the model's, of the images that could be read again.
        gone: how many could not.
        baselines: how well the labels can be predicted from a shortcut, by name; None with too few images.
        effects: of hiding a part of the images from the model.
        heat: how much of the model's heat maps lies in the lungs, as in `heat_share_table`.
        hidden: the model's last hidden layer, float16 (n, units).
    """

    predictions: Predictions
    gone: int
    baselines: dict[str, CrossValidatedAuc | None]
    effects: list[OcclusionEffect]
    heat: dict
    hidden: np.ndarray

    def baseline_sentences(self) -> list[str]:
        """What the shortcut baselines say, one sentence each."""
        known = {name: auc for name, auc in self.baselines.items() if auc}
        if not known:
            return [TOO_FEW]
        parts = [
            Sentence("{title} {auc}", title=TITLES[name], auc=METRICS["auc"].text(auc.value, auc.interval))
            for name, auc in known.items()
        ]
        rates = Sentence(
            "ROC AUC of predicting these labels without the model, from one part of each image: {parts}.",
            parts=joined(parts, ", "),
        )
        intervals = [known[name].interval for name in WITHOUT_LUNGS]
        telling = any(interval and interval[0] > CHANCE for interval in intervals)
        return [rates, HOW, TELLING if telling else NOT_TELLING]

    def notes(self) -> list[str]:
        """What was left out, one sentence each."""
        if not self.gone:
            return []
        return [
            Sentence(
                "{gone:,} of {images:,} images have gone or changed since they were measured, and are left "
                "out.",
                gone=self.gone,
                images=self.gone + len(self.predictions),
            )
        ]

    def effect_table(self) -> pd.DataFrame:
        """The effects as numbers, as on the Comparison page."""
        return occlusion_table(self.effects)

    def heat_table(self) -> pd.DataFrame:
        """The share of heat in the lungs, as on the Comparison page; empty where it is unknown."""
        return pd.DataFrame([self.heat] if self.heat["images"] else [])

    def map(self) -> tuple[pd.DataFrame, np.ndarray] | None:
        """The images on two principal components, as of `core.comparison.image_map`."""
        return mapped(self.predictions, self.hidden)

    def values(self) -> dict:
        """Everything but the map as plain values; nothing in them tells a file or a patient."""
        table = self.effect_table().astype(object)
        return {
            "images": len(self.predictions),
            "gone": self.gone,
            "baselines": {name: asdict(auc) if auc else None for name, auc in self.baselines.items()},
            "occlusion": table.where(table.notna(), None).to_dict("records"),
            "heat_in_lungs": {key: None if pd.isna(value) else value for key, value in self.heat.items()},
            "notes": [*self.baseline_sentences(), *self.notes()],
        }


def find_site_shortcuts(
    measurement: SiteMeasurement,
    files: Sequence[str],
    reader: Reader,
    progress: Callable[[int, int], None] | None = None,
) -> SiteShortcuts:
    """Test on the images of a measurement what its labels and results rest on.

    Args:
        measurement: of the model on the images.
        files: paths of its images.
        reader: the model that was measured.
        progress: called with (images done, images in total).

    Raises:
        UserError: no image has a result, another model is given, none of the images is there any more, or
            the lung network is missing.
    """
    predictions = measurement.predictions
    if predictions is None:
        raise UserError(Sentence("No image has a result, so there is nothing to test."))
    if str(reader.identity) != measurement.readings.model:
        raise UserError(
            Sentence(
                "{model} was measured, and {other} is given. Measure again.",
                model=measurement.readings.model,
                other=str(reader.identity),
            )
        )
    by_digest = blinded(files)
    known = predictions.where(predictions.table["sha256"].isin(by_digest).to_numpy())
    digests = known.table["sha256"].to_list()
    loaders = [partial(read_image, by_digest[sha256]) for sha256 in digests]
    read, pixels, parts, hidden, done = [], [], [], [], 0
    for batch in decode_ahead(loaders, BATCH):
        expected = digests[done : done + len(batch)]
        unchanged = [
            image if isinstance(image, Image) and image.sha256 == sha256 else None
            for image, sha256 in zip(batch, expected, strict=True)
        ]
        read += [image is not None for image in unchanged]
        whole = WholeImages([image for image in unchanged if image is not None])
        if whole.images:
            framed = FramedImages.of(whole, reader.predictor.framing, with_lungs=True)
            columns, activations = occluded(reader.predictor, framed)
            pixels.append(whole.pixels)
            parts.append(columns)
            hidden.append(activations)
        done += len(batch)
        if progress:
            progress(done, len(digests))
    if not parts:
        raise UserError(Sentence("None of the images that were measured is there any more."))
    tested, columns = known.where(np.array(read)), pd.concat(parts, ignore_index=True)
    return SiteShortcuts(
        tested,
        len(predictions) - len(tested),
        _baselines(tested, np.concatenate(pixels)),
        _effects(tested, columns, reader),
        mean_heat_share(tested, columns[HEAT_IN_LUNGS].to_numpy(float)),
        np.concatenate(hidden),
    )


def _baselines(tested: Predictions, pixels: np.ndarray) -> dict[str, CrossValidatedAuc | None]:
    """How well the labels of images, uint8 (n, 128, 128), can be predicted from each shortcut."""
    if np.bincount(tested.labels, minlength=len(CLASS_NAMES)).min() < MIN_CLASS_IMAGES:
        return dict.fromkeys(BASELINES)
    rows = np.arange(len(pixels))
    return {name: class_auc(name, tested.table, pixels, rows) for name in BASELINES}


def _effects(tested: Predictions, columns: pd.DataFrame, reader: Reader) -> list[OcclusionEffect]:
    """The effects at the model's threshold, which is of the calibrated probability, as the results are."""
    parts = columns.drop(columns=HEAT_IN_LUNGS)
    temperature = reader.record.temperature
    return effects_on(
        tested, parts.apply(lambda part: calibrated(part.to_numpy(float), temperature)), reader.threshold
    )
