"""Bundled runs: part of the repository, so that a fresh clone can diagnose and compare."""

import shutil
from dataclasses import replace
from pathlib import Path

from core import atomic, config
from core.errors import UserError
from core.runs.create import list_runs
from core.runs.folder import Run
from core.sentence import Sentence
from core.weights import read_unpacked_model, write_packed

COPIED = ("epochs.csv", "steps.csv", "evaluation.json", "facts.json", "state.json", "note.txt")


def bundled_runs() -> list[Run]:
    """The runs that are part of the repository."""
    return list_runs(config.bundled_folder())


def all_runs() -> list[Run]:
    """The runs here, the newest first, then the bundled ones; without those whose name one here has."""
    own = list_runs()
    names = {run.name for run in own}
    return [*own, *(run for run in bundled_runs() if run.name not in names)]


def pack(run: Run, stage: int, folder: Path | None = None, changes: dict | None = None) -> Run:
    """Write a finished run for bundling: history, evaluation, predictions, and the weights of one stage.

    Paths of this computer are left out. A packed run of the same name is replaced.

    Args:
        run: finished.
        stage: its weights are packed, with its reference of the training images.
        folder: where to write; None for the folder of bundled runs.
        changes: to the model's record, such as its threshold.

    Raises:
        UserError: the run is not finished, lacks that stage or is packed, or the folder cannot be written.
    """
    if run.status().state != "finished" or str(stage) not in run.results.evaluation():
        raise UserError(
            Sentence(
                "{name} is {state} and has no finished stage {stage} to pack.",
                name=run.name,
                state=run.status().state,
                stage=stage,
            )
        )
    folder = Path(folder or config.bundled_folder())
    target = folder / run.name
    try:
        with atomic.new_folder(target) as unfinished:
            packed = Run(unfinished)
            (packed.path / "weights").mkdir()
            _copy_record(run, packed)
            arrays, record = read_unpacked_model(run.weights_path(stage))
            write_packed(packed.weights_path(stage), arrays, replace(record, **(changes or {})))
            if run.reference_path(stage).exists():
                packed.reference_path(stage).parent.mkdir()
                shutil.copyfile(run.reference_path(stage), packed.reference_path(stage))
            shutil.rmtree(target, ignore_errors=True)
    except OSError as error:
        raise UserError(
            Sentence("{folder} cannot be written: {reason}.", folder=folder, reason=error.strerror)
        ) from error
    return Run(target)


def _copy_record(run: Run, packed: Run) -> None:
    """Copy settings without paths, history, metrics and predictions."""
    settings = run.settings()
    portable = replace(settings, data=Path(settings.data).name, weights=Path(settings.weights).name)
    content = {"training": portable.to_json(), "model_folder": packed.path.parent.name}
    atomic.write_json(packed.path / "settings.json", content)
    for name in COPIED:
        if (run.path / name).exists():
            shutil.copyfile(run.path / name, packed.path / name)
    (packed.path / "predictions").mkdir()
    for path in (run.path / "predictions").glob("*.csv"):
        if not path.name.startswith("second_look"):  # occlusion tests need their large arrays, not packed
            shutil.copyfile(path, packed.path / "predictions" / path.name)
