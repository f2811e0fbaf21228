"""A bundled model for tests in which any will do: narrow, with random weights, so that it answers at once."""

import json
import shutil
from pathlib import Path

from short_runs import NARROW, random_weights

from core.registry.golden_images import DRAWN_FILE, save_drawn_images
from core.runs import Run
from core.weights import ModelRecord, write_packed

OLD_RUN = Path(__file__).parent / "fixtures" / "old_run"
GOLDEN_IMAGES = 4  # a DICOM node takes a quarter of a second for each


def write_narrow_bundle(folder: Path) -> Path:
    """Write its run with golden images into a folder of bundled runs, which is returned."""
    run = Run(shutil.copytree(OLD_RUN, folder / "narrow"))
    record = ModelRecord(stage=3, run=run.name, data="drawn", width=NARROW.width, training_images=1000)
    write_packed(run.weights_path(3), random_weights(NARROW.weighted), record)
    save_drawn_images(run, 3)
    golden = run.path / DRAWN_FILE
    content = json.loads(golden.read_text())
    content["probabilities"] = content["probabilities"][:GOLDEN_IMAGES]
    golden.write_text(json.dumps(content))
    return folder
