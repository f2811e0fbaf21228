"""The occlusion test of compared models, and a map of the images in the models' last hidden layer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.comparison.evaluated_stage import EvaluatedStage
from core.comparison.heat_shares import HEAT_IN_LUNGS, heat_shares
from core.comparison.model_comparison import ModelComparison
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import Difference, Predictions, delong, evaluate, too_few

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
        progress: called with (images done, images in total).

    Raises:
        UserError: the weights are gone, or images are missing.
    """
    # Imported here: it takes half a second, and reading saved results does without.
    from core.inference import Reader, occlusion_test

    table = stage.predictions(split).table
    rows = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    missing = ~table["sha256"].isin(rows.index)
    if missing.any():
        raise UserError(
            f"{missing.sum()} of the {len(table)} images that {stage.name} was evaluated on are no longer in "
            f"{dataset.root}. Restore them, or evaluate the model again."
        )
    predictor = Reader(stage.run.weights_path(stage.number)).predictor
    positions = rows[table["sha256"]].to_numpy()
    result = occlusion_test(predictor, predictor.framed(dataset, progress)[positions], progress)
    heat = heat_shares(predictor, dataset, positions, progress)
    probabilities = table[["path", "sha256"]].assign(**result.masked, **{HEAT_IN_LUNGS: heat})
    stage.run.results.write_occlusion_test(stage.number, split, probabilities, result.hidden)


@dataclass(frozen=True)
class OcclusionEffect:
    """How hiding a part of the images changes a model's metrics.

    Attributes:
        model: its name.
        mask: the hidden part.
        whole, masked: metrics of `core.evaluation.evaluate` on whole and on masked images.
        auc: masked minus whole, by DeLong's test; None if a class has too few patients or the
            variance is zero.
    """

    model: str
    mask: str
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
        threshold = comparison.thresholds[model.name]
        whole = evaluate(model.labels, model.probabilities, threshold)
        for mask in table.columns.drop(["sha256", HEAT_IN_LUNGS], errors="ignore"):
            masked = table[mask].to_numpy()
            effects.append(
                OcclusionEffect(
                    model.name,
                    mask,
                    whole,
                    evaluate(model.labels, masked, threshold),
                    _auc_difference(model, masked),
                )
            )
    return effects


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
    if saved is None or len(model) <= COMPONENTS:
        return None
    # Imported here: it takes a second, and only the map needs it.
    from sklearn.decomposition import PCA

    table, hidden = saved
    rows = pd.Series(range(len(table)), table["path"])
    activations = hidden[rows[model.table["path"]].to_numpy()].astype(np.float32)
    pca = PCA(COMPONENTS, random_state=0).fit(activations)
    x, y = pca.transform(activations).T
    return model.table.assign(x=x, y=y), pca.explained_variance_ratio_
