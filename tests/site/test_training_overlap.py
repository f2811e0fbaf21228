"""The same patient in training and in a hospital's images, by other images."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.config import environment
from core.dataset import open_dataset, rows_by_role
from core.images import read_header
from core.inference import Reader, bundled_models
from core.inference.ensemble_reference import EnsembleReference
from core.inference.loading import load_network
from core.inference.reference import Reference
from core.inference.reference_fitting import compute_reference
from core.site import digest, measure, open_local_images, read_local_images
from core.site.training_overlap import TrainedOn
from tests.dicom_peers import dicom_image
from tests.short_runs import tiny_settings


def save(path: Path, number: int, patient: str) -> None:
    image = dicom_image(number)
    image.PatientID = patient
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(path, enforce_file_format=True)


@pytest.fixture
def reader(narrow_bundle, own_home, tmp_path) -> Reader:
    """A model with a reference of twenty DICOM files of ten patients, as training on them leaves it."""
    for number in range(20):
        label = ("NORMAL", "PNEUMONIA")[number % 2]
        save(tmp_path / f"set/train/{label}/IM-0001-{number:04}.dcm", number, f"P{number // 2}")
    for label in ("NORMAL", "PNEUMONIA"):
        save(tmp_path / f"set/test/{label}/IM-0001-0001.dcm", 100, "T")
    dataset = open_dataset(tmp_path / "set")
    roles = rows_by_role(dataset, tiny_settings(tmp_path))
    (model,) = bundled_models()
    reference = compute_reference(load_network(model.path), dataset, roles["training"], roles["validation"])
    reference.save(tmp_path / "reference.npz")
    reader = Reader.of(model)
    reader.reference = Reference.load(tmp_path / "reference.npz")
    return reader


def test_images_of_patients_of_training_are_left_out_and_counted(reader, tmp_path, own_home):
    trained_on = sorted(reader.reference.training_images)[0]
    paths = [path for path in (tmp_path / "set/train").rglob("*.dcm") if digest(str(path)) == trained_on]
    (tmp_path / "here/NORMAL").mkdir(parents=True)
    shutil.copy(paths[0], tmp_path / "here/NORMAL/copy.dcm")
    save(tmp_path / "here/NORMAL/other.dcm", 200, pydicom.dcmread(paths[0]).PatientID)
    save(tmp_path / "here/PNEUMONIA/unknown.dcm", 201, "somebody else")
    local = open_local_images(tmp_path / "here")
    for _ in range(2):  # read, then kept
        (readings,) = read_local_images(local, [reader])
        counts = measure(readings).counts
        assert (counts.in_training, counts.patient_in_training, counts.files) == (1, 1, 3)
        assert "on other images of the patient" in " ".join(counts.titled())
    reader.reference = EnsembleReference((reader.reference, replace(reader.reference, patients=None)))
    assert read_local_images(local, [reader])[0].table["patient_in_training"].sum() == 2


def test_who_they_are_is_in_no_file_and_another_home_says_that_it_cannot_tell(
    reader, tmp_path, own_home, monkeypatch
):
    patient = read_header(str(next((tmp_path / "set").rglob("*.dcm")))).patient_digest
    written = b"".join(path.read_bytes() for path in own_home.rglob("*") if path.is_file())
    with np.load(tmp_path / "reference.npz") as file:
        written += "".join(file["patients"]).encode()
    assert patient.encode() not in written and patient[:16].encode() not in written
    assert not any("recorded in another home" in sentence for sentence in TrainedOn.of(reader).unknown)
    monkeypatch.setenv(environment.HOME.name, str(tmp_path / "another"))
    assert "recorded in another home" in TrainedOn.of(reader).unknown[-1]


def test_patients_come_from_headers_and_are_the_same_in_every_home(reader, tmp_path, monkeypatch):
    dataset = open_dataset(tmp_path / "set")
    train = dataset.table[dataset.table["split"] == "train"]
    assert train["patient"].nunique() == 10 and (train.groupby("patient").size() == 2).all()
    assert dataset.problems == () and train["patient"].str.startswith("dicom-").all()
    monkeypatch.setenv(environment.HOME.name, str(tmp_path / "another"))
    again = open_dataset(tmp_path / "set")
    assert again.fingerprint == dataset.fingerprint
    assert list(again.table["patient"]) == list(dataset.table["patient"])
    assert not set(again.table["pseudonym"]) & set(dataset.table["pseudonym"])
