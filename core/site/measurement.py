"""How well a model does on local images: every number, and in words."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from core.config import CLASS_NAMES
from core.evaluation import (
    METRICS,
    CalibrationLine,
    Predictions,
    ZoneOutcome,
    calibration_line,
    evaluate_with_intervals,
    reliability,
    specificities,
    too_few,
    wilson_by_patient,
    zone_outcome,
)
from core.inference import NOTICE
from core.sentence import Sentence
from core.site.groups import ClassMix, Group, class_mixes, group_rates
from core.site.image_counts import ImageCounts, counted_images
from core.site.shift import ShiftSearch, find_shifts
from core.site.site_readings import SiteReadings
from core.site.weak_slices import SliceSearch, find_weak_slices
from core.site.zone_words import outcome_words

CHANCE = 0.5  # ROC AUC of a model that tells nothing
MANY_WARNED = 0.1  # of the results, from which it is said how the rates count them
SHOWN_METRICS = ("auc", "sensitivity", "specificity", "brier")


@dataclass(frozen=True, eq=False)
class SiteMeasurement:
    """How well a model does on local images.

    Attributes:
        readings: what it is measured on.
        counts: what became of the images.
        predictions: the results that count; None if there are none.
        metrics: of `core.evaluation.evaluate_with_intervals`, with intervals of the rates by
            patient; None without results.
        calibration: slope and intercept; None where no line fits, or with too few patients.
        reliability: bins of `core.evaluation.reliability`.
        groups: rates in groups.
        mixes: whether the classes differ in the columns of groups.
        weak_slices: the search for kinds of images on which the model errs more often.
        shift: differences from the training images; of withheld images, too.
    """

    readings: SiteReadings
    counts: ImageCounts
    predictions: Predictions | None
    metrics: dict | None
    calibration: CalibrationLine | None
    reliability: list[dict]
    groups: list[Group]
    mixes: list[ClassMix]
    weak_slices: SliceSearch
    shift: ShiftSearch

    def cautions(self) -> list[str]:
        """Why the figures may mislead, or cannot be computed, one sentence each."""
        drawn = [
            Sentence("SYNTHETIC images: these figures say nothing about real X-rays.")
        ] * self.readings.synthetic
        if self.predictions is None:
            return [
                *drawn,
                Sentence("No image has a result, so nothing can be measured. The counts say why."),
            ]
        labels = self.predictions.labels
        sentences = [self._one_class(), too_few(labels, self.predictions.patients), self._chance()]
        if self.calibration is None and not sentences[0]:
            sentences.append(
                Sentence("Calibration has no slope here: too few images, or the classes are separated.")
            )
        withheld = sum(self.counts.withheld.values())
        if withheld > self.counts.results:
            sentences.append(
                Sentence(
                    "The model withholds {withheld:,} results and gives {results:,}: it cannot judge most of "
                    "these images.",
                    withheld=withheld,
                    results=self.counts.results,
                )
            )
        sentences += [
            self.readings.age_warning,
            self._own_threshold(),
            self._own_temperature(),
            self._own_zones(),
            self._warned(),
            self._unknown_patients(),
            *(mix.sentence() for mix in self.mixes),
        ]
        return [*drawn, *filter(None, sentences)]

    @property
    def zone_outcome(self) -> ZoneOutcome | None:
        """What the model's own zones gave; None if it has none, or without results."""
        if self.readings.zones is None or self.predictions is None:
            return None
        of = self.predictions
        return zone_outcome(self.readings.zones, of.labels, of.probabilities, of.patients)

    def named(self, model: str) -> "SiteMeasurement":
        """The same under another name of the model, to be shown."""
        predictions = replace(self.predictions, name=model) if self.predictions else None
        return replace(self, readings=replace(self.readings, model=model), predictions=predictions)

    def specificities(self) -> dict[float, float]:
        """Those of `core.evaluation.specificities`; none without results of both classes."""
        if self.predictions is None or self.metrics is None or self.metrics["auc"] is None:
            return {}
        return specificities(self.predictions.labels, self.predictions.probabilities)

    def zone_sentences(self) -> list[str]:
        """The same in a sentence; none without zones or results."""
        outcome, zones = self.zone_outcome, self.readings.zones
        if outcome is None or zones is None:
            return []
        return [
            Sentence(
                "By the model's zones (rule out below {low:.1%}, rule in above {high:.1%}): {outcome}.",
                low=zones.low,
                high=zones.high,
                outcome=outcome_words(outcome),
            )
        ]

    def values(self) -> dict:
        """Everything as plain values; nothing in them tells a file or a patient."""
        metrics = self.metrics or {}
        return {
            "name": self.readings.name,
            "synthetic": self.readings.synthetic,
            "model": self.readings.model,
            "threshold": self.readings.threshold,
            "label_source": self.readings.label_source,
            "counts": asdict(self.counts),
            "metrics": {key: metrics.get(key) for key in (*METRICS, "confusion_matrix")},
            "intervals": {key: metrics["intervals"][key] for key in METRICS} if metrics else {},
            "specificities": self.specificities(),
            "calibration": asdict(self.calibration) if self.calibration else None,
            "zones": asdict(self.readings.zones) if self.readings.zones else None,
            "zone_outcome": asdict(outcome) if (outcome := self.zone_outcome) else None,
            "reliability": self.reliability,
            "groups": [asdict(group) for group in self.groups],
            "class_mixes": [asdict(mix) for mix in self.mixes],
            "weak_slices": asdict(self.weak_slices),
            "shifts": self.shift.values(),
            "cautions": self.cautions(),
            "notes": [*self.readings.notes, *self.readings.model_warnings],
            "notice": NOTICE,
        }

    def _chance(self) -> str:
        interval = self.metrics["intervals"]["auc"] if self.metrics else None
        if not interval or interval[0] > CHANCE:
            return ""
        return Sentence(
            "The ROC AUC is not shown to be above 0.5: the model may be no better than chance here."
        )

    def _own_threshold(self) -> str:
        if not self.readings.threshold_from_here:
            return ""
        return Sentence(
            "The decision threshold was found on images of {name}. If they were these, sensitivity "
            "and specificity are too favourable: measure on others.",
            name=self.readings.name,
        )

    def _own_temperature(self) -> str:
        if not self.readings.temperature_from_here:
            return ""
        return Sentence(
            "The probabilities were calibrated on images of {name}. If they were these, Brier score "
            "and calibration are too favourable: measure on others.",
            name=self.readings.name,
        )

    def _own_zones(self) -> str:
        if not self.readings.zones_from_here:
            return ""
        return Sentence(
            "The zones were found on images of {name}. If they were these, what is counted by zone is too "
            "favourable: measure on others.",
            name=self.readings.name,
        )

    def _warned(self) -> str:
        warned, results = self.counts.warned, self.counts.results
        if warned < MANY_WARNED * results:
            return ""
        return Sentence(
            "{warned:,} of {results:,} results carry a warning: Diagnosis shows them as Uncertain. "
            "The rates still count each as above or below the threshold.",
            warned=warned,
            results=results,
        )

    def _unknown_patients(self) -> str:
        unknown = self.counts.without_patient
        if not unknown:
            return ""
        return Sentence(
            "The patient of {unknown:,} of {results:,} results is unknown, and each counts as "
            "another patient. If some are of the same patient, the intervals are too narrow; a table "
            "with a column of patients mends that.",
            unknown=unknown,
            results=self.counts.results,
        )

    def _one_class(self) -> str:
        assert self.predictions is not None
        present = np.unique(self.predictions.labels)
        if len(present) > 1:
            return ""
        name = CLASS_NAMES[present[0]]
        rate = "sensitivity" if name == CLASS_NAMES[1] else "specificity"
        return Sentence(
            "All images with a result are {name}: there is no ROC AUC, only the {rate}.",
            name=name,
            rate=Sentence(rate),
        )


