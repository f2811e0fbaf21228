"""Training, both ways in turn: images a second of each stage, seconds of whole runs, memory.

A whole run at the method's settings takes the notebook way hours. Its seconds are therefore
composed of what was measured: epochs x images / (images a second), nothing else, which favours it. Ours are
composed of everything that a run of this project does: start, extraction, steps, validation, saving.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.effort import Effort
from benchmarks.notebook_way import NotebookWay
from benchmarks.studio_way import Trained, train
from benchmarks.worker import Worker
from core.config import STAGES, TrainingSettings, preset
from core.runs import Plan

EPOCHS_TO_LEARN = 6
OTHER_RATE = 2e-4  # the head setting in which the second run of stage 1 differs


@dataclass(frozen=True)
class Training:
    """What both ways took; by stage where it says so.

    Attributes:
        notebook, studio: images a second by stage, medians.
        notebook_run, studio_run: seconds of a whole run of stages 1 and 2 at the method's settings.
        again: seconds of a second run of stage 1 with another head setting.
        notebook_memory: peak bytes after all stages.
        studio_memory: peak bytes by stage.
        precision: of our convolutions.
        models: folder of the weights that our runs published.
        answering: a weights file that has learnt its films, as a model has that is used for answers.
        notebook_model: the notebook's model as a file.
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
    answering: Path
    notebook_model: Path


def measure(folder: Path, whole: Plan, effort: Effort, scratch: Path) -> Training:
    """Train both ways, in turn.

    Args:
        folder: films to train on.
        whole: the run at the method's settings whose seconds are asked for.
        effort: how long to measure.
        scratch: folder for runs, weights and kept activations.
    """
    settings = replace(whole.settings, data=str(folder), views=effort.views, epochs=effort.epochs)
    runs: dict[int, list[Trained]] = {stage: [] for stage in STAGES}
    theirs: dict[int, list[float]] = {stage: [] for stage in STAGES}
    models, answering = scratch / "model_weights", scratch / "answering"
    with closing(Worker(NotebookWay, folder, scratch)) as notebook:
        first = train(_stage(settings, 1, effort), scratch, models)
        for _ in range(effort.repeats):
            for stage in STAGES:
                theirs[stage].append(notebook("train", stage, effort.steps))
                changes = {"learning_rate": OTHER_RATE} if stage == 1 else {}
                runs[stage].append(
                    train(replace(_stage(settings, stage, effort), **changes), scratch, models)
                )
        learnt = replace(_stage(settings, 1, effort), optimizer="adam", epochs=EPOCHS_TO_LEARN)
        train(learnt, scratch, answering)
        notebook_model, notebook_memory = notebook("save"), notebook.peak_memory()
    notebook_speed = {stage: median(speeds) for stage, speeds in theirs.items()}
    extraction = max(0.0, first.seconds - median(run.seconds for run in runs[1])) / first.extracted
    images = whole.training * whole.settings.epochs
    return Training(
        notebook=notebook_speed,
        studio={
            stage: median(run.images_per_second[stage] for run in found) for stage, found in runs.items()
        },
        notebook_run={stage: images / notebook_speed[stage] for stage in (1, 2)},
        studio_run={
            stage: _run_seconds(runs[stage], whole, stage) + extraction * whole.extracted_images()
            for stage in (1, 2)
        },
        again=_run_seconds(runs[1], whole, 1),
        notebook_memory=notebook_memory,
        studio_memory={stage: max(run.peak_memory for run in found) for stage, found in runs.items()},
        precision=first.precision,
        models=models,
        answering=answering / STAGES[1].file,
        notebook_model=notebook_model,
    )


def whole_run(data: Path, weights: str, training: int, validation: int, test: int) -> Plan:
    """Stages 1 and 2 at the method's settings on a whole set."""
    settings = preset("seed").settings(data=str(data), weights=weights, stages=(1, 2))
    return Plan(settings, training, validation, test)


def _stage(settings: TrainingSettings, stage: int, effort: Effort) -> TrainingSettings:
    if stage == 3:
        return replace(settings, stages=(3,), epochs=1, steps=(None, None, 2 * effort.steps))
    return replace(settings, stages=(stage,))


def _run_seconds(runs: list[Trained], whole: Plan, stage: int) -> float:
    """Seconds of a run at the method's settings whose activations are kept already.

    What is done once (start, evaluation) and once an epoch (validation, saving) as measured, the
    steps by their number.
    """
    once = median(run.seconds - run.epochs_seconds for run in runs)
    epoch = whole.training / median(run.images_per_second[stage] for run in runs)
    epoch += median(run.epoch_overhead for run in runs)
    return once + whole.settings.epochs * epoch
