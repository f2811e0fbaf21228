"""Which model answered: its name, its version and the digest of its weights."""

import json
from dataclasses import dataclass
from pathlib import Path

from core import config
from core.anatomy import lung_network
from core.config import LUNGS
from core.sentence import Sentence
from core.weights import ModelRecord, file_digest

IDENTITY_FILE = "model.json"  # beside the weights of a registered version
SHORT = 8  # characters of a digest that are shown
MIN_TRAINING_IMAGES = 500  # fewer do not train a model whose results on other images mean much


@dataclass(frozen=True)
class ModelIdentity:
    """What every answer says of the model that gave it.

    Attributes:
        name: run and stage, such as `recommended/3`; `bundled/3` for the bundled model.
        version: 1, 2, ... of a registered model; 0 for one that is not registered.
        digest: SHA-256 of the weights file, the first eight characters.
        override: what every answer must say because the model was promoted against a check; "" if it was not.
    """

    name: str
    version: int
    digest: str
    override: str = ""

    def __str__(self) -> str:
        version = f" v{self.version}" if self.version else ""
        return f"{self.name}{version} ({self.digest})"


def identity_of(path: Path, record: ModelRecord) -> ModelIdentity:
    """The identity of the model in a weights file.

    Args:
        path: of the weights file; the registry writes a file with name and version beside it.
        record: of the weights file.

    Raises:
        OSError: the file cannot be read.
    """
    digest = short_digest(file_digest(path))
    try:
        registered = json.loads((path.parent / IDENTITY_FILE).read_text(encoding="utf-8"))
        if registered["file"] == path.name:
            name, version, override = (registered[key] for key in ("name", "version", "override"))
            return ModelIdentity(name, version, digest, override)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not registered, or damaged
    return ModelIdentity(unregistered_name(path, record), 0, digest)


def short_digest(sha256: str) -> str:
    """The part of a digest that is shown."""
    return sha256[:SHORT]


def unregistered_name(path: Path, record: ModelRecord) -> str:
    """Run and stage of a model that is not registered; the file's name where the record names no run."""
    if path.is_relative_to(config.bundled_folder()):
        return f"bundled/{record.stage}"
    return f"{record.run}/{record.stage}" if record.run else path.stem


def model_warnings(
    identity: ModelIdentity, record: ModelRecord, notices: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """What every answer of a model must say of it, one sentence each.

    Args:
        notices: what must be said besides, such as that it stands in for another model.
    """
    override = (identity.override,) if identity.override else ()
    return (*notices, *_limitations(record), *override)


def _limitations(record: ModelRecord) -> tuple[str, ...]:
    """What a model cannot do because of the images it was trained on, and how they were framed."""
    if record.synthetic:
        return (
            Sentence(
                "The model was trained on SYNTHETIC images. Its results on real X-rays are meaningless."
            ),
        )
    limitations: tuple[Sentence, ...] = ()
    if 0 < record.training_images < MIN_TRAINING_IMAGES:
        limitations += (
            Sentence(
                "The model was trained on {count} images; at least {least} are needed for reliable results.",
                count=record.training_images,
                least=MIN_TRAINING_IMAGES,
            ),
        )
    if record.framing == LUNGS and record.lung_network != lung_network():
        limitations += (
            Sentence(
                "The lung network here is not the one that framed this model's training images. Results may "
                "differ from those of its evaluation."
            ),
        )
    return limitations
