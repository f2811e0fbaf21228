"""What hiding parts of the films costs the models, and where the films lie in their eyes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import Difference, Predictions, delong, evaluate
from core.study.study import Candidate, Study

COMPONENTS = 2


def look_again(
    candidate: Candidate, split: str, dataset: Dataset, progress: Callable[[int, int], None] | None = None
) -> None:
    """Ask a model about its films with parts hidden, and keep the answers with its run.

    Args:
        dataset: the set that the run was measured on, opened.
        progress: called with (films done, films in all).

    Raises:
        UserError: the weights are gone, or the films are no longer in the set.
    """
    if not candidate.can_be_asked:
        raise UserError(f"{candidate.name} is of another backbone than VGG19 and cannot be asked again.")
    # Imported here: it takes half a second, and reading what was kept does without.
    from core.diagnosis import load_predictor, second_look

    table = candidate.predictions(split).table
    places = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    missing = ~table["sha256"].isin(places.index)
    if missing.any():
        raise UserError(
            f"{missing.sum()} of the {len(table)} films that {candidate.name} was measured on are no longer "
            f"in {dataset.root}. Put them back, or measure the model anew."
        )
    pixels = dataset.pixels[places[table["sha256"]].to_numpy()]
    found = second_look(load_predictor(candidate.run.weights_path(candidate.stage)), pixels, progress)
    kept = table[["path", "sha256"]].assign(**found.masked)
    candidate.run.write_second_look(candidate.stage, split, kept, found.hidden)


@dataclass(frozen=True)
class Loss:
    """What hiding a part of the films does to a model.

    Attributes:
        model: its name.
        mask: what is hidden.
        whole, masked: metrics of `core.evaluation.evaluate`.
        auc: masked minus whole, by DeLong's test; None where a class has fewer than two films.
    """

    model: str
    mask: str
    whole: dict
    masked: dict
    auc: Difference | None


def losses(study: Study) -> list[Loss]:
    """What each mask costs each model that was asked again; models that were not are left out."""
    found = []
    for candidate, model in zip(study.candidates, study.models, strict=False):
        kept = candidate.run.second_look(candidate.stage, study.split)
        if kept is None:
            continue
        answers = kept[0].drop_duplicates("path").set_index("path").loc[model.table["path"]]
        threshold = study.thresholds[model.name]
        whole = evaluate(model.labels, model.probabilities, threshold)
        enough = np.bincount(model.labels, minlength=2).min() > 1
        for mask in answers.columns.drop("sha256"):
            masked = answers[mask].to_numpy()
            found.append(
                Loss(
                    model.name,
                    mask,
                    whole,
                    evaluate(model.labels, masked, threshold),
                    delong(model.labels, model.probabilities, masked) if enough else None,
                )
            )
    return found


def loss_table(found: list[Loss]) -> pd.DataFrame:
    """What hiding costs, a row a model and mask; the difference with its 95 % interval and p by DeLong."""
    rows = [
        {
            "model": item.model,
            "hidden": item.mask,
            "ROC AUC whole": item.whole["auc"],
            "ROC AUC hidden": item.masked["auc"],
            "difference": item.auc and item.auc.value,
            "low": item.auc and item.auc.interval[0],
            "high": item.auc and item.auc.interval[1],
            "p": item.auc and item.auc.p_value,
            "sensitivity whole": item.whole["recall"],
            "sensitivity hidden": item.masked["recall"],
            "specificity whole": item.whole["specificity"],
            "specificity hidden": item.masked["specificity"],
        }
        for item in found
    ]
    return pd.DataFrame(rows)


def film_map(candidate: Candidate, model: Predictions, split: str) -> tuple[pd.DataFrame, np.ndarray] | None:
    """The films in the plane in which the last hidden layer spreads them most (PCA).

    Returns:
        The model's table with x and y added, and the share of the variance that each axis holds, float64
        (2,); None where the model was not asked again or there are fewer than three films.
    """
    kept = candidate.run.second_look(candidate.stage, split)
    if kept is None or len(model) <= COMPONENTS:
        return None
    # Imported here: it takes a second, and only the map needs it.
    from sklearn.decomposition import PCA

    places = pd.Series(range(len(kept[0])), kept[0]["path"])
    hidden = kept[1][places[model.table["path"]].to_numpy()].astype(np.float32)
    fitted = PCA(COMPONENTS, random_state=0).fit(hidden)
    x, y = fitted.transform(hidden).T
    return model.table.assign(x=x, y=y), fitted.explained_variance_ratio_
