"""The models that can read images: weights files with their records."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import config
from core.architecture import VGG19
from core.config import PUBLISHED_STAGES, STAGES, THRESHOLD, Stage
from core.evaluation import percent, wilson
from core.inference.identity import ModelIdentity, identity_of, model_warnings
from core.inference.prediction import shown_threshold, shown_zones
from core.runs import bundled_runs
from core.sentence import Sentence, joined, template
from core.weights import ModelRecord, WeightsError, read_record

NOT_EVALUATED = Sentence("Not evaluated on test images.")
TARGET_RULE = re.compile(r"^(sensitivity|specificity) of at least (\d+(?:\.\d+)?)% on validation$")
TARGETS = {
    "sensitivity": template("set for ≥ {rate}% sensitivity on validation"),
    "specificity": template("set for ≥ {rate}% specificity on validation"),
}


@dataclass(frozen=True)
class AvailableModel:
    """A stage's weights file.

    Attributes:
        stage: of its backbone.
        path: of the weights file.
        record: its provenance and metrics.
        bundled: whether it is part of the repository.
        notices: what every answer must say of it, such as that it stands in for another; one sentence each.
    """

    stage: Stage
    path: Path
    record: ModelRecord
    bundled: bool = False
    notices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line for people: stage, run or members, other backbone, whether trained on synthetic data."""
        if self.bundled:
            return Sentence("Bundled model · stage {stage}", stage=self.stage.number)
        parts: list[str] = [self._stage_of_run()]
        if self.backbones != VGG19.title:
            parts.append(self.backbones)
        if self.record.synthetic:
            parts.append(Sentence("SYNTHETIC data"))
        return joined(parts, ", ")

    def _stage_of_run(self) -> Sentence:
        number = self.stage.number
        if self.record.members:
            return Sentence("Ensemble · {members}", members=self.origin)
        if self.record.run:
            return Sentence("Stage {number} · {run}", number=number, run=self.record.run)
        return Sentence("Stage {number} · unknown origin", number=number)

    @property
    def origin(self) -> str:
        """The run that trained it, or the members of an ensemble."""
        if self.record.members:
            return ", ".join(member.title for member in self.record.members)
        return f"run {self.record.run}" if self.record.run else "unknown origin"

    @property
    def runs(self) -> list[str]:
        """Names of the runs that trained it, as far as they are known."""
        members = [member.name.rpartition("/")[0] for member in self.record.members]
        return [name for name in (self.record.run, *dict.fromkeys(members)) if name]

    @property
    def backbones(self) -> str:
        """Title of its backbone, or of those of its members."""
        titles = dict.fromkeys(member.backbone for member in self.record.members)
        return ", ".join(titles) or self.record.architecture.title

    @property
    def method(self) -> str:
        """How it computes its answers, in a few words."""
        network = f"{self.backbones}, staged fine-tuning"
        count = len(self.record.members)
        return f"mean of {count} models: {network}" if count else network

    @property
    def provenance(self) -> str:
        """The title with the run, for objects that leave this computer."""
        return f"{self.title} · run {self.record.run}" if self.bundled else self.title

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and digest of the model; raises OSError if its file is gone."""
        return identity_of(self.path, self.record)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every answer of the model must say of it, one sentence each."""
        return model_warnings(self.identity, self.record, self.notices)

    @property
    def key(self) -> str:
        """How programs name it: the stage's number, after the name of a backbone other than VGG19."""
        other = self.record.backbone != VGG19.name
        return f"{self.record.backbone}-{self.stage.number}" if other else str(self.stage.number)

    def threshold_and_test_sentences(self) -> Sentence:
        """The decision threshold and its rule; then the test result, with its threshold if it is another."""
        rates = self._test_rates()
        if not rates or self._test_threshold() != self.record.threshold:
            return joined([self.threshold_sentence(), self.test_result_sentence()], " ")
        result = Sentence(
            "On {count} test images: sensitivity {sensitivity}, specificity {specificity}.",
            count=self._test()["n"],
            sensitivity=rates[0],
            specificity=rates[1],
        )
        return joined([self.threshold_sentence(), result], " ")

    def test_result_sentence(self) -> str:
        """Sensitivity and specificity on the test images with 95% intervals, in a sentence."""
        if not (rates := self._test_rates()):
            return NOT_EVALUATED
        test = self._test()
        threshold = shown_threshold(self.record, self._test_threshold())
        sensitivity, specificity = rates
        return Sentence(
            "On {count} test images at a decision threshold of {threshold:.1%}: sensitivity {sensitivity}, "
            "specificity {specificity}.",
            count=test["n"],
            threshold=threshold,
            sensitivity=sensitivity,
            specificity=specificity,
        )

    def plain_test_sentence(self) -> str:
        """The same for a clinician: how good the model was, and on whom."""
        if not (rates := self._test_rates()):
            return NOT_EVALUATED
        if self._test_threshold() != self.record.threshold:
            return Sentence(
                "{result} The decision threshold has been changed since.", result=self.test_result_sentence()
            )
        images = (
            Sentence(
                "{count} test images of {data}, the data set it was trained on",
                count=self._test()["n"],
                data=self.record.data,
            )
            if self.record.data
            else Sentence("{count} test images", count=self._test()["n"])
        )
        return Sentence(
            "On {images}, the model saw pneumonia in {sensitivity} of those that show it, and none in "
            "{specificity} of the others. Elsewhere it may do worse.",
            images=images,
            sensitivity=rates[0],
            specificity=rates[1],
        )

    def _test(self) -> dict[str, Any]:
        return (self.record.evaluation or {}).get("test") or {}

    def _test_threshold(self) -> float:
        return float(self._test().get("threshold", THRESHOLD))

    def _test_rates(self) -> tuple[str, str] | None:
        """Sensitivity and specificity on the test images with 95% intervals; None without both classes."""
        matrix = self._test().get("confusion_matrix")
        if not matrix or not all(map(sum, matrix)):
            return None
        (tn, fp), (fn, tp) = matrix
        return _rate(tp, tp + fn), _rate(tn, tn + fp)

    @property
    def threshold(self) -> float:
        """The calibrated probability from which it predicts pneumonia."""
        return shown_threshold(self.record)

    def threshold_sentence(self) -> str:
        """The calibrated decision threshold and how it was chosen; then its zones, if it has some."""
        match = TARGET_RULE.match(self.record.threshold_rule)
        rule = Sentence(TARGETS[match[1]], rate=match[2]) if match else self.record.threshold_rule
        threshold = Sentence(
            "Decision threshold {threshold:.1%} ({rule}).", threshold=self.threshold, rule=rule
        )
        return joined([threshold, *self._zones()], " ")

    def _zones(self) -> list[Sentence]:
        """Its calibrated zones, how they were found and what they promise there, in a sentence."""
        zones = shown_zones(self.record)
        if zones is None or self.record.zones is None:
            return []
        return [
            Sentence(
                "Undecided from {low} to {high} (zones found {rule}, to rule out at most {missed:.3g}% of "
                "images with pneumonia and rule in at most {false_alarms:.3g}% of the others).",
                low=percent(zones.low),
                high=percent(zones.high),
                rule=self.record.zones["rule"],
                missed=100 * zones.miss_rate,
                false_alarms=100 * zones.false_alarm_rate,
            )
        ]

    def calibration_sentence(self) -> str:
        """Whether the shown probability is calibrated, in a sentence."""
        if self.record.members and not self.record.temperature_rule:
            return Sentence(
                "The members' probabilities are calibrated on validation and averaged as log-odds."
            )
        if self.record.operating_points or self.record.temperature_rule:  # found together on validation
            return Sentence(
                "Probabilities are calibrated {rule} (temperature {temperature:.2f}).",
                rule=self.record.temperature_rule or Sentence("on validation"),
                temperature=self.record.temperature,
            )
        return Sentence("Probabilities are not calibrated.")


def _rate(count: int, total: int) -> str:
    interval = wilson(count, total)
    assert interval is not None  # there are images
    low, high = interval
    return Sentence("{rate:.0%} ({low:.0%} to {high:.0%})", rate=count / total, low=low, high=high)


def published_models(folder: Path | None = None) -> list[AvailableModel]:
    """The readable models that training has published, by stage; VGG19's last.

    Args:
        folder: with the weights files; the configured one if not given.
    """
    folder = Path(folder or config.model_folder())
    return _readable([(stage, stage.path_in(folder)) for stage in PUBLISHED_STAGES])


def bundled_models() -> list[AvailableModel]:
    """The bundled models, by stage."""
    files = [(STAGES[stage], run.weights_path(stage)) for run in bundled_runs() for stage in STAGES]
    return _readable(files, bundled=True)


def _readable(files: list[tuple[Stage, Path]], bundled: bool = False) -> list[AvailableModel]:
    models = []
    for stage, path in files:
        try:
            models.append(AvailableModel(stage, path, read_record(path), bundled))
        except WeightsError:
            continue
    return models
