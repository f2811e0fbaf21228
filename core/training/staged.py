"""A whole run: its data, then its stages one after another."""

import platform
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import keras

from core.config import STAGES, TrainingSettings
from core.dataset import open_dataset
from core.errors import UserError
from core.network import build, set_arrays, starting_weights
from core.runs import Plan, Run
from core.training.data import RunData
from core.training.progress import Progress, Stopped
from core.training.stage import train_stage
from core.weights import ModelRecord, read_model


def train_run(run: Run) -> None:
    """Train the stages that the run's settings name, reporting to its folder.

    Raises:
        UserError: data, weights or disk do not allow it.
    """
    settings = run.settings()
    keras.utils.set_random_seed(settings.seed)
    run.write_state(message="Reading the data set")
    dataset = open_dataset(settings.data, _say_decoding(run))
    data = RunData.select(dataset, settings)
    plan = Plan(settings, len(data.training), len(data.validation), len(data.test))
    run.write_facts(_facts(dataset, data))
    progress = Progress(run, plan)
    reached = plan.extraction()
    network = build(settings.seed)  # one for all stages: three would take three times the memory
    try:
        for number in settings.stages:
            origin = _start(network, run, settings, number)
            record = ModelRecord(
                stage=number,
                run=run.name,
                data=dataset.root.name,
                synthetic=dataset.synthetic,
                starting_weights=origin,
                preset=settings.preset,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            train_stage(STAGES[number], network, record, data, run, progress)
            reached += plan.stage(number)
            progress.reach(reached)
    except Stopped:
        _end(run, "stopped", "Stopped on request; finished stages and best weights are kept.")
    else:
        _end(run, "finished", "Finished.", done=1.0)


def _start(network: keras.Model, run: Run, settings: TrainingSettings, number: int) -> str:
    """Give the network the weights that a stage starts from; returns what stage 1 started from."""
    earlier = STAGES[number].starts_from
    if earlier is None:
        run.write_state(message="Loading the starting weights")
        set_arrays(network, starting_weights(settings.weights))
        return Path(settings.weights).name
    path = run.weights_path(earlier)
    if earlier not in settings.stages:
        path = run.model_folder() / STAGES[earlier].file
        if not path.exists():
            raise UserError(
                f"Stage {number} starts from {STAGES[earlier].name}, and there is no {path}. "
                f"Train stage {earlier} first, or both in one run."
            )
    arrays, record = read_model(path)
    set_arrays(network, arrays)
    return record.starting_weights


def _say_decoding(run: Run):
    def say(done: int, total: int) -> None:
        run.write_state(message=f"Decoding images: {done:,} of {total:,}")

    return say


def _facts(dataset, data: RunData) -> dict:
    return {
        "data": dataset.root.name,
        "synthetic": dataset.synthetic,
        "fingerprint": dataset.fingerprint,
        "training": len(data.training),
        "validation": len(data.validation),
        "test": len(data.test),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _end(run: Run, state: str, sentence: str, **more) -> None:
    run.write_state(
        state=state,
        message=sentence,
        ended=time.time(),
        seconds_left=None,
        images_per_second=None,
        peak_memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        **more,
    )
