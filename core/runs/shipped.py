"""Runs that come with the project, so that a fresh clone can answer and compare: a record, a packed model."""

import shutil
from dataclasses import replace
from pathlib import Path

from core import atomic, config
from core.errors import UserError
from core.runs.run import Run, list_runs
from core.weights import read_model, write_packed

RECORD = ("epochs.csv", "steps.csv", "evaluation.json", "facts.json", "state.json", "note.txt")


def shipped_runs() -> list[Run]:
    """The runs that come with the project."""
    return list_runs(config.shipped_folder())


def pack(run: Run, stage: int, folder: Path | None = None, changes: dict | None = None) -> Run:
    """Keep what others need of a finished run: history, evaluation, predictions, and one stage's weights.

    Paths of this computer are left out. A run of the same name that was packed before is replaced.

    Args:
        run: finished.
        stage: whose weights, in eight bits each, and training films go with it.
        folder: where to; None for the place from which the app takes it.
        changes: of the model's record, such as its threshold.

    Raises:
        UserError: the run is not finished or lacks that stage, or the folder cannot be written.
    """
    if run.status().state != "finished" or str(stage) not in run.evaluation():
        raise UserError(f"{run.name} is {run.status().state} and has no finished stage {stage} to pack.")
    folder = Path(folder or config.shipped_folder())
    target = folder / run.name
    try:
        with atomic.new_folder(target) as unfinished:
            packed = Run(unfinished)
            (packed.path / "weights").mkdir()
            _write_record(run, packed)
            arrays, record = read_model(run.weights_path(stage))
            write_packed(packed.weights_path(stage), arrays, replace(record, **(changes or {})))
            if run.reference_path(stage).exists():
                packed.reference_path(stage).parent.mkdir()
                shutil.copyfile(run.reference_path(stage), packed.reference_path(stage))
            shutil.rmtree(target, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}.") from error
    return Run(target)


def _write_record(run: Run, packed: Run) -> None:
    settings = run.settings()
    plain = replace(settings, data=Path(settings.data).name, weights=Path(settings.weights).name)
    atomic.write_json(
        packed.path / "settings.json", {"training": plain.to_json(), "model_folder": packed.path.parent.name}
    )
    for name in RECORD:
        if (run.path / name).exists():
            shutil.copyfile(run.path / name, packed.path / name)
    (packed.path / "predictions").mkdir()
    for path in (run.path / "predictions").glob("*.csv"):
        if not path.name.startswith("second_look"):  # useless without the large arrays beside it
            shutil.copyfile(path, packed.path / "predictions" / path.name)
