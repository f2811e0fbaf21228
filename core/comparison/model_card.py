"""A model card with the headings of Mitchell et al., "Model cards for model reporting", FAT* 2019."""

import pandas as pd

from core.comparison.data_statements import (
    label_sentence,
    on_published_set,
    origin_sentence,
    training_table,
)
from core.comparison.model_comparison import ModelComparison
from core.evaluation import METRICS, subgroup_rates
from core.reports import Section

NOT_A_DEVICE = "For research use only. Not a medical device: do not base treatment on its results."


def model_card(comparison: ModelComparison, metrics: dict[str, dict]) -> list[Section]:
    """The card of the compared models.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
    """
    published = on_published_set(comparison)
    return [
        Section("Model details", [f"{_backbones(comparison)}, {ARCHITECTURE}", _details(comparison)]),
        Section("Intended use", [f"{INTENDED_USE} {NOT_A_DEVICE}", OUT_OF_SCOPE]),
        Section("Factors", [_factors(comparison), *([NO_PERSONAL_FACTORS] if published else [])]),
        Section("Metrics", [_metrics(), _thresholds(comparison)]),
        Section("Evaluation data", [_evaluation_data(comparison)]),
        Section("Training data", [training_table(comparison), *_synthetic(comparison)]),
        Section("Quantitative analyses", [_quantities(metrics), *_by_subgroup(comparison)]),
        Section("Ethical considerations", [ETHICS, PUBLISHED_ETHICS if published else OTHER_ETHICS]),
        Section(
            "Caveats and recommendations",
            [*(PUBLISHED_CAVEATS if published else ()), CAVEATS, *comparison.notes],
        ),
    ]


ARCHITECTURE = (
    "with a classification head of two hidden layers of 4,608 and 1,152 "
    "units and dropout of 0.2, for chest X-rays at 128 x 128 pixels, fine-tuned in stages: stage 1 trains "
    "the head; stage 2 continues from it with the last two convolutions; stage 3 continues from stage 1 "
    "with all layers."
)
INTENDED_USE = "Research and teaching: comparing staged fine-tuning on paediatric chest X-rays."
OUT_OF_SCOPE = (
    "Out of scope: adults, views other than frontal, findings other than pneumonia, and images from another "
    "hospital without prior local evaluation."
)
NO_PERSONAL_FACTORS = (
    "The file names of this data set contain no age, sex, device or ward: no results by these are available."
)
ETHICS = (
    "A missed pneumonia can cost a child's life; a false positive means needless antibiotics. The decision "
    "threshold weighs one against the other, and a person has to choose it."
)
PUBLISHED_ETHICS = "The images are of children from one hospital; performance elsewhere is unknown."
OTHER_ETHICS = "Performance on images from elsewhere is unknown."
PUBLISHED_CAVEATS = (
    "Here histogram, border and thumbnail alone separate the classes almost as well as the models do.",
    "The test images differ from the training images, and several come from the same patient.",
)
CAVEATS = (
    "Part of what a model has learnt may lie outside the lungs. Consider the shortcut baselines, the "
    "occlusion test and the heat maps before relying on a metric, and evaluate on your own images before any "
    "use."
)


def _backbones(comparison: ModelComparison) -> str:
    """The backbones of the models with their sources."""
    backbones = dict.fromkeys(stage.run.settings().architecture for stage in comparison.stages)
    return "; ".join(f"{backbone.title} ({backbone.source})" for backbone in backbones)


def _details(comparison: ModelComparison) -> pd.DataFrame:
    rows = {}
    for stage in comparison.stages:
        settings, facts = stage.run.settings(), stage.run.facts()
        rows[stage.name] = {
            "trained layers": stage.run.stage(stage.number).summary,
            "starting weights": settings.weights.rsplit("/", 1)[-1],
            "optimiser": f"{settings.optimizer}, {settings.rate(stage.number):g}",
            "seed": settings.seed,
            "preprocessing": settings.preprocessing,
            "framing": settings.framing,
            "precision": facts.get("precision", "unknown"),
            "software": f"Keras {facts.get('keras', '?')} on {facts.get('backend', '?')}",
        }
    return pd.DataFrame(rows).T.astype(str)


def _metrics() -> str:
    by_kind = {
        kind: ", ".join(metric.label for metric in METRICS.values() if metric.estimator.interval_kind == kind)
        for kind in ("wilson", "bootstrap")
    }
    return (
        f"With Wilson's 95% intervals: {by_kind['wilson']}. With 95% intervals from 2,000 bootstrap "
        f"resamples of whole patients: {by_kind['bootstrap']}."
    )


def _thresholds(comparison: ModelComparison) -> str:
    points = [f"{name} {point.threshold:.3f} ({point.rule})" for name, point in comparison.points.items()]
    return f"Decision thresholds: {'; '.join(points)}."


def _evaluation_data(comparison: ModelComparison) -> str:
    first = comparison.models[0]
    cohort = f" (cohort {comparison.cohort})" if comparison.cohort else ""
    note = (
        "No threshold, weight or setting was chosen on them."
        if comparison.split == "test"
        else "Best weights, thresholds and temperatures were chosen on these images, so the results are "
        "optimistic."
    )
    return (
        f"{len(first)} {comparison.split} images{cohort} of {len(set(first.patients))} patients: "
        f"{int((first.labels == 0).sum())} NORMAL, {int((first.labels == 1).sum())} PNEUMONIA. "
        f"{label_sentence(comparison)} {origin_sentence(comparison)} {note}"
    )


def _synthetic(comparison: ModelComparison) -> list[str]:
    return ["The images are SYNTHETIC: a program drew them."] if comparison.synthetic else []


def _quantities(metrics: dict[str, dict]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: {
                metric.title: metric.text(values[key], values["intervals"][key])
                for key, metric in METRICS.items()
            }
            for name, values in metrics.items()
        }
    )


def _factors(comparison: ModelComparison) -> str:
    """The subgroups in which the compared images are broken down."""
    first = comparison.models[0]
    _all_images, *groups = (row["group"] for row in subgroup_rates(first, comparison.thresholds[first.name]))
    return f"Results are broken down by subgroup: {', '.join(groups) or 'none can be told apart'}."


def _by_subgroup(comparison: ModelComparison) -> list[pd.DataFrame]:
    """Sensitivity and specificity in subgroups: one table per model."""
    tables = []
    for model in comparison.models:
        rows = {
            row["group"]: {
                model.name: f"{row['images']:,} images",
                "sensitivity": _rate(row, "sensitivity", "tp", "positives"),
                "specificity": _rate(row, "specificity", "tn", "negatives"),
            }
            for row in subgroup_rates(model, comparison.thresholds[model.name])
        }
        tables.append(pd.DataFrame(rows).T)
    return tables


def _rate(row: dict, rate: str, part: str, whole: str) -> str:
    if row[rate] is None:
        return "–"
    return f"{row[part]} of {row[whole]}: {METRICS[rate].text(row[rate], row[f'{rate}_interval'])}"
