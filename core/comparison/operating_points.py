"""The operating points at which every comparison starts: each model's own."""

import numpy as np

from core.comparison.evaluated_stage import EvaluatedStage
from core.evaluation import DEFAULT, RULES, OperatingPoint, Predictions, find_point
from core.registry import answering_models
from core.runs import Run
from core.weights import ModelRecord


def own_points(stages: list[EvaluatedStage], validation: dict[str, Predictions]) -> dict[str, OperatingPoint]:
    """Each model's own operating point, by model name.

    It is the threshold saved with the model's weights. Without weights, as for most stages of a packed run,
    the rule of the run's other weights is applied to the stage's own validation images; for an ensemble, the
    rule that all its members share. If there is no such rule, the threshold is one half.

    Args:
        stages: the models but the ensemble.
        validation: predictions for the validation images by model name, the ensemble's included.
    """
    in_use = [model.record for model in answering_models()]
    rules = {stage.name: _rule(stage.run, in_use) for stage in stages}
    records = {stage.name: _record(stage, in_use) for stage in stages}
    shared = _only(set(rules.values()))
    return {
        name: OperatingPoint("own", record.threshold, record.threshold_rule)
        if (record := records.get(name))
        else _found(rules.get(name, shared), predictions)
        for name, predictions in validation.items()
    }


def _rule(run: Run, in_use: list[ModelRecord]) -> str:
    """The rule that found the thresholds of a run's weights; `half` if there is not one rule for all."""
    records = [_record(EvaluatedStage(run, number), in_use) for number in run.settings().stages]
    return _only({RULES.get(record.threshold_rule, "half") for record in records if record})


def _only(rules: set[str]) -> str:
    return next(iter(rules)) if len(rules) == 1 else "half"


def _record(stage: EvaluatedStage, in_use: list[ModelRecord]) -> ModelRecord | None:
    """The record of a stage's weights in use for diagnosis, else in the run's folder; None without any."""
    return next((record for record in in_use if stage.is_network_of(record)), stage.record)


def _found(rule: str, predictions: Predictions) -> OperatingPoint:
    if len(np.unique(predictions.labels)) < 2:
        return DEFAULT
    return find_point(rule, predictions.labels, predictions.probabilities)
