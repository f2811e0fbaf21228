"""A full disk: case 20 of what the field throws at the product."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core import atomic
from core.cli.main import main
from core.dataset import write_synthetic_dataset
from core.disk import new_array
from core.errors import UserError
from core.runs import cached_activations

PROJECT = Path(__file__).resolve().parents[1]


def test_20_an_array_without_room_is_refused_before_it_is_filled(small_disk):
    small = small_disk("1m")
    expected = rf"The disk is full: 4 MiB are needed, and {re.escape(str(small))} has \d MiB free\. Free some"
    with pytest.raises(UserError, match=expected), atomic.replacing(small / "array.npy") as temporary:
        new_array(temporary, np.uint8, (4, 1024, 1024))
    assert not list(small.iterdir())


def test_20_an_array_that_fits_is_filled_to_its_last_byte(small_disk):
    small = small_disk("2m")
    array = new_array(small / "array.npy", np.float16, (3, 1000, 100))
    array[:] = 7
    array.flush()
    assert (small / "array.npy").stat().st_blocks * 512 >= array.nbytes
    assert np.array_equal(np.load(small / "array.npy"), np.full((3, 1000, 100), 7, np.float16))


@pytest.mark.parametrize("missing", ["the function", "the file system's support"])
def test_20_space_is_reserved_by_writing_where_nothing_else_can(missing, small_disk, monkeypatch):
    def refused(*_):
        raise OSError(95, "Operation not supported")

    if missing == "the function":
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", refused)
    small = small_disk("3m")
    array = new_array(small / "array.npy", np.uint8, (1500, 1024))
    assert not array.any() and (small / "array.npy").stat().st_blocks * 512 >= array.nbytes
    with pytest.raises(UserError, match="disk is full: 4 MiB are needed"):
        new_array(small / "other.npy", np.uint8, (4, 1024, 1024))


def test_20_nothing_else_maps_a_file_that_it_creates():
    """`np.memmap` with "w+", `open_memmap` and writable maps of new files belong to core/disk.py alone."""
    mapping = re.compile(r"open_memmap|np\.memmap\(|mmap\.mmap\(|mmap_mode=\"[rw]\+")
    rooms = [PROJECT / name for name in ("core", "pages", "benchmarks", "experiments")]
    sources = [path for room in rooms for path in room.rglob("*.py")]
    assert [path.name for path in sources if mapping.search(path.read_text())] == ["disk.py"]


@pytest.mark.slow
def test_20_index_on_a_full_disk_ends_with_a_sentence_and_leaves_nothing(small_disk, tmp_path):
    small = small_disk("1m")
    folder = write_synthetic_dataset(tmp_path / "set", images=100)
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(small)}
    words = [sys.executable, "-m", "core", "index", str(folder)]
    done = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2, done.returncode
    assert (
        done.stderr.startswith("Error: The disk is full: 2 MiB are needed") and done.stderr.count("\n") == 1
    )
    assert not [path for path in small.rglob("*") if path.is_file() and path.name != "lock"]
    small_disk("8m")
    again = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr


def test_20_what_a_killed_process_left_goes_with_the_next_index(own_home, tmp_path):
    from core.dataset import open_dataset
    from core.dataset.storage import storage_folder

    folder = write_synthetic_dataset(tmp_path / "set", images=20)
    left = storage_folder(folder) / f"{atomic.TEMPORARY}pixels-x.npy"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(100))
    open_dataset(folder)
    assert not left.exists()


def test_20_what_a_killed_training_left_in_the_cache_goes_with_the_next_run(own_home):
    folder = cached_activations.folder()
    folder.mkdir(parents=True)
    old, young, whole = (folder / name for name in (".unfinished-a.npy", ".unfinished-b.npy", "c.npy"))
    for path in (old, young, whole):
        path.touch()
    for path in (old, whole):
        os.utime(path, (0, 0))
    cached_activations.clear_unfinished()
    assert sorted(folder.iterdir()) == [young, whole]


@pytest.mark.parametrize("command", ["demo", "import"])
def test_20_data_sets_that_the_disk_has_no_room_for_leave_nothing(
    command, small_disk, monkeypatch, tmp_path, capsys
):
    small = small_disk("200k")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(small))
    source = write_synthetic_dataset(tmp_path / "set", images=40)
    archive = shutil.make_archive(str(tmp_path / "set"), "zip", source)
    words = ["demo", str(small / "drawn")] if command == "demo" else ["import", archive]
    assert main(words) == 2
    assert "The disk is full" in capsys.readouterr().err
    assert not [path for path in small.rglob("*") if path.is_file()]


def test_unfinished_folders_are_removed_as_files_are(tmp_path):
    folder = tmp_path / f"{atomic.TEMPORARY}set-1"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / f"{atomic.TEMPORARY}image.png").touch()
    atomic.clear_unfinished(tmp_path)
    assert not list(tmp_path.iterdir())
