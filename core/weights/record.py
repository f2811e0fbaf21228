"""The record in a weights file: which run trained it, on which data, and which input it expects."""

import json
import shutil
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import h5py

from core import atomic
from core.architecture import BACKBONES, VGG19, Backbone
from core.config import LUNG_MARGIN, THRESHOLD, WHOLE, old_names

ATTRIBUTE = "pneumonia_studio"


def model_title(name: str, version: int) -> str:
    """Name and version of a model, as the terminal takes them: `recommended/3@2`; the name for version 0."""
    return f"{name}@{version}" if version else name


@dataclass(frozen=True)
class Member:
    """A model of an ensemble.

    Attributes:
        name, version: in the registry; version 0 is a model that is not registered.
        sha256: of its weights file.
        file: path of that file, relative to the folder of the ensemble's own.
        backbone: title of its backbone, with its width.
    """

    name: str
    version: int
    sha256: str
    file: str
    backbone: str

    @property
    def title(self) -> str:
        """Name and version, as the terminal takes them."""
        return model_title(self.name, self.version)


@dataclass(frozen=True)
class ModelRecord:
    """Provenance of a weights file, stored in it as one JSON attribute.

    Attributes:
        stage: 1, 2 or 3; 0 if unknown.
        run: name of the run that trained it.
        data: name of the data set.
        synthetic: whether that data set was drawn by a program.
        backbone: name in `core.architecture.BACKBONES`; "" in records of older versions.
        width: share of the backbone's channels that it has (`core.architecture.Backbone`); 1 if not recorded.
        starting_weights: the weights that stage 1 started from.
        scaling: `imagenet` (the first layer turns [0, 1] into BGR, 0..255, mean subtracted) or
            `unit` (the network sees [0, 1]).
        preset: name of the preset.
        precision: of the convolutions during training.
        preprocessing: applied to every image before the network (`core.images.preprocess`).
        framing: the part of each image that the network sees, one of `core.config.FRAMINGS`; `whole` in
            records of earlier versions.
        lung_margin: around the lungs' box, where the framing is by lungs.
        lung_network: what found the lungs (`core.anatomy.lung_network`), where the framing is by lungs.
        created: ISO 8601 time.
        training_images: how many images it was trained on; 0 in records of 0.1.0, which did not say.
        evaluation: metrics of these weights by split (`validation`, `test`); None before evaluation.
        temperature: divides the log-odds for a calibrated probability.
        temperature_rule: what it was fitted to for a hospital, in words; "" if it was fitted on validation.
        operating_points: chosen on validation, as dicts of name, threshold and rule.
        threshold: probability, before calibration, from which the predicted label is PNEUMONIA.
        threshold_rule: how that threshold was chosen, in words.
        zones: of a hospital, as a dict of low, high (probabilities before calibration, on both sides of the
            threshold), miss_rate, false_alarm_rate and rule (how they were found, in words); None without.
        members: of an ensemble; () for a model with weights of its own.
    """

    stage: int = 0
    run: str = ""
    data: str = ""
    synthetic: bool = False
    backbone: str = VGG19.name
    width: float = 1.0
    starting_weights: str = ""
    scaling: str = "imagenet"
    preset: str = ""
    precision: str = ""
    preprocessing: str = "none"
    framing: str = WHOLE
    lung_margin: float = LUNG_MARGIN
    lung_network: str = ""
    created: str = ""
    training_images: int = 0
    evaluation: dict | None = None
    temperature: float = 1.0
    temperature_rule: str = ""
    operating_points: tuple[dict, ...] = ()
    threshold: float = THRESHOLD
    threshold_rule: str = "fixed at a probability of one half"
    zones: dict | None = None
    members: tuple[Member, ...] = ()

    @property
    def architecture(self) -> Backbone:
        """The backbone at its width, whose layers the weights belong to."""
        return BACKBONES[self.backbone].at_width(self.width)

    @property
    def network(self) -> tuple[str, int, str]:
        """What two records share only if they are of one network, be it at different thresholds."""
        return self.run, self.stage, self.created

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "ModelRecord":
        """The record in `text`; unknown fields, such as those of a later version, are ignored."""
        known = {item.name for item in fields(cls)}
        values = {name: value for name, value in json.loads(text).items() if name in known}
        values.setdefault("backbone", "")
        evaluation = values.get("evaluation") or {}
        values["evaluation"] = {
            split: old_names.with_both(metrics, old_names.METRICS) for split, metrics in evaluation.items()
        } or None
        values["members"] = tuple(Member(**member) for member in values.get("members", ()))
        return cls(**values)


def write_record(path: Path, record: ModelRecord) -> None:
    """Write a record into an existing HDF5 file, in place; for files that are not in use yet."""
    with h5py.File(path, "r+") as file:
        file.attrs[ATTRIBUTE] = record.to_text()


def update_record(path: Path, **changes: Any) -> ModelRecord:
    """Replace fields of a weights file's record; the file is rewritten atomically.

    Raises:
        UserError: the disk is full or the folder is not writable; the file stays as it was.
    """
    with atomic.replacing(path) as temporary:
        shutil.copyfile(path, temporary)
        with h5py.File(temporary, "r+") as file:
            record = replace(ModelRecord.from_text(cast(str, file.attrs[ATTRIBUTE])), **changes)
            file.attrs[ATTRIBUTE] = record.to_text()
    return record
