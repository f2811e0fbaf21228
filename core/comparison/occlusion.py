"""The occlusion test of compared models, and a map of the images in the models' last hidden layer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.anatomy import shared_lung_finder
from core.comparison.evaluated_stage import EvaluatedStage
from core.comparison.heat_shares import HEAT_IN_LUNGS, heat_shares
from core.comparison.model_comparison import ModelComparison
from core.config import IMAGE_SIZE
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import Difference, Predictions, delong, evaluate, too_few
from core.inference import BATCH, FramedImages, Predictor, Reader, occlusion_test
from core.sentence import Sentence

COMPONENTS = 2


def run_occlusion_test(
    stage: EvaluatedStage,
    split: str,
    dataset: Dataset,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Predict the images of a split with parts hidden, and save the predictions with the run.

    The share of each image's heat map that lies in the lungs is saved with them.

    Args:
        stage: the model.
        split: `test` or `validation`.
        dataset: the opened data set that the stage was evaluated on.
        progress: called with (images done, images in total); before, if they have to be framed, for that.

    Raises:
        UserError: the weights or the lung network are gone, or images are missing.
    """
    table = stage.predictions(split).table
    position = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    missing = ~table["sha256"].isin(position.index)
    if missing.any():
        raise UserError(
            Sentence(
                "{missing} of the {images} images that {name} was evaluated on are no longer in {root}. "
                "Restore them, or evaluate the model again.",
                missing=missing.sum(),
                images=len(table),
                name=stage.name,
                root=dataset.root,
            )
        )
    predictor = Reader(stage.run.weights_path(stage.number)).predictor
    positions = position[table["sha256"]].to_numpy()
    framed = predictor.framed(dataset, progress)
    columns, hidden = [], []
    for start in range(0, len(positions), BATCH):
        rows = positions[start : start + BATCH]
        batch = occluded(predictor, _framed(predictor, dataset.pixels[rows], framed[rows]))
        columns.append(batch[0])
        hidden.append(batch[1])
        if progress:
            progress(start + len(rows), len(positions))
    probabilities = pd.concat([table[["path", "sha256"]], pd.concat(columns, ignore_index=True)], axis=1)
    stage.run.results.write_occlusion_test(stage.number, split, probabilities, np.concatenate(hidden))


def _framed(predictor: Predictor, whole: np.ndarray, framed: np.ndarray) -> FramedImages:
    """Images of a data set, and the parts that the model sees, uint8 (n, 128, 128) each, with their lungs."""
    lungs = shared_lung_finder().find_in_pixels(whole)
    return FramedImages(framed, [predictor.framing.frame(item.box, item.quality) for item in lungs], lungs)


def occluded(predictor: Predictor, images: FramedImages) -> tuple[pd.DataFrame, np.ndarray]:
    """Probabilities of PNEUMONIA of some images by hidden part, and the share of their heat in the lungs.

    Args:
        images: with their lungs.

    Returns:
        A column for each part, not calibrated, and `HEAT_IN_LUNGS`; the last hidden layer for the whole
        images, float16 (n, units).
    """
    lungs = [item for item in images.lungs if item is not None]
    boxes = [frame.box for frame in images.frames]
    masks = [
        item.plausible & item.mask(IMAGE_SIZE, IMAGE_SIZE, box)
        for item, box in zip(lungs, boxes, strict=True)
    ]
    result = occlusion_test(predictor, images.pixels, np.stack(masks))
    heat = heat_shares(predictor.heat_maps(images.pixels, boxes), lungs)
    return pd.DataFrame({**result.masked, HEAT_IN_LUNGS: heat}), result.hidden


@dataclass(frozen=True)
class OcclusionEffect:
    """How hiding a part of the images changes a model's metrics.

    Attributes:
        model: its name.
        mask: the hidden part.
        images: number of images; only those with known lungs where these are hidden or left alone.
        whole, masked: metrics of `core.evaluation.evaluate` on these images, whole and masked.
        auc: masked minus whole, by DeLong's test; None if a class has too few patients or the
            variance is zero.
    """

    model: str
    mask: str
    images: int
    whole: dict
    masked: dict
    auc: Difference | None


