import shutil

import numpy as np
import pytest
from PIL import Image

from core.dataset import counts, open_dataset
from core.dataset import pixels as pixel_store
from core.dataset.patients import patient_and_cause
from core.errors import UserError
from core.images import network_pixels, read_image


@pytest.fixture
def folder(tmp_path, own_home):
    """A set of eight images with patients in their names."""
    for split in ("train", "test"):
        for label, name in (("NORMAL", "IM-{}-0001.jpeg"), ("PNEUMONIA", "person{}_virus_1.jpeg")):
            place = tmp_path / "set" / split / label
            place.mkdir(parents=True)
            for number in range(2):
                noise = np.random.default_rng([number, len(label)]).integers(0, 255, (96, 80))
                Image.fromarray(noise.astype(np.uint8)).save(place / name.format(number))
    return tmp_path / "set"


def test_counts_patients_and_causes_come_from_folders_and_names(folder):
    dataset = open_dataset(folder)
    assert counts(dataset) == {
        "train": {"NORMAL": 2, "PNEUMONIA": 2},
        "test": {"NORMAL": 2, "PNEUMONIA": 2},
    }
    assert set(dataset.table["patient"]) == {"IM-0", "IM-1", "virus-0", "virus-1"}
    assert dataset.problems == ()
    assert dataset.table.loc[0, ["width", "height"]].tolist() == [80, 96]


def test_every_row_holds_the_pixels_that_diagnosis_would_see(folder):
    dataset = open_dataset(folder)
    for row, path in enumerate(dataset.table["path"]):
        assert np.array_equal(dataset.pixels[row], network_pixels(read_image(folder / path)))


def test_opening_again_decodes_only_what_is_new(folder):
    open_dataset(folder)
    calls = []
    open_dataset(folder, lambda done, total: calls.append(total))
    assert calls == []
    shutil.copy(folder / "train/NORMAL/IM-0-0001.jpeg", folder / "train/NORMAL/IM-7-0001.jpeg")
    dataset = open_dataset(folder, lambda done, total: calls.append(total))
    assert calls == [1]
    row = dataset.table.index[dataset.table["path"] == "train/NORMAL/IM-7-0001.jpeg"][0]
    assert np.array_equal(
        dataset.pixels[row], network_pixels(read_image(folder / "train/NORMAL/IM-0-0001.jpeg"))
    )


def test_an_index_whose_pixels_are_gone_is_made_anew(folder, own_home):
    before = open_dataset(folder)
    for path in own_home.rglob("pixels-*.npy"):
        path.unlink()
    after = open_dataset(folder)
    assert np.array_equal(before.pixels, after.pixels)


def test_bad_files_become_problems_and_leave_the_rest_usable(folder):
    (folder / "train/NORMAL/broken.jpeg").write_bytes(b"")
    (folder / "train/NORMAL/notes.txt").write_text("hello")
    (folder / "train/NORMAL/.DS_Store").write_bytes(b"x")
    (folder / "train/NORMAL/._IM-0-0001.jpeg").write_bytes(b"x")
    dataset = open_dataset(folder)
    assert len(dataset.table) == len(dataset.pixels) == 8
    assert [item.path for item in dataset.problems] == [
        "train/NORMAL/broken.jpeg",
        "train/NORMAL/notes.txt",
    ]
    for row, path in enumerate(dataset.table["path"]):
        assert np.array_equal(dataset.pixels[row], network_pixels(read_image(folder / path)))


def test_a_class_without_images_is_a_problem(folder):
    shutil.rmtree(folder / "train/NORMAL")
    assert "train/NORMAL contains no readable image." in [p.message for p in open_dataset(folder).problems]


def test_names_in_another_style_are_a_problem_for_validation(folder):
    source = folder / "train/NORMAL/IM-0-0001.jpeg"
    source.rename(source.with_name("anything.jpeg"))
    assert any("do not identify a patient" in item.message for item in open_dataset(folder).problems)


def test_folders_that_hold_no_set_are_refused_with_the_way_out(folder, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        open_dataset(tmp_path / "missing")
    with pytest.raises(UserError, match="is a file"):
        open_dataset(folder / "train/NORMAL/IM-0-0001.jpeg")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="expected layout: train/NORMAL"):
        open_dataset(empty)
    with pytest.raises(UserError, match=r"Did you mean .*set\?"):
        open_dataset(tmp_path)


def test_a_set_without_one_readable_file_is_refused(folder):
    for path in folder.rglob("*.jpeg"):
        path.write_bytes(b"no image")
    with pytest.raises(UserError, match="None of the 8 files"):
        open_dataset(folder)


def test_a_half_written_index_is_never_seen(folder, own_home, monkeypatch):
    def fail(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr(pixel_store, "_decode", fail)
    with pytest.raises(RuntimeError):
        open_dataset(folder)
    monkeypatch.undo()
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(own_home))
    assert len(open_dataset(folder).table) == 8


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("person447_virus_921_1.jpeg", ("virus-447", "virus")),
        ("NORMAL2-IM-0173-0001-0002.jpeg", ("NORMAL2-IM-0173", "none")),
        ("IM-0115-0001.jpeg", ("IM-0115", "none")),
        ("chest.png", ("", "none")),
    ],
)
def test_odd_names_of_the_published_set(name, expected):
    assert patient_and_cause(name) == expected
