"""Reading local images with one model or several."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.anatomy import LungFinder
from core.inference import Reader, bundled_models
from core.runs import Run
from core.site import local_reading, open_local_images, read_local_images, reading_cache_path
from core.site.groups import grouped, rare_together
from core.site.training_overlap import TrainedOn
from core.weights import update_record
from tests.dicom_peers import dicom_image
from tests.inference.test_ensemble_reference import reference


@pytest.mark.parametrize("trained, told", [(3, False), (4, True), (0, False)])
def test_training_images_that_an_older_reference_does_not_know_are_told(
    narrow_files, tmp_path, trained, told
):
    weights = tmp_path / "vgg_unfrozen.h5"
    weights.write_bytes(Run(narrow_files / "narrow").weights_path(3).read_bytes())
    update_record(weights, training_images=trained)
    reader = Reader(weights)
    assert TrainedOn.of(reader).unknown == ()  # without a reference, nothing is left out
    older = reference(0, 3, 4, "abc")
    reader.reference = older
    sentences = TrainedOn.of(reader).unknown
    assert bool(sentences) == told
    reader.reference = replace(older, all_sha256=np.zeros((4, 32), np.uint8))
    assert TrainedOn.of(reader).unknown == ()


def test_several_models_decode_each_file_once_and_find_its_lungs_once(
    narrow_bundle, demo, own_home, monkeypatch
):
    (model,) = bundled_models()
    sharper = Reader(model.path, "float32")
    finder, decoded, found = local_reading.read_image, [], []
    monkeypatch.setattr(local_reading, "read_image", lambda file: decoded.append(file) or finder(file))
    find = LungFinder.find_in_pixels

    def counted(self: LungFinder, pixels: np.ndarray) -> list:
        found.append(len(pixels))
        return find(self, pixels)

    monkeypatch.setattr(LungFinder, "find_in_pixels", counted)
    folder = demo / "test" / "NORMAL"
    first_files = open_local_images(folder)
    alone = read_local_images(replace(first_files, table=first_files.table[:2]), [sharper])[0]
    decoded.clear()
    found.clear()
    progress: list[tuple[int, int]] = []
    one, other = read_local_images(
        first_files, [Reader.of(model), sharper], lambda *count: progress.append(count)
    )
    files = list(first_files.table["file"])
    assert sorted(decoded) == sorted(files) and sum(found) == len(files)
    assert progress[-1] == (len(files), len(files)) and progress[0] == (1, len(files))
    assert "2 of" in other.notes[-1] and not one.notes
    pd.testing.assert_frame_equal(other.table[:2], alone.table)
    assert (one.table["sha256"] == other.table["sha256"]).all() and one.table["probability"].notna().any()


def test_device_ward_and_month_of_dicom_headers_make_groups_and_no_name_is_kept(
    narrow_bundle, own_home, tmp_path
):
    (tmp_path / "NORMAL").mkdir()
    for number in range(3):
        image = dicom_image(number)
        image.ManufacturerModelName = "A maker X1" if number else "X2"
        image.StationName, image.CurrentPatientLocation = f"ROOM{number}", "4 West"
        image.InstitutionalDepartmentName, image.AcquisitionDate = "Radiology", f"2024031{number}"
        image.save_as(tmp_path / "NORMAL" / f"{number}.dcm", enforce_file_format=True)
    local = open_local_images(tmp_path, groups=("device", "station", "ward", "month", "sex"))
    reader = Reader.of(bundled_models()[0])
    for _ in range(2):  # read, then kept
        (readings,) = read_local_images(local, [reader])
        table = readings.table
        assert list(table["group: device"]) == ["A maker X2", "A maker X1", "A maker X1"]
        assert list(table["group: station"]) == ["ROOM0", "ROOM1", "ROOM2"]
        assert set(table["group: ward"]) == {"4 West"} and set(table["group: sex"]) == {"F"}
        assert set(table["group: month"]) == {"2024-03"}
    assert "Doe" not in table.to_csv() and "4711" not in table.to_csv() and "20240310" not in table.to_csv()
    assert "4 West" not in reading_cache_path().read_bytes().decode("latin-1")


def test_stations_that_are_too_many_for_groups_are_put_together():
    values = pd.Series([f"S{number}" for number in range(20)] + ["S0"] * 5 + [""])
    together = rare_together(values)
    assert together.nunique() == 13 and (together == "other").sum() == 9 and together.iloc[-1] == ""
    assert (rare_together(pd.Series(["2024-01", "2024-02"] * 20)) != "other").all()
    months = pd.Series([f"2024-{month:02}" for month in range(1, 13)] + ["2025-01"])
    assert list(grouped(months, "month"))[0] == "202401 to 202404"