def occlusion_effects(comparison: ModelComparison) -> list[OcclusionEffect]:
    """The effect of each mask on each model; models without an occlusion test are left out."""
    effects = []
    for stage, model in zip(comparison.stages, comparison.models, strict=False):
        saved = stage.run.results.occlusion_test(stage.number, comparison.split)
        if saved is None:
            continue
        table = saved[0].drop_duplicates("path").set_index("path").loc[model.table["path"]]
        parts = table.drop(columns=["sha256", HEAT_IN_LUNGS], errors="ignore")
        effects += effects_on(model, parts, comparison.thresholds[model.name])
    return effects


def effects_on(model: Predictions, parts: pd.DataFrame, threshold: float) -> list[OcclusionEffect]:
    """The effect of each mask on one model.

    Args:
        model: predictions for whole images.
        parts: probabilities of the same images with a part hidden, a column for each; NaN where an image
            cannot be masked.
        threshold: probability from which the model predicts pneumonia.
    """
    effects = []
    for mask in parts:
        masked = pd.to_numeric(parts[mask], errors="coerce").to_numpy(np.float64)
        if np.isfinite(masked).any():
            effects.append(_effect(model, str(mask), masked, threshold))
    return effects


def _effect(model: Predictions, mask: str, masked: np.ndarray, threshold: float) -> OcclusionEffect:
    """The effect of a mask on a model.

    Args:
        masked: probabilities of masked images, float64 (n,); NaN where an image cannot be masked.
    """
    known = np.isfinite(masked)
    model, masked = model.where(known), masked[known]
    return OcclusionEffect(
        model.name,
        mask,
        len(model),
        evaluate(model.labels, model.probabilities, threshold),
        evaluate(model.labels, masked, threshold),
        _auc_difference(model, masked),
    )


def _auc_difference(model: Predictions, masked: np.ndarray) -> Difference | None:
    """Masked minus whole; None if nothing can be concluded."""
    if too_few(model.labels, model.patients):
        return None
    try:
        return delong(model.labels, model.probabilities, masked)
    except UserError:
        return None


def occlusion_table(effects: list[OcclusionEffect]) -> pd.DataFrame:
    """Effects as numbers: one row per model and mask; differences with 95% interval and p by DeLong."""
    rows = [
        {
            "model": effect.model,
            "hidden": effect.mask,
            "images": effect.images,
            "ROC AUC whole": effect.whole["auc"],
            "ROC AUC hidden": effect.masked["auc"],
            "difference": effect.auc and effect.auc.value,
            "low": effect.auc and effect.auc.interval[0],
            "high": effect.auc and effect.auc.interval[1],
            "p": effect.auc and effect.auc.p_value,
            "sensitivity whole": effect.whole["sensitivity"],
            "sensitivity hidden": effect.masked["sensitivity"],
            "specificity whole": effect.whole["specificity"],
            "specificity hidden": effect.masked["specificity"],
        }
        for effect in effects
    ]
    return pd.DataFrame(rows)


def image_map(
    stage: EvaluatedStage, model: Predictions, split: str
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """The images on the first two principal components of the last hidden layer.

    Returns:
        The model's table with x and y added, and each component's share of the variance, float64 (2,); None
        without an occlusion test or with fewer than three images.
    """
    saved = stage.run.results.occlusion_test(stage.number, split)
    if saved is None:
        return None
    table, hidden = saved
    rows = pd.Series(range(len(table)), table["path"])
    return mapped(model, hidden[rows[model.table["path"]].to_numpy()])


def mapped(model: Predictions, hidden: np.ndarray) -> tuple[pd.DataFrame, np.ndarray] | None:
    """The same of the last hidden layer of a model's images, (n, units)."""
    if len(model) <= COMPONENTS:
        return None
    # Imported here: it takes a second, and only the map needs it.
    from sklearn.decomposition import PCA

    activations = hidden.astype(np.float32)
    pca = PCA(COMPONENTS, random_state=0).fit(activations)
    x, y = pca.transform(activations).T
    return model.table.assign(x=x, y=y), pca.explained_variance_ratio_
