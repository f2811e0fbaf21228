"""Exporting a registered model, and comparing what was written with the model."""

import tempfile
import zipfile
from pathlib import Path

import numpy as np

from core import atomic
from core.config import CLASS_NAMES, IMAGE_SIZE, LUNGS, POSITIVE
from core.disk import explaining, require_room
from core.errors import UserError
from core.export.formats import NETWORK_FORMATS
from core.export.script import script
from core.images import network_input
from core.inference import NOTICE, load_predictor
from core.registry import RegisteredModel, drawn_images

ZIP = "zip"
EXPORT_FORMATS = (*NETWORK_FORMATS, ZIP)
CHECKED_IMAGES = 50
TOLERANCE = 1e-3  # of a probability: the exported network computes in float32, too


def export_model(item: RegisteredModel, kind: str, target: Path) -> float:
    """Write a model for other programs, run what was written on 50 drawn images, and compare.

    Args:
        item: the model.
        kind: one of `EXPORT_FORMATS`; `zip` is one file with the Keras network and all the model's own files.
        target: the folder to create, or the file of a `zip`: network, `input.json` and `use.py`.

    Returns:
        The largest difference of a probability of PNEUMONIA.

    Raises:
        UserError: the model is an ensemble, the target exists, the disk is full, a package is missing, or
            the exported network does not give the model's probabilities; then nothing is left behind.
    """
    if item.model.record.members:
        raise UserError(
            f"{item.title} is an ensemble; only single networks are exported. Export its members: "
            f"{item.model.origin}."
        )
    if target.exists():
        raise UserError(f"{target} exists already. Choose another name: --to PATH.")
    with explaining(target):
        if kind != ZIP:
            with atomic.new_folder(target) as unfinished:
                return _write(item, kind, unfinished)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=atomic.TEMPORARY, dir=target.parent) as scratch:
            difference = _write(item, "keras", Path(scratch))
            with atomic.replacing(target) as archive, zipfile.ZipFile(archive, "w") as file:
                for path in sorted(Path(scratch).iterdir()):
                    file.write(path, path.name)
                for path in sorted(item.model.path.parent.iterdir()):
                    file.write(path, f"registered/{path.name}")
    return difference


def _write(item: RegisteredModel, kind: str, folder: Path) -> float:
    """Write network, description and script into an existing folder; returns the largest difference."""
    network_format = NETWORK_FORMATS[kind]
    parameters = sum(np.prod(layer.kernel, dtype=int) for layer in item.model.record.architecture.layers)
    require_room(folder, int(parameters) * 9)  # 4 bytes each, written twice by Keras, and all the rest
    path = folder / network_format.file
    network_format.write(item.model, path)
    difference = _largest_difference(item, kind, path)
    if not difference <= TOLERANCE:  # NaN, too
        raise UserError(
            f"{item.title} was not exported: as {network_format.title} it gives probabilities that differ by "
            f"up to {difference:.4f}, and at most {TOLERANCE:g} is allowed. Choose another format."
        )
    atomic.write_json(folder / "input.json", _description(item, network_format.file))
    atomic.write_text(folder / "use.py", script(kind))
    return difference


def _largest_difference(item: RegisteredModel, kind: str, path: Path) -> float:
    pixels = drawn_images(CHECKED_IMAGES)
    expected = load_predictor(item.model.path, "float32").probabilities(pixels)
    exported = NETWORK_FORMATS[kind].run(path, network_input(pixels))[:, POSITIVE]
    return float(np.abs(exported - expected).max())


def _description(item: RegisteredModel, file: str) -> dict:
    """What a program has to know to use the model, as JSON."""
    record = item.model.record
    return {
        "model": item.title,
        "weights": item.model.identity.digest,
        "file": file,
        "input": {
            "name": "radiograph",
            "shape": ["n", IMAGE_SIZE, IMAGE_SIZE, 3],
            "type": "float32",
            "values": "0 (black) to 1 (white), the same in all three channels",
            "resize": "bilinear with antialiasing, without keeping the aspect ratio (Pillow's BILINEAR)",
            "preprocessing": record.preprocessing,
            "framing": record.framing,
            **({"lung_margin": record.lung_margin} if record.framing == LUNGS else {}),
        },
        "output": {
            "shape": ["n", 2],
            "classes": list(CLASS_NAMES),
            "values": "probabilities before calibration: to calibrate, divide the log-odds by temperature",
        },
        "threshold": record.threshold,
        "threshold_rule": record.threshold_rule,
        "zones": record.zones,
        "temperature": record.temperature,
        "temperature_rule": record.temperature_rule,
        "warnings": list(item.model.warnings),
        "notice": NOTICE,
    }
