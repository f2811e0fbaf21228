"""Weak slices: kinds of images on which a model errs more often than on the rest, searched automatically.

A search among many columns always finds something. So a tree of depth 2 is fitted to the errors of one half
of the patients, and only what the other half confirms is told, with the figures of that other half.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation import MIN_PATIENTS, Interval, Predictions, holm, wilson_by_patient
from core.sentence import Sentence
from core.site.groups import (
    SIGNIFICANCE_LEVEL,
    first_of_each_patient,
    group_column,
    grouped,
    numbers_of,
    p_text,
)
from core.site.image_properties import PROPERTIES, property_column
from core.site.patient_folds import patient_folds

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier  # imported lazily: it takes a second

DEPTH = 2  # conditions on an image, at most
MIN_SLICE, MIN_SHARE = 10, 0.05  # of the images of a class, in the half that a slice is found on
MIN_ERRORS = 5  # in that half; with fewer there is nothing to look for
SEED = 0
IS = " = "  # between a column and its value, in the name of a feature
NOT_SEARCHED = Sentence("Weak slices are not searched: too few images or errors.")
NONE = Sentence(
    "No weak slice: nothing that the search found on half of the patients was confirmed by the others."
)


@dataclass(frozen=True)
class WeakSlice:
    """Images of one class on which the model errs more often than on the others of that class.

    Attributes:
        label: the class.
        rule: which images, in words.
        images, patients: of the slice, in the half of the patients that confirms it.
        errors, errors_interval: share of them that are misclassified, Wilson's 95% interval by patient.
        rest, rest_interval: the same of the other images of the class in that half.
        p: of the difference, after Holm.
    """

    label: str
    rule: str
    images: int
    patients: int
    errors: float
    errors_interval: Interval | None
    rest: float
    rest_interval: Interval | None
    p: float

    def sentence(self) -> str:
        """The slice in words."""
        return Sentence(
            "Hint: where {rule}, {errors} of {images:,} {label} images are misclassified, of the "
            "others {rest} ({p}, in the half of the patients that it was not found on).",
            rule=self.rule,
            errors=_share(self.errors, self.errors_interval),
            images=self.images,
            label=self.label,
            rest=_share(self.rest, self.rest_interval),
            p=p_text(self.p),
        )


@dataclass(frozen=True)
class SliceSearch:
    """What the search for weak slices gave.

    Attributes:
        searched: the classes with enough images and errors.
        slices: those that were confirmed.
    """

    searched: tuple[str, ...] = ()
    slices: tuple[WeakSlice, ...] = ()

    def sentences(self) -> list[str]:
        """The result in words."""
        if not self.searched:
            return [NOT_SEARCHED]
        return [each.sentence() for each in self.slices] or [NONE]


def find_weak_slices(predictions: Predictions, threshold: float, columns: tuple[str, ...]) -> SliceSearch:
    """Search each class for its weakest slice, and keep what the other half of the patients confirms.

    The slice is the node of scikit-learn's decision tree in which the errors of the first half are most
    unlikely to have gathered by chance. It is confirmed by Fisher's exact test, one-sided, of one image per
    patient of the other half, after Holm's correction for the two classes.

    Args:
        predictions: with the columns of groups and of properties.
        threshold: probability from which the model predicts pneumonia.
        columns: of groups.
    """
    features = _features(predictions, columns)
    wrong = predictions.wrong_at(threshold)
    searched, judged = [], []
    if features.empty:
        return SliceSearch()
    for number, label in enumerate(CLASS_NAMES):
        rows = np.flatnonzero(predictions.labels == number)
        half = patient_folds(wrong[rows], predictions.patients[rows], 2)
        searched_in, confirmed_in = rows[half == 0], rows[half == 1]
        errors = int(wrong[searched_in].sum())
        if min(errors, len(searched_in) - errors) < MIN_ERRORS:
            continue
        searched.append(label)
        tree, node = _weakest_node(features.iloc[searched_in], wrong[searched_in])
        inside = _of_nodes(tree, features.iloc[confirmed_in])[:, node]
        rule = _rule(tree, node, features)
        each = _judged(label, rule, wrong[confirmed_in], inside, predictions.patients[confirmed_in])
        judged += [each] if each else []
    adjusted = holm([each.p for each in judged])
    corrected = [replace(each, p=p) for each, p in zip(judged, adjusted, strict=True)]
    return SliceSearch(tuple(searched), tuple(each for each in corrected if each.p < SIGNIFICANCE_LEVEL))


def _features(predictions: Predictions, columns: tuple[str, ...]) -> pd.DataFrame:
    """Numbers to split by: properties, numbers of groups, and each value of other groups as 0 or 1."""
    table = predictions.table
    present = [name for name in PROPERTIES if property_column(name) in table]
    features = {name: table[property_column(name)].astype(float) for name in present}
    for column in columns:
        values = table[group_column(column)]
        numbers = numbers_of(values)
        if numbers is not None:
            features[column] = numbers
            continue
        masks = grouped(values, column)
        features |= {f"{column}{IS}{name}": pd.Series(mask, dtype=float) for name, mask in masks.items()}
    return pd.DataFrame(features).dropna(axis=1, how="all")


def _weakest_node(features: pd.DataFrame, wrong: np.ndarray) -> tuple["DecisionTreeClassifier", int]:
    """A tree fitted to the errors, and its node in which they are most unlikely to have gathered by chance.

    The node is 0, that of all images, if the tree has no other.
    """
    from sklearn.tree import DecisionTreeClassifier

    least = max(MIN_SLICE, round(MIN_SHARE * len(wrong)))
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=SEED)
    tree.fit(features.to_numpy(), wrong)
    inside = _of_nodes(tree, features)
    chances = [_more_errors(wrong, inside[:, node]) for node in range(1, inside.shape[1])]
    return tree, 1 + int(np.argmin(chances)) if chances else 0


def _of_nodes(tree: "DecisionTreeClassifier", features: pd.DataFrame) -> np.ndarray:
    """Which images are in which nodes, bool (n, nodes)."""
    return tree.decision_path(features.to_numpy()).toarray().astype(bool)


def _more_errors(wrong: np.ndarray, inside: np.ndarray) -> float:
    """P value of Fisher's exact test, one-sided: that errors are no more frequent inside than outside."""
    from scipy.stats import fisher_exact

    counts = [[(wrong & side).sum(), (~wrong & side).sum()] for side in (inside, ~inside)]
    result: Any = fisher_exact(counts, alternative="greater")  # a tuple to the type checker
    return float(result.pvalue)


