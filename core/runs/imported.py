"""Importing a weights file from elsewhere as a run, to evaluate, compare and download it like any other."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.architecture import VGG19
from core.config import STAGES, TrainingSettings
from core.errors import UserError
from core.roles import Role, takes
from core.runs.create import create_run
from core.runs.folder import Run
from core.sentence import Sentence
from core.weights import ModelRecord, file_digest, read_foreign_model, write_model

SCALINGS = ("imagenet", "unit")
NOT_COMPARED = Sentence(
    "Only the shapes of the weights could be compared with the model here, not activations, strides and the "
    "order of layers. Compare some results with those in Keras, or import the whole model (model.save)."
)


@takes(Role.TRAINER)
def import_weights(
    file: Path, stage: int, scaling: str, name: str | None = None, data: str = "", folder: Path | None = None
) -> Run:
    """Create a finished run with the weights of `file`; it is not evaluated yet.

    Args:
        file: weights of one of our backbones with its head, as Keras 2 or 3 saves them.
        stage: 1, 2 or 3: which stage of the method the weights are of.
        scaling: the input scaling they were trained with, as in `ModelRecord`: `imagenet` or `unit` for
            VGG19, for another backbone its own.
        name: of the run; None derives one from the file's name.
        data: folder of the data set for evaluation.
        folder: where runs are kept; None for the default folder.

    Raises:
        UserError: the file is damaged or of another architecture, or the name is taken.
    """
    file = Path(file).expanduser()
    arrays, source, foreign = read_foreign_model(file)
    scalings = SCALINGS if source.backbone == VGG19.name else (source.architecture.scaling,)
    if scaling not in scalings:
        raise UserError(
            Sentence(
                "scaling is {scaling!r}; choose from {choices}.", scaling=scaling, choices=", ".join(scalings)
            )
        )
    if foreign.scaling and foreign.scaling != scaling:
        raise UserError(
            Sentence(
                "{name} scales its input itself as for {scaling!r}, but the scaling given is "
                "{given!r}. Import it with --scaling {scaling}.",
                name=file.name,
                scaling=foreign.scaling,
                given=scaling,
            )
        )
    settings = TrainingSettings(
        data=data,
        stages=(stage,),
        weights=str(file.resolve()),
        preprocessing=source.preprocessing,
        framing=source.framing,
        lung_margin=source.lung_margin,
        backbone=source.backbone,
        width=source.width,
    )
    run = create_run(settings, name or _name_of(file), folder)
    record = ModelRecord(
        stage=stage,
        run=run.name,
        data=source.data,
        synthetic=source.synthetic,
        backbone=source.backbone,
        width=source.width,
        starting_weights=source.starting_weights or file.name,
        scaling=scaling,
        preprocessing=source.preprocessing,
        framing=source.framing,
        lung_margin=source.lung_margin,
        lung_network=source.lung_network,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        temperature=source.temperature,
    )
    with removed_on_failure(run):
        write_model(run.weights_path(stage), arrays, record)
        run.write_facts({"imported": file.name, "sha256": file_digest(file), "scaling": scaling})
        now = time.time()
        if not foreign.compared and not source.run:
            run.add_status_note(NOT_COMPARED)
        message = Sentence("Imported from {file} as {model}.", file=file.name, model=STAGES[stage].name)
        run.write_state(state="finished", message=message, done=1.0, stage=stage, started=now, ended=now)
    return run


@contextmanager
def removed_on_failure(run: Run) -> Iterator[None]:
    """Remove a new run if the block fails, so that its name is free again."""
    try:
        yield
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise


def _name_of(file: Path) -> str:
    stem = file.name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:48] or "imported"
