import shutil
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import core
from core.errors import UserError
from core.images import read_header, read_image, sandbox
from core.inference import Reader, bundled_models
from core.site import (
    SiteReadings,
    clear_reading_cache,
    local_reading,
    measure,
    open_local_images,
    read_local_images,
    reading_cache,
    reading_cache_path,
    reading_cache_size,
)
from core.site.reading_cache import ReadingCache, reading_basis
from core.site.reading_log import ReadingLog
from core.weights import update_record
from tests.dicom_peers import dicom_image

FILES = 4


@pytest.fixture
def ward(demo, tmp_path):
    """Three pictures, one DICOM file, and one file that is no image."""
    folder = tmp_path / "ward" / "NORMAL"
    folder.mkdir(parents=True)
    for path in sorted((demo / "test" / "NORMAL").iterdir())[: FILES - 1]:
        shutil.copy(path, folder)
    dicom_image(1).save_as(folder / "1.dcm")
    (folder / "damaged.png").write_text("no image")
    return folder.parent


def read(folder) -> tuple[SiteReadings, int]:
    """The images read, and how many of them the model had to read."""
    local = open_local_images(folder, groups=("age", "sex"))
    counts = []
    reader = Reader.of(bundled_models()[0])
    (readings,) = read_local_images(local, [reader], lambda done, _: counts.append(done))
    assert counts[-1] == len(local.table) == len(readings.table)
    note = next((note for note in readings.notes if "before and were not read" in note), "0")
    return readings, len(local.table) - int(note.split()[0])


def test_images_are_read_once_by_a_model_and_their_header_each_time(bundle, ward, monkeypatch):
    first, count = read(ward)
    assert count == FILES + 1 and not first.notes
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "_idle", None)  # no DICOM file is decoded for its header
        again, count = read(ward)
    assert count == 1  # the damaged one
    assert again.notes == ("4 of 5 images had been read by this model before and were not read again.",)
    pd.testing.assert_frame_equal(again.table, first.table)
    of_dicom = again.table[again.table["group: sex"] == "F"].iloc[0]
    assert of_dicom["patient"] == read_image(ward / "NORMAL" / "1.dcm").patient_digest
    kept = reading_cache_path().read_bytes()
    assert of_dicom["sha256"].encode() in kept and of_dicom["patient"].encode() not in kept


def test_ages_of_a_table_are_told_before_any_figure(bundle, ward):
    names = sorted(path.name for path in (ward / "NORMAL").iterdir())
    (ward / "table.csv").write_text("file,label,age\n" + "".join(f"NORMAL/{name},0,36\n" for name in names))
    local = open_local_images(ward / "table.csv")
    (readings,) = read_local_images(local, [Reader.of(bundled_models()[0])])
    assert "5 of 5 images are of patients of another age" in " ".join(measure(readings).cautions())


def test_a_measurement_that_is_stopped_is_not_read_again_and_counts_as_read(bundle, ward):
    def stop(done: int, images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_local_images(open_local_images(ward), [Reader.of(bundled_models()[0])], stop)
    assert len(ReadingLog().read_before("2999-01-01T00:00:00+00:00")) == FILES
    assert read(ward)[1] == 1


def test_another_threshold_or_precision_is_another_model(bundle, ward):
    (model,) = bundled_models()
    read(ward)
    update_record(model.path, threshold=0.4)
    readings, count = read(ward)
    assert count == FILES + 1 and readings.threshold == pytest.approx(0.4)
    assert reading_basis(Reader(model.path, "float32")) != reading_basis(Reader(model.path))


def test_entries_that_were_changed_are_not_used_and_mended(bundle, ward):
    read(ward)
    with closing(sqlite3.connect(reading_cache_path())) as database, database:
        database.execute('UPDATE readings SET entry = replace(entry, \'"withheld": "\', \'"withheld": "x\')')
    readings, count = read(ward)
    assert count == FILES + 1 and readings.notes == ("4 kept readings were damaged and not used.",)
    assert not readings.table["withheld"].str.startswith("x").any()
    assert read(ward)[1] == 1


def test_a_file_that_is_no_cache_is_told_and_left_alone(bundle, ward):
    reading_cache_path().parent.mkdir(parents=True)
    reading_cache_path().write_bytes(b"no database" * 1000)
    readings, count = read(ward)
    assert count == FILES + 1
    assert "file is not a database" in readings.notes[0] and "Delete " in readings.notes[0]
    assert reading_cache_path().read_bytes() == b"no database" * 1000


def test_nothing_is_kept_where_nothing_was_read(own_home):
    cache = ReadingCache("basis")
    assert cache.get(["", "a"]) == [None, None] and not cache.sentences(0, 2)
    assert not reading_cache_path().exists() and clear_reading_cache() == 0


def test_a_file_that_vanishes_before_its_header_is_read_is_told_and_the_others_are_measured(
    bundle, ward, monkeypatch
):
    read(ward)
    path = ward / "NORMAL" / "1.dcm"

    def removed_before(file: str):
        path.unlink()
        return read_header(file)

    monkeypatch.setattr(local_reading, "read_header", removed_before)
    readings, _ = read(ward)
    assert (readings.table["error"] != "").sum() == 2 and readings.table["probability"].notna().sum() >= 1
    assert readings.notes[0].startswith("3 of 5 images had been read")


def test_a_program_that_is_updated_while_it_runs_says_nothing_for_the_new_one(narrow_bundle, monkeypatch):
    reader = Reader(bundled_models()[0].path)
    before = reading_basis(reader)
    monkeypatch.setattr(core, "IMPORTED", 0.0)  # as if every file had changed since
    assert reading_basis(reader) != before


def test_readings_by_another_convolution_are_not_used(narrow_bundle, monkeypatch):
    monkeypatch.setattr("core.compilation.faster_convolution.can_gain", lambda layer: True)  # even if narrow
    basis = {}
    for convolution in ("direct", "winograd"):
        monkeypatch.setenv("PNEUMONIA_STUDIO_CONVOLUTION", convolution)
        basis[convolution] = reading_basis(Reader(bundled_models()[0].path, "float32"))
    assert basis["direct"] != basis["winograd"]


def test_what_another_process_uses_is_neither_deleted_nor_advised_to_be(own_home, monkeypatch):
    monkeypatch.setattr(reading_cache, "TIMEOUT_S", 0.1)
    cache = ReadingCache("basis")
    cache.add([{"sha256": str(number), "doubts": "x" * 1000} for number in range(100)])
    with closing(sqlite3.connect(reading_cache_path(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        cache.add([{"sha256": "b"}])
        (sentence,) = cache.sentences(0, 2)
        assert "database is locked" in sentence and "--clear" not in sentence
        with pytest.raises(UserError, match="cannot be cleared: database is locked"):
            clear_reading_cache()
        other.execute("ROLLBACK")
        size = reading_cache_size()
        assert clear_reading_cache() == size - reading_cache_size() > size / 2
        assert other.execute("SELECT count(*) FROM readings").fetchone() == (0,)
    reading_cache_path().write_bytes(b"no database" * 1000)
    assert clear_reading_cache() > 0 and not reading_cache_path().exists()