def _rule(tree: "DecisionTreeClassifier", node: int, features: pd.DataFrame) -> str:
    """The conditions on the way to a node, in words."""
    nodes, bounds = tree.tree_, {}
    while node:
        left = node in nodes.children_left
        parent = int(np.flatnonzero((nodes.children_left if left else nodes.children_right) == node)[0])
        name = features.columns[nodes.feature[parent]]
        column, is_value, value = name.partition(IS)
        if is_value:
            bounds[name] = f"{column} is {'not ' if left else ''}{value}"
        else:
            side = f"{name} is {'at most' if left else 'above'}"
            unknown = features[name].isna().any() and bool(nodes.missing_go_to_left[parent]) == left
            bound = f"{side} {nodes.threshold[parent]:.4g}{' or unknown' if unknown else ''}"
            bounds.setdefault(side, bound)  # the lower of two nodes has the narrower bound
        node = parent
    return " and ".join(reversed(bounds.values()))


def _judged(
    label: str, rule: str, wrong: np.ndarray, inside: np.ndarray, patients: np.ndarray
) -> WeakSlice | None:
    """A slice with its figures and a p value that is not corrected yet; None with too few patients."""
    once = first_of_each_patient(patients)
    if min((inside & once).sum(), (~inside & once).sum()) < MIN_PATIENTS:
        return None
    return WeakSlice(
        label,
        rule,
        int(inside.sum()),
        len(np.unique(patients[inside])),
        float(wrong[inside].mean()),
        wilson_by_patient(wrong[inside], patients[inside]),
        float(wrong[~inside].mean()),
        wilson_by_patient(wrong[~inside], patients[~inside]),
        _more_errors(wrong[once], inside[once]),
    )


def _share(share: float, interval: Interval | None) -> str:
    if not interval:
        return f"{share:.0%}"
    return Sentence("{rate:.0%} ({low:.0%} to {high:.0%})", rate=share, low=interval[0], high=interval[1])
