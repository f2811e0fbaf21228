"""The errors section: images that models misclassify or on which they disagree."""

import pandas as pd

from core import evaluation
from core.comparison import ModelComparison
from pages.comparison.gallery import show_gallery
from pages.shared.one_of import one_of
from pages.shared.texts import _

ALL_MODELS, DISAGREEMENT = "all models", "models disagree"


def show_errors(comparison: ModelComparison) -> None:
    """A choice of errors, and their images."""
    titles = {model.name: model.name for model in comparison.models}
    if len(titles) > 1:
        titles |= {ALL_MODELS: _("all models"), DISAGREEMENT: _("models disagree")}
    kind = one_of(
        _("Misclassified by"), titles, default=next(iter(titles)), key="errors", bind="query-params"
    )
    order = _("widest disagreement first") if kind == DISAGREEMENT else _("most confident errors first")
    show_gallery(_images(comparison, kind), comparison.stages, order, f"errors-{kind}")


def _images(comparison: ModelComparison, kind: str) -> pd.DataFrame:
    if kind == ALL_MODELS:
        return evaluation.misclassified_by_all(comparison.models, comparison.thresholds)
    if kind == DISAGREEMENT:
        return evaluation.disagreements(comparison.models, comparison.thresholds)
    model = next(model for model in comparison.models if model.name == kind)
    return evaluation.misclassified(model, comparison.thresholds[kind])
