"""Lungs that people drew, on the dataset page: imported, told about, compared, replaced, removed."""

import shutil

import numpy as np
import pytest
from framed_by_lungs import lenient_lung_network
from PIL import Image

from core.anatomy import dataset_lungs, import_masks, imported_masks
from core.config import environment
from core.dataset import LUNG_AGREEMENT, open_dataset, write_synthetic_dataset
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture
def dataset(own_home):
    lenient_lung_network(own_home)
    return open_dataset(write_synthetic_dataset(own_home / "set", images=20))


@pytest.fixture
def masks(dataset, tmp_path):
    """A mask of every second image, and one of no image."""
    mask = np.zeros((256, 256), np.uint8)
    mask[50:190, 50:110], mask[50:190, 150:210] = 255, 255
    for path in [*dataset.table["path"][::2], "train/NORMAL/nobody.jpeg"]:
        target = (tmp_path / "masks" / path).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    return tmp_path / "masks"


def button(app, label):
    return next((item for item in app.button if item.label == label), None)


def toggle(app, label):
    return next((item for item in app.toggle if item.label == label), None)


def texts(app):
    return "\n".join(item.value for item in [*app.markdown, *app.caption, *app.error]).replace("\\", "")


def import_from(app, path):
    next(item for item in app.text_input if item.label.startswith("Folder or .npz")).set_value(
        str(path)
    ).run()
    (button(app, "Import masks") or button(app, "Replace masks")).click().run()
    assert not app.exception
    return app


def test_masks_are_imported_outlined_and_removed(dataset, masks):
    app = opened("dataset", dataset=str(dataset.root))
    assert toggle(app, "Drawn lungs") is None and button(app, "Remove masks") is None
    import_from(app, masks)
    assert "**10** of 20 images have a mask" in texts(app) and str(masks) in texts(app)
    assert "Passed over 1 file (no image of this path): train/NORMAL/nobody.png" in texts(app)
    toggle(app, "Drawn lungs").set_value(True).run()
    legend = "".join(item.proto.body for item in app.get("html"))
    assert "drawn by people" in legend and "found by the network" not in legend
    assert LUNG_AGREEMENT not in app.selectbox(key="order").options, "nothing to agree with yet"
    button(app, "Remove masks").click().run()
    assert not app.exception and toggle(app, "Drawn lungs") is None
    assert imported_masks(dataset) is None and masks.is_dir()


def test_images_are_filtered_and_sorted_by_agreement(dataset, masks):
    lungs = dataset_lungs(dataset)
    scores = import_masks(dataset, masks).agreement(lungs)
    app = opened("dataset", dataset=str(dataset.root))
    limit = round(100 * np.nanmedian(scores))
    app.slider(key=f"range-{LUNG_AGREEMENT}").set_value((0, limit)).run()
    expected = int((scores <= limit / 100).sum())
    assert 0 < expected < 10 and any(item.value.startswith(f"{expected} image") for item in app.caption)
    app.selectbox(key="order").select(LUNG_AGREEMENT).run()
    assert not app.exception
    for label in ("Lungs", "Drawn lungs"):
        toggle(app, label).set_value(True).run()
    legend = "".join(item.proto.body for item in app.get("html"))
    assert "drawn by people" in legend and "found by the network" in legend


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("missing", "does not exist"),
        ("set", "has no mask for any of the 20 images"),
        ("other.npz", "other.npz does not hold lung masks"),
    ],
)
def test_a_source_without_masks_is_refused_in_words(dataset, masks, own_home, name, sentence):
    np.savez(own_home / "other.npz", images=np.zeros(3))
    app = import_from(opened("dataset", dataset=str(dataset.root)), own_home / name)
    assert sentence in texts(app) and imported_masks(dataset) is None


def test_another_folder_with_the_same_images_has_masks_of_its_own(dataset, masks, own_home):
    import_masks(dataset, masks)
    copy = shutil.copytree(dataset.root, own_home / "copy")
    assert toggle(opened("dataset", dataset=str(dataset.root)), "Drawn lungs")
    assert toggle(opened("dataset", dataset=str(copy)), "Drawn lungs") is None


def test_readers_see_masks_and_import_none(dataset, masks, monkeypatch):
    monkeypatch.setenv(environment.OWNERS.name, "eva@clinic.example")
    app = opened("dataset", signed_in="jo@clinic.example", dataset=str(dataset.root))
    assert button(app, "Import masks") is None
    import_masks(dataset, masks)
    app.run()
    assert "**10** of 20 images have a mask" in texts(app) and button(app, "Replace masks") is None
