"""What the audit of a data set asks about lungs: are they there, whole, and do they give the class away?"""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from core.anatomy.dataset_lungs import DatasetLungs, dataset_lungs
from core.anatomy.quality import CUT, remark_kind
from core.dataset import (
    SHORTCUT_AUC,
    Check,
    Dataset,
    Finding,
    Progress,
    auc_facts,
    class_auc_from,
    example_paths,
    share_by_class,
)
from core.errors import UserError, sentence_of
from core.sentence import Sentence, joined


def implausible(dataset: Dataset) -> np.ndarray:
    """Rows of images whose lungs have a remark, or in which none are found."""
    return _implausible(dataset_lungs(dataset))


def _implausible(lungs: DatasetLungs) -> np.ndarray:
    return np.flatnonzero([bool(lungs.remarks(row)) for row in range(len(lungs))])


def cut_off(dataset: Dataset) -> np.ndarray:
    """Rows of images whose border cuts the lungs off."""
    lungs = dataset_lungs(dataset)
    return np.flatnonzero([CUT in lungs.remarks(row) for row in range(len(lungs))])


LUNG_ISSUES: dict[str, Callable[[Dataset], np.ndarray]] = {
    "no plausible lungs": implausible,
    "lungs cut off": cut_off,
}


def implausible_lungs(dataset: Dataset) -> Iterator[Finding]:
    """Images without plausible lungs, with their number by reason."""
    lungs = dataset_lungs(dataset)
    rows = _implausible(lungs)
    reasons = Counter(remark_kind(remark) for row in rows for remark in lungs.remarks(row))
    yield Finding(
        "implausible_lungs",
        Sentence("Images without plausible lungs"),
        len(rows),
        example_paths(dataset, rows),
        Sentence(
            "They may not be frontal chest X-rays, or not whole; or the lung network is wrong. A model "
            "framed by lungs sees such an image whole."
        ),
        Sentence("Look at them with their outlines, and remove what is no frontal chest X-ray."),
        {"reasons": dict(reasons.most_common()), "share_by_class": share_by_class(dataset, rows)},
        issue="no plausible lungs",
    )


def cut_off_lungs(dataset: Dataset) -> Iterator[Finding]:
    """Images whose border cuts the lungs off."""
    rows = cut_off(dataset)
    yield Finding(
        "lungs_cut_off",
        Sentence("Images whose border cuts the lungs off"),
        len(rows),
        example_paths(dataset, rows),
        Sentence(
            "What lies outside cannot be judged, and if one class is cut off more often, a model can learn "
            "that."
        ),
        Sentence("Compare the shares by class. Export the images uncropped if you can."),
        {"share_by_class": share_by_class(dataset, rows)},
        issue="lungs cut off",
    )


def lung_geometry(dataset: Dataset) -> Iterator[Finding]:
    """Whether box, areas and tilt of the lungs predict the class."""
    lungs = dataset_lungs(dataset)
    has_lungs = ~np.isnan(lungs.numbers[:, 0])
    rows = np.flatnonzero((dataset.table["split"] != "test").to_numpy() & has_lungs)
    auc = class_auc_from(lungs.numbers[rows], dataset.table.iloc[rows])
    strong = bool(auc and auc.value > SHORTCUT_AUC)
    yield Finding(
        "lung_geometry",
        Sentence("Position and size of the lungs predict the class"),
        int(strong),
        [Sentence("position and size of the lungs")] if strong else [],
        Sentence(
            "AUC of gradient boosting on the box, the areas and the tilt of the lungs, cross-validated by "
            "patient: how an image is framed gives its class away, whatever the lungs look like."
        ),
        Sentence("Train with framing = lungs, and compare every model with this baseline."),
        {"images": len(rows), **auc_facts({"lungs": auc})},
    )


LUNG_CHECKS: tuple[Check, ...] = (implausible_lungs, cut_off_lungs, lung_geometry)


def possible_lung_checks(dataset: Dataset, progress: Progress | None = None) -> tuple[tuple[Check, ...], str]:
    """The checks of lungs, for which the lungs are found now; or none, and in a sentence why.

    Args:
        dataset: opened.
        progress: as for `dataset_lungs`.
    """
    try:
        dataset_lungs(dataset, progress)
    except UserError as error:
        return (), joined([Sentence("The checks of lungs were left out."), sentence_of(error)], " ")
    return LUNG_CHECKS, ""
