"""Models side by side on the same images."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from core.comparison.evaluated_stage import EvaluatedStage, labelled, shortly_named
from core.comparison.operating_points import own_points
from core.dataset import SHORTCUT_TITLES, current_labels
from core.evaluation import (
    OperatingPoint,
    Predictions,
    calibrated,
    ensemble,
    on_common_images,
    reliability,
    too_few,
)
from core.sentence import Sentence

ENSEMBLE_NAME = "Ensemble"


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Models, their predictions and their operating points.

    Attributes:
        stages: where the models come from.
        split: `test` or `validation`.
        models: predictions for the images of the split, one of each stage; an ensemble's last, if wanted.
        validation: predictions for the validation images by model name; thresholds and temperatures are
            found on them.
        baselines: predictions of the first run's shortcut baselines for the same images.
        points: operating points by model name.
        cohort: name of the cohort, if not all images of the split are compared.
        labels: how the labels differ from those published, in a sentence; "" for the published ones.
        left_out: how many validation images are not those of all models, in a sentence; "" if none. Of test
            images, it is about those on which the ensemble's threshold is found.
    """

    stages: list[EvaluatedStage]
    split: str
    models: list[Predictions]
    validation: dict[str, Predictions]
    baselines: list[Predictions]
    points: dict[str, OperatingPoint]
    cohort: str = ""
    labels: str = ""
    left_out: str = ""

    @classmethod
    def of(
        cls,
        stages: list[EvaluatedStage],
        split: str,
        cohort: tuple[str, frozenset[str]] | None = None,
        with_ensemble: bool = False,
        reviewed: bool = False,
    ) -> "ModelComparison":
        """Read the predictions of the stages; each model starts at its own operating point.

        Args:
            stages: the models to compare.
            split: `test` or `validation`.
            cohort: name, and SHA-256 of the only images to use.
            with_ensemble: whether to add an ensemble, the mean of the calibrated log-odds.
            reviewed: whether to use the labels as readers reviewed them last instead of those published.

        Raises:
            UserError: a stage was not evaluated on the split, or an ensemble is wanted of stages that were
                tested on different images, or validated on images of which both classes are not common.
        """
        name, images = cohort or ("", None)
        models = [stage.predictions(split, images, reviewed) for stage in stages]
        validation = {stage.name: stage.predictions("validation", None, reviewed) for stage in stages}
        labels = _review_sentence(stages[0].predictions(split, images), models[0]) if reviewed else ""
        models, left_out = _on_common_validation(models) if split == "validation" else (models, "")
        if with_ensemble and len(models) > 1:
            fitted = list(validation.values())
            models.append(ensemble(ENSEMBLE_NAME, models, fitted))
            common, left_out_of_ensemble = _on_common_validation(fitted)
            validation[ENSEMBLE_NAME] = ensemble(ENSEMBLE_NAME, common, fitted)
            left_out = left_out or left_out_of_ensemble
        baselines = _baselines(stages[0], models[0], split, reviewed)
        points = own_points(stages, validation)
        return cls(stages, split, models, validation, baselines, points, name, labels, left_out)

    def at(self, points: dict[str, OperatingPoint]) -> "ModelComparison":
        """The same comparison at other operating points."""
        return replace(self, points=points)

    def shortly_named(self) -> "ModelComparison":
        """The same comparison, its models named by what tells them apart."""
        return self._renamed(shortly_named(self.stages))

    def named_in_full(self) -> "ModelComparison":
        """The same comparison, its models named by stage and run."""
        return self._renamed([replace(stage, short_name="") for stage in self.stages])

    @property
    def short_names(self) -> dict[str, str]:
        """What tells each model apart, by its present name."""
        return _new_names(self.stages, shortly_named(self.stages))

    def _renamed(self, stages: list[EvaluatedStage]) -> "ModelComparison":
        names = _new_names(self.stages, stages)
        return replace(
            self,
            stages=stages,
            models=[replace(model, name=names.get(model.name, model.name)) for model in self.models],
            validation={
                names.get(name, name): replace(model, name=names.get(name, name))
                for name, model in self.validation.items()
            },
            points={names.get(name, name): point for name, point in self.points.items()},
        )

    @property
    def shared(self) -> str:
        """What short names leave out, in a sentence; "" if nothing."""
        if not any(stage.short_name for stage in self.stages):
            return ""
        first = self.stages[0]
        if first.short_name == first.label:
            if len(self.stages) > 1:
                return Sentence("All of run {run}.", run=first.run.name)
            return Sentence("Of run {run}.", run=first.run.name)
        return Sentence("{stage} of each run.", stage=first.label)

    @property
    def thresholds(self) -> dict[str, float]:
        """Decision thresholds by model name."""
        return {name: point.threshold for name, point in self.points.items()}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what a report on it holds: images, labels, predictions, operating points, occlusion."""
        digest = hashlib.sha256(repr((self.split, self.cohort, self.notes, self.points)).encode())
        for model in [*self.models, *self.validation.values(), *self.baselines]:
            digest.update(model.name.encode() + _row_hashes(model.table[["path", "label", "probability"]]))
        for stage in self.stages:
            if saved := stage.run.results.occlusion_test(stage.number, self.split):
                digest.update(stage.name.encode() + _row_hashes(saved[0]))
        return digest.hexdigest()

    def reliability(self, temperatures: Mapping[str, float] | pd.Series) -> dict[str, list[dict]]:
        """Bins of the reliability diagram by model name, after temperature scaling."""
        return {
            model.name: reliability(model.labels, calibrated(model.probabilities, temperatures[model.name]))
            for model in self.models
        }

    def histories(self) -> dict[str, pd.DataFrame]:
        """Training history by epoch and model name; stages without a history are left out."""
        histories = {}
        for stage in self.stages:
            epochs = stage.run.epochs()
            of_stage = epochs[epochs["stage"] == stage.number]
            if len(of_stage):
                histories[stage.name] = of_stage
        return histories

    @property
    def notes(self) -> list[str]:
        """Reviewed labels, images left out, small samples, and what runs note, such as optimistic metrics."""
        runs = {stage.run.name: stage.run for stage in self.stages}
        notes = [f"{name}: {note}" for name, run in runs.items() for note in run.status().notes]
        return [*filter(None, [self.labels, self.left_out]), *self.small_samples, *notes]

    @property
    def small_samples(self) -> list[str]:
        """A sentence for the compared and the validation images if too few patients are among them."""
        sentences = []
        compared = self.models[0]
        if few := too_few(compared.labels, compared.patients):
            sentences.append(f"The {self.split} images are too few. {few}")
        for name, model in self.validation.items():
            if few := too_few(model.labels, model.patients):
                sentences.append(f"{name}: threshold and temperature are from too few images. {few}")
        return sentences

    @property
    def synthetic(self) -> bool:
        """Whether any of the models was trained on synthetic images."""
        return any(stage.run.facts().get("synthetic") for stage in self.stages)


def _new_names(before: list[EvaluatedStage], after: list[EvaluatedStage]) -> dict[str, str]:
    return {old.name: new.name for old, new in zip(before, after, strict=True)}


def _row_hashes(table: pd.DataFrame) -> bytes:
    return pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()


def _review_sentence(published: Predictions, reviewed: Predictions) -> str:
    """How reviewed labels differ from the published ones of the same split."""
    current = current_labels(published.table)
    before = published.table.set_index("path")["label"]
    changed = int((reviewed.table["label"].to_numpy() != before[reviewed.table["path"]].to_numpy()).sum())
    left_out = len(published) - len(reviewed)
    version = f"version {current.version}" if current.version else "no reviews yet"
    images = "1 image" if left_out == 1 else f"{left_out} images"
    return f"Labels as readers reviewed them ({version}): {changed} changed, {images} left out."


def _on_common_validation(models: list[Predictions]) -> tuple[list[Predictions], str]:
    """The models on the images that all validated on, and a sentence about the others.

    Runs leave out of validation what was excluded by the reviews that each began with.
    """
    common = on_common_images(models)
    if common is models:
        return models, ""
    count = len({path for model in models for path in model.table["path"]} - set(common[0].table["path"]))
    images = "1 validation image is" if count == 1 else f"{count} validation images are"
    return common, f"{images} left out: not all runs validated on them." if count else ""


def _baselines(stage: EvaluatedStage, model: Predictions, split: str, reviewed: bool) -> list[Predictions]:
    """Shortcut baselines of a stage's run for the images of a model."""
    baselines = []
    for view, table in stage.run.results.baselines(split).items():
        table = labelled(table, reviewed)
        selected = table[table["path"].isin(model.table["path"])]
        baselines.append(Predictions.of(f"Shortcut baseline: {SHORTCUT_TITLES.get(view, view)}", selected))
    return baselines
