"""Training by both ways, alternating: images per second of each stage, seconds of complete runs, memory.

A complete run at the method's settings takes the notebook way hours. Its duration is therefore computed from
what was measured: epochs x images / (images per second) and nothing else, which favours the notebook. Ours is
computed from everything that a run of this project does: start, extraction, steps, validation, saving.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.effort import Effort
from benchmarks.notebook_way import NotebookWay
from benchmarks.studio_way import TrainedRun, train
from benchmarks.worker import Worker
from core.config import STAGES, TrainingSettings, preset
from core.runs import WorkEstimate

OTHER_RATE = 2e-4  # learning rate of the repeated runs of stage 1, which reuse the cached activations


@dataclass(frozen=True)
class Training:
    """Speed and memory of both ways.

    Attributes:
        notebook, studio: images per second by stage, medians.
        notebook_run, studio_run: seconds of a complete run at the method's settings, stages 1 and 2.
        again: seconds of a second run of stage 1 with another learning rate.
        notebook_memory: peak memory after all stages, in bytes.
        studio_memory: peak memory by stage, in bytes.
        precision: of our convolutions.
        models: folder of the weights that our runs published.
        notebook_model: file of the notebook's model.
    """

    notebook: dict[int, float]
    studio: dict[int, float]
    notebook_run: dict[int, float]
    studio_run: dict[int, float]
    again: float
    notebook_memory: int
    studio_memory: dict[int, int]
    precision: str
    models: Path
    notebook_model: Path


def measure(folder: Path, complete: WorkEstimate, effort: Effort, scratch: Path) -> Training:
    """Train both ways, alternating.

    Args:
        folder: data set to train on.
        complete: the run at the method's settings whose duration is computed.
        effort: how much to measure.
        scratch: folder for runs, weights and cached activations.
    """
    settings = replace(complete.settings, data=str(folder), width=effort.width)
    settings = replace(settings, views=effort.views, epochs=effort.epochs)
    runs: dict[int, list[TrainedRun]] = {stage: [] for stage in STAGES}
    notebook_speeds: dict[int, list[float]] = {stage: [] for stage in STAGES}
    models = scratch / "model_weights"
    with closing(Worker(NotebookWay, folder, scratch, effort.batch)) as notebook:
        first = train(_stage_settings(settings, 1, effort), scratch, models)  # caches the activations
        for _ in range(effort.repeats):
            for stage in STAGES:
                notebook_speeds[stage].append(notebook("train", stage, effort.steps))
                changes = {"learning_rate": OTHER_RATE} if stage == 1 else {}
                stage_settings = replace(_stage_settings(settings, stage, effort), **changes)
                runs[stage].append(train(stage_settings, scratch, models))
        notebook_model, notebook_memory = notebook("save"), notebook.peak_memory()
    notebook_speed = {stage: median(speeds) for stage, speeds in notebook_speeds.items()}
    extraction = max(0.0, first.seconds - median(run.seconds for run in runs[1])) / first.extracted
    images = complete.training * complete.settings.epochs
    return Training(
        notebook=notebook_speed,
        studio={
            stage: median(run.images_per_second[stage] for run in repeats) for stage, repeats in runs.items()
        },
        notebook_run={stage: images / notebook_speed[stage] for stage in (1, 2)},
        studio_run={
            stage: _run_seconds(runs[stage], complete, stage) + extraction * complete.extracted_images()
            for stage in (1, 2)
        },
        again=_run_seconds(runs[1], complete, 1),
        notebook_memory=notebook_memory,
        studio_memory={stage: max(run.peak_memory for run in repeats) for stage, repeats in runs.items()},
        precision=first.precision,
        models=models,
        notebook_model=notebook_model,
    )


def complete_run(data: Path, weights: str, training: int, validation: int, test: int) -> WorkEstimate:
    """Stages 1 and 2 at the method's settings on a complete data set.

    Args:
        data: folder of the set.
        weights: starting weights, as in `TrainingSettings`.
        training, validation, test: numbers of images.
    """
    settings = preset("seed").settings(data=str(data), weights=weights, stages=(1, 2))
    return WorkEstimate(settings, training, validation, test)


def _stage_settings(settings: TrainingSettings, stage: int, effort: Effort) -> TrainingSettings:
    if stage == 3:
        return replace(settings, stages=(3,), epochs=1, steps=(None, None, 2 * effort.steps))
    return replace(settings, stages=(stage,))


def _run_seconds(runs: list[TrainedRun], complete: WorkEstimate, stage: int) -> float:
    """Seconds of a run at the method's settings whose activations are already cached.

    What happens once (start, evaluation) and once per epoch (validation, saving) counts as measured; the
    steps are scaled to the number of images.
    """
    once = median(run.seconds - run.epochs_seconds for run in runs)
    epoch = complete.training / median(run.images_per_second[stage] for run in runs)
    epoch += median(run.epoch_overhead for run in runs)
    return once + complete.settings.epochs * epoch
