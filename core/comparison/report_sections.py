"""The sections of a report on a comparison, from numbers and pictures."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from core import evaluation
from core.comparison.claim import claim_checklist
from core.comparison.data_statements import counted, label_sentence, on_published_set, origin_sentence
from core.comparison.heat_shares import HEAT_IN_LUNGS
from core.comparison.model_card import NOT_A_DEVICE
from core.comparison.model_comparison import ModelComparison
from core.comparison.occlusion import OcclusionEffect
from core.comparison.report_figures import NO_CHROME
from core.comparison.verdict import verdict
from core.config import differences
from core.evaluation import PairwiseTest
from core.reports import Picture, Section

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "openvino", "plotly", "streamlit")
INTERVALS = (
    "95% intervals in brackets: Wilson's for proportions; otherwise from 2,000 bootstrap resamples of whole "
    "patients with a fixed seed, unless resamples cannot tell: with few patients, or where there is no error."
)
TESTS = (
    "ROC AUC: DeLong's test. Other metrics: McNemar's exact test with Newcombe's paired intervals. P values "
    "are corrected by Holm's method across the pairs tested on each metric. All tests treat images, not "
    "patients, as independent, so the intervals are slightly too narrow."
)
BASELINES = (
    "Shortcut baseline: gradient boosting on the corners, the border or the histogram of the same training "
    "images. A model no better than these may not be using the lungs."
)
OCCLUSION = (
    "Part of each image is replaced by the mean grey of the rest; difference by DeLong's test. No training "
    "image has a grey part, which may explain some of the change."
)
HEAT = (
    "Mean share of the heat that lies in the lungs, over the images whose lungs were found. 95% intervals by "
    "bootstrap over patients. A heat map has no sharp edges, so some of it always lies outside."
)

PUBLISHED_LIMITATIONS = (
    "Some labels of this data set look doubtful (see its audit).",
    "Its validation images resemble the training images more than the test images do: on test, models "
    "usually miss the rates that the thresholds aim at.",
)

SYNTHETIC = "SYNTHETIC images: these results say nothing about real X-rays."


@dataclass(frozen=True)
class Findings:
    """The numbers of a report.

    Attributes:
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
        baselines: the same of the shortcut baselines.
        tests: every pair of models on every metric with a test.
        occlusion: effects of the occlusion test.
        heat: share of the heat maps in the lungs, of `heat_share_table`.
    """

    metrics: dict[str, dict]
    baselines: dict[str, dict]
    tests: list[PairwiseTest]
    occlusion: list[OcclusionEffect]
    heat: pd.DataFrame

    def renamed(self, names: Mapping[str, str]) -> "Findings":
        """The same of models with other names; those that `names` lacks keep theirs."""
        return replace(
            self,
            metrics={names.get(name, name): values for name, values in self.metrics.items()},
            tests=[
                replace(
                    test, first=names.get(test.first, test.first), second=names.get(test.second, test.second)
                )
                for test in self.tests
            ],
            occlusion=[
                replace(effect, model=names.get(effect.model, effect.model)) for effect in self.occlusion
            ],
            heat=self.heat.replace({"model": dict(names)}) if len(self.heat) else self.heat,
        )


def report_sections(
    comparison: ModelComparison, findings: Findings, pictures: dict[str, Picture] | None
) -> list[Section]:
    """The sections in order; `pictures` is None if they could not be drawn."""
    drawn = pictures or {}
    missing = [] if drawn else [NO_CHROME]
    return [
        Section("About this report", [_opening(comparison), NOT_A_DEVICE, *missing]),
        Section("Result", verdict(comparison, findings.metrics, findings.tests)),
        Section("Data", [_data(comparison)]),
        Section("Settings and versions", [_settings(comparison), _versions()]),
        Section(
            "Metrics",
            [INTERVALS, evaluation.side_by_side(findings.metrics), *_select(drawn, "metrics")],
        ),
        Section("Differences between the models", _differences(findings.tests)),
        Section("Curves", _select(drawn, "roc", "precision-recall", "decision", "confusion-") or [NO_CHROME]),
        Section("Calibration", [_calibration(comparison), *_select(drawn, "reliability")]),
        Section("Subgroups", _select(drawn, "groups-") or ["See groups.csv."]),
        Section(
            "Shortcuts",
            [*_baselines(findings), *_occlusion(findings.occlusion, drawn), *_heat(findings.heat)],
        ),
        Section("Training", _select(drawn, "training") or ["No training history is available."]),
        Section("Limitations", _limitations(comparison)),
        Section("CLAIM checklist (applicable items)", [claim_checklist(comparison)]),
    ]


def _select(pictures: dict[str, Picture], *names: str) -> list[Picture]:
    """Pictures with these names; a name that ends in a dash selects all that begin with it."""
    return [
        picture
        for wanted in names
        for name, picture in pictures.items()
        if name == wanted or (wanted.endswith("-") and name.startswith(wanted))
    ]


def _opening(comparison: ModelComparison) -> str:
    cohort = f", cohort {comparison.cohort}" if comparison.cohort else ""
    sentences = [
        f"{', '.join(model.name for model in comparison.models)}.",
        comparison.shared,
        f"Split: {comparison.split}{cohort}.",
        comparison.labels,
        f"Date: {date.today().isoformat()}.",
        SYNTHETIC if comparison.synthetic else "",
    ]
    return " ".join(filter(None, sentences))


def _data(comparison: ModelComparison) -> pd.DataFrame:
    rows = {}
    for stage, model in zip(comparison.stages, comparison.models, strict=False):  # an ensemble's come last
        facts = stage.run.facts()
        rows[stage.name] = {
            "data set": facts.get("data", "unknown"),
            "training images": counted(facts.get("training")),
            "validation images": counted(facts.get("validation")),
            f"{comparison.split} images": len(model),
            f"{comparison.split} patients": len(set(model.patients)),
            "normal": int((model.labels == 0).sum()),
            "pneumonia": int((model.labels == 1).sum()),
            "fingerprint": str(facts.get("fingerprint", "unknown"))[:12],
        }
    return pd.DataFrame(rows).T.astype(str)


def _settings(comparison: ModelComparison) -> pd.DataFrame:
    rows = {}
    for stage in comparison.stages:
        settings = stage.run.settings()
        changes = ", ".join(f"{name}={value}" for name, value in differences(settings).items())
        point = comparison.points[stage.name]
        rows[stage.name] = {
            "preset": settings.preset,
            "changes from preset": changes or "none",
            "learning rate": f"{settings.rate(stage.number):g}",
            "seed": settings.seed,
            "starting weights": Path(settings.weights).name,
            "decision threshold": f"{point.threshold:.3f} ({point.rule})",
        }
    return pd.DataFrame(rows).T.astype(str)


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"This report was created with Python {platform.python_version()}, {packages}."


def _differences(tests: list[PairwiseTest]) -> list[str | pd.DataFrame]:
    if not tests:
        return ["A single model: there is nothing to compare."]
    table = pd.DataFrame(evaluation.difference_rows(tests)).set_index("Metric").fillna("–")
    cautions = dict.fromkeys(filter(None, (test.reason or test.caution for test in tests)))
    return [table, *cautions, TESTS]


def _calibration(comparison: ModelComparison) -> pd.DataFrame:
    table = evaluation.calibration_table(comparison.models, comparison.validation)
    return evaluation.calibration_text(table)


def _baselines(findings: Findings) -> list[str | pd.DataFrame]:
    if not findings.baselines:
        return ["The run has no shortcut baselines."]
    auc = evaluation.METRICS["auc"]
    rows = {
        name: {auc.title: auc.text(values["auc"], values["intervals"]["auc"])}
        for name, values in {**findings.metrics, **findings.baselines}.items()
    }
    return [BASELINES, pd.DataFrame(rows).T]


def _occlusion(
    effects: list[OcclusionEffect], pictures: dict[str, Picture]
) -> list[str | pd.DataFrame | Picture]:
    if not effects:
        return ["The occlusion test was not run for these models."]
    rows = {
        f"{effect.model}, {effect.mask} hidden": {
            "ROC AUC, whole images": f"{effect.whole['auc']:.3f}",
            "part hidden": f"{effect.masked['auc']:.3f}",
            "difference (95% interval)": "{:+.3f} ({:+.3f} to {:+.3f})".format(
                effect.auc.value, *effect.auc.interval
            ),
        }
        for effect in effects
        if effect.auc
    }
    return [OCCLUSION, pd.DataFrame(rows).T, *_select(pictures, "hidden")]


def _heat(shares: pd.DataFrame) -> list[str | pd.DataFrame]:
    known = shares[shares["images"] > 0] if len(shares) else shares
    rows = {
        row["model"]: {
            "images": str(row["images"]),
            "heat in the lungs": f"{row[HEAT_IN_LUNGS]:.1%}",
            "95% interval": "–" if pd.isna(row["low"]) else f"{row['low']:.1%} to {row['high']:.1%}",
        }
        for row in known.to_dict("records")
    }
    return [HEAT, pd.DataFrame(rows).T] if rows else []


def _limitations(comparison: ModelComparison) -> list[str]:
    first = comparison.models[0]
    limitations = [
        f"{len(first)} images of {len(set(first.patients))} patients. {origin_sentence(comparison)}",
        label_sentence(comparison),
        "One training run per model, unless runs over seeds are listed: the intervals do not include the "
        "spread over seeds.",
        "Thresholds and temperatures were chosen on validation images: on other images, models may miss the "
        "rates that the thresholds aim at.",
    ]
    if on_published_set(comparison):
        limitations += PUBLISHED_LIMITATIONS
    limitations += comparison.small_samples
    if comparison.split == "validation":
        limitations.append("These are validation images: weights and thresholds were chosen on them.")
    if comparison.synthetic:
        limitations.append("The images are SYNTHETIC.")
    return limitations
