"""What a weights file says of itself: who trained it, on what, and which input it expects."""

import json
from dataclasses import asdict, dataclass, fields

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
        created: ISO 8601 time.
        evaluation: metrics of these weights by split (`validation`, `test`); None before they are measured.
    """

    stage: int = 0
    run: str = ""
    data: str = ""
    synthetic: bool = False
    starting_weights: str = ""
    scaling: str = "imagenet"
    preset: str = ""
    precision: str = ""
    created: str = ""
    evaluation: dict | None = None

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "ModelRecord":
        """The record in `text`; unknown fields, of a later version, are passed over."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})
