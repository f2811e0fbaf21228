"""What a weights file says of itself: who trained it, on what, and which input it expects."""

import json
import shutil
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import h5py

from core import atomic
from core.config import THRESHOLD

ATTRIBUTE = "pneumonia_studio"


@dataclass(frozen=True)
class ModelRecord:
    """Provenance of a weights file, kept inside it as one JSON attribute.

    Attributes:
        stage: 1, 2 or 3; 0 when unknown.
        run: name of the run that trained it.
        data: name of the data set.
        synthetic: whether that set was drawn by a program.
        starting_weights: what stage 1 started from.
        scaling: `imagenet` (the first layer turns [0, 1] into BGR, 0..255, mean subtracted) or
            `unit` (the network sees [0, 1]).
        preset: name of the preset.
        precision: in which the convolutions computed while training.
        preprocessing: what was done to all films before the network saw them (`core.images.preprocessed`).
        created: ISO 8601 time.
        evaluation: metrics of these weights by split (`validation`, `test`); None before they are measured.
        temperature: by which the log-odds are divided for a calibrated probability, fitted on validation.
        operating_points: found on validation and kept: dicts of name, threshold and rule.
        threshold: probability, before calibration, from which a film is called PNEUMONIA.
        threshold_rule: how that threshold was found, in words.
    """

    stage: int = 0
    run: str = ""
    data: str = ""
    synthetic: bool = False
    starting_weights: str = ""
    scaling: str = "imagenet"
    preset: str = ""
    precision: str = ""
    preprocessing: str = "none"
    created: str = ""
    evaluation: dict | None = None
    temperature: float = 1.0
    operating_points: tuple[dict, ...] = ()
    threshold: float = THRESHOLD
    threshold_rule: str = "fixed at a probability of one half"

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "ModelRecord":
        """The record in `text`; unknown fields, of a later version, are passed over."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


def change_record(path: Path, **changes) -> ModelRecord:
    """Replace fields of a weights file's record; the file is written anew, whole or not at all.

    Raises:
        UserError: the disk is full or the folder not writable; the file stays as it was.
    """
    with atomic.replacing(path) as temporary:
        shutil.copyfile(path, temporary)
        with h5py.File(temporary, "r+") as file:
            record = replace(ModelRecord.from_text(file.attrs[ATTRIBUTE]), **changes)
            file.attrs[ATTRIBUTE] = record.to_text()
    return record
