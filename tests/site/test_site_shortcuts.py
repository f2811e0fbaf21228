"""Whether labels and results at one hospital may rest on something other than the lungs."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.comparison import HEAT_IN_LUNGS
from core.errors import UserError
from core.inference import Reader
from core.registry import active_model
from core.site import find_site_shortcuts, measure, open_local_images, read_local_images
from core.site.site_shortcuts import NOT_TELLING, TELLING, TOO_FEW

pytestmark = pytest.mark.slow
PARTS = {"outer 15%", "corners", "lungs", "all but the lungs"}


@pytest.fixture
def ward(demo, tmp_path):
    """54 images of each class: drawn ones, the same mirrored, and darker."""
    for label in ("NORMAL", "PNEUMONIA"):
        files = sorted(demo.rglob(f"{label}/*.jpeg"))[:18]
        (tmp_path / "ward" / label).mkdir(parents=True)
        for number, file in enumerate(files):
            image = Image.open(file).convert("L")
            variants = image, ImageOps.mirror(image), image.point(lambda grey: 0.9 * grey)
            for kind, changed in enumerate(variants):
                changed.save(tmp_path / "ward" / label / f"{number}-{kind}.jpeg")
    return tmp_path / "ward"


def shortcuts_of(folder):
    """A measurement of the active model on a folder, its files, and its shortcuts."""
    local, reader = open_local_images(folder), Reader.of(active_model().model)
    measurement = measure(read_local_images(local, [reader])[0])
    files = list(local.table["file"])
    return measurement, files, find_site_shortcuts(measurement, files, reader)


def marked(folder, label: str) -> None:
    """Give each image of a class a brighter border."""
    for file in (folder / label).iterdir():
        pixels = np.array(Image.open(file).convert("L"))
        width = len(pixels) // 12
        for edge in (pixels[:width], pixels[-width:], pixels[:, :width], pixels[:, -width:]):
            edge[:] = np.minimum(edge, 205) + 50
        Image.fromarray(pixels).save(file, quality=95)


def test_labels_that_can_be_read_from_the_border_are_told(narrow_bundle, ward, own_home):
    _, _, before = shortcuts_of(ward)
    marked(ward, "PNEUMONIA")
    measurement, _, after = shortcuts_of(ward)
    assert after.baselines["frame"].value > 0.95 > before.baselines["frame"].value
    assert after.baseline_sentences()[-1] == TELLING
    table = after.effect_table()
    assert set(table["hidden"]) <= PARTS and {"outer 15%", "corners"} <= set(table["hidden"])
    whole = table.loc[table["hidden"] == "corners", "ROC AUC whole"].item()
    assert whole == pytest.approx(measurement.metrics["auc"])
    sensitivity = table.loc[table["hidden"] == "corners", "sensitivity whole"].item()
    assert sensitivity == pytest.approx(measurement.metrics["sensitivity"])


def test_nothing_of_a_file_is_in_the_values_and_the_map_has_every_image(narrow_bundle, ward, own_home):
    measurement, files, shortcuts = shortcuts_of(ward)
    assert (
        len(shortcuts.predictions) == len(shortcuts.hidden) == len(measurement.predictions)
        and not shortcuts.gone
    )
    values = json.loads(json.dumps(shortcuts.values(), allow_nan=False))
    assert values["images"] == len(measurement.predictions) and "ward" not in str(values)
    images = values["heat_in_lungs"]["images"]
    assert images == 0 or 0 <= values["heat_in_lungs"][HEAT_IN_LUNGS] <= 1
    mapped, shares = shortcuts.map()
    assert list(mapped["path"]) == list(measurement.predictions.table["path"]) and 0 < shares.sum() <= 1
    telling = [name for name in ("corners", "frame") if shortcuts.baselines[name].interval[0] > 0.5]
    assert shortcuts.baseline_sentences()[-1] == (TELLING if telling else NOT_TELLING)
    other = replace(measurement, readings=replace(measurement.readings, model="another/1 (00000000)"))
    with pytest.raises(UserError, match="another/1 .* was measured, and .* is given"):
        find_site_shortcuts(other, files, Reader.of(active_model().model))


def test_images_that_have_gone_or_changed_are_left_out_and_counted(narrow_bundle, ward, own_home):
    measurement, files, _ = shortcuts_of(ward)
    reader = Reader.of(active_model().model)
    marked(ward, "PNEUMONIA")
    shortcuts = find_site_shortcuts(measurement, files, reader)
    assert set(shortcuts.predictions.table["label"]) == {"NORMAL"}
    assert shortcuts.gone == len(measurement.predictions) - len(shortcuts.predictions) > 0
    assert "have gone or changed" in shortcuts.notes()[0]
    assert shortcuts.baseline_sentences() == [TOO_FEW] and not any(effect.auc for effect in shortcuts.effects)
    shutil.rmtree(ward)
    with pytest.raises(UserError, match="None of the images that were measured is there"):
        find_site_shortcuts(measurement, files, reader)
