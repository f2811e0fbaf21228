"""A weights file made elsewhere, as a run: so it can be measured, compared and downloaded like one."""

import re
import time
from pathlib import Path

from core.config import STAGES, TrainingSettings
from core.errors import UserError
from core.runs.run import Run, create_run
from core.weights import ModelRecord, file_digest, read_model, write_model

SCALINGS = ("imagenet", "unit")


def import_weights(
    file: Path, stage: int, scaling: str, name: str | None = None, data: str = "", folder: Path | None = None
) -> Run:
    """A finished run that holds the weights of `file`; not measured yet.

    Args:
        file: weights of this architecture, as Keras 2 or 3 saves them.
        stage: 1, 2 or 3: where they belong in the method.
        scaling: `imagenet` or `unit`: which input they were trained on, as in `ModelRecord`.
        name: of the run; None makes one from the file's name.
        data: folder of the data set they will be measured on.
        folder: where runs are kept; None for the usual place.

    Raises:
        UserError: the file is damaged or of another architecture, or the name is taken.
    """
    if scaling not in SCALINGS:
        raise UserError(f"scaling is {scaling!r}; choose from {', '.join(SCALINGS)}.")
    file = Path(file).expanduser()
    arrays, found = read_model(file)
    settings = TrainingSettings(
        data=data, stages=(stage,), weights=str(file.resolve()), preprocessing=found.preprocessing
    )
    run = create_run(settings, name or _name_of(file), folder)
    record = ModelRecord(
        stage=stage,
        run=run.name,
        data=found.data,
        synthetic=found.synthetic,
        starting_weights=found.starting_weights or file.name,
        scaling=scaling,
        preprocessing=found.preprocessing,
        temperature=found.temperature,
    )
    write_model(run.weights_path(stage), arrays, record)
    run.write_facts({"imported": file.name, "sha256": file_digest(file), "scaling": scaling})
    now = time.time()
    sentence = f"Imported from {file.name} as {STAGES[stage].name}."
    run.write_state(state="finished", message=sentence, done=1.0, stage=stage, started=now, ended=now)
    return run


def _name_of(file: Path) -> str:
    stem = file.name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:48] or "imported"