def measure(readings: SiteReadings) -> SiteMeasurement:
    """Measure a model on what it said of local images."""
    counted, counts = counted_images(readings.table)
    shift = find_shifts(counted, readings.training_images)
    results = counted[counted["probability"].notna()]
    if results.empty:
        return SiteMeasurement(readings, counts, None, None, None, [], [], [], SliceSearch(), shift)
    predictions = Predictions.of(readings.model, results.assign(path=results["sha256"]))
    labels, probabilities, patients = predictions.labels, predictions.probabilities, predictions.patients
    return SiteMeasurement(
        readings,
        counts,
        predictions,
        metrics_by_patient(predictions, readings.threshold),
        None if too_few(labels, patients) else calibration_line(labels, probabilities, patients),
        reliability(labels, probabilities),
        group_rates(predictions, readings.threshold, readings.groups),
        class_mixes(predictions, readings.groups),
        find_weak_slices(predictions, readings.threshold, readings.groups),
        shift,
    )


def metric_texts(metrics: dict) -> dict[str, str]:
    """The metrics to show, with their intervals, by title."""
    return {
        METRICS[key].title: METRICS[key].text(metrics[key], metrics["intervals"][key])
        for key in SHOWN_METRICS
    }


def metrics_by_patient(predictions: Predictions, threshold: float) -> dict:
    """Metrics as of `core.evaluation.evaluate_with_intervals`, with intervals of the rates by patient."""
    metrics = evaluate_with_intervals(predictions, threshold)
    correct = ~predictions.wrong_at(threshold)
    positive = predictions.labels == 1
    for rate, of_class in (
        ("sensitivity", positive),
        ("specificity", ~positive),
        ("accuracy", np.ones_like(positive)),
    ):
        metrics["intervals"][rate] = wilson_by_patient(correct[of_class], predictions.patients[of_class])
    return metrics
