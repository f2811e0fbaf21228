"""Validation without one of the classes: case 19 of what the field throws at the product."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.cli.main import main
from core.config import TrainingSettings, preset
from core.dataset import audit, few_validation_images, open_dataset, rows_by_role, save_cohort
from core.errors import UserError

NORMALS = ["IM-0001-0001", "IM-0002-0001", "NORMAL2-IM-0003-0001", "NORMAL2-IM-0004-0001"]
PNEUMONIA = {  # by what they show: file names of train/PNEUMONIA
    "one bacterial and one viral child": ["person1_bacteria_1", "person1_bacteria_2", "person2_virus_3"],
    "the same person number with both": ["person1_bacteria_1", "person1_virus_2"],
    "two children of one kind": ["person1_virus_1", "person2_virus_2"],
    "one known and one unknown": ["person1_bacteria_1", "scan"],
    "two unknown": ["scan", "other"],
    "three of three kinds": ["person1_bacteria_1", "person2_virus_2", "scan"],
    "one of a kind beside several": ["person1_bacteria_1", *[f"person{n}_virus_1" for n in range(2, 8)]],
}


def folder_of(folder, pneumonia, normals=NORMALS):
    """A data set of noise, all of whose files differ."""
    noise = np.random.default_rng(0)
    names = {"train/NORMAL": normals, "train/PNEUMONIA": pneumonia}
    names |= {"test/NORMAL": ["IM-0009-0001"], "test/PNEUMONIA": ["person9_virus_1"]}
    for place, stems in names.items():
        (folder / place).mkdir(parents=True)
        for stem in stems:
            Image.fromarray(noise.integers(0, 255, (64, 64), np.uint8)).save(folder / place / f"{stem}.png")
    return folder


@pytest.mark.parametrize("pneumonia", PNEUMONIA.values(), ids=PNEUMONIA)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5])
def test_19_training_and_validation_hold_both_classes(pneumonia, seed, fraction, own_home, tmp_path):
    dataset = open_dataset(folder_of(tmp_path / "set", pneumonia))
    rows_of = rows_by_role(dataset, TrainingSettings(seed=seed, validation_fraction=fraction))
    for role in ("training", "validation"):
        assert set(dataset.labels[rows_of[role]]) == {0, 1}, role
    patients = {role: set(dataset.table["patient"].iloc[rows]) - {""} for role, rows in rows_of.items()}
    assert not patients["training"] & patients["validation"]


def test_19_a_patient_with_images_of_both_classes_stays_on_one_side(own_home, tmp_path):
    names = [f"case{n}" for n in range(8)]
    folder = folder_of(
        tmp_path / "set", [f"{name}-ill" for name in names], [f"{name}-well" for name in names]
    )
    rows = [f"train/NORMAL/{name}-well.png,{name}" for name in names]
    rows += [f"train/PNEUMONIA/{name}-ill.png,{name}" for name in names]
    (folder / "patients.csv").write_text("path,patient\n" + "\n".join(rows))
    dataset = open_dataset(folder)
    for seed in range(4):
        rows_of = rows_by_role(dataset, TrainingSettings(seed=seed, validation_fraction=0.3))
        sides = [set(dataset.table["patient"].iloc[rows_of[role]]) for role in ("training", "validation")]
        assert len(sides[0]) + len(sides[1]) == len(names) and not sides[0] & sides[1]
        assert all(set(dataset.labels[rows_of[role]]) == {0, 1} for role in ("training", "validation"))


def test_19_two_patients_who_both_have_both_classes_are_divided(own_home, tmp_path):
    folder = folder_of(tmp_path / "set", ["person1_bacteria_1", "person2_virus_2"], ["c", "d"])
    pairs = {"NORMAL/c": "one", "NORMAL/d": "two"}
    pairs |= {"PNEUMONIA/person1_bacteria_1": "one", "PNEUMONIA/person2_virus_2": "two"}
    rows = [f"train/{path}.png,{patient}" for path, patient in pairs.items()]
    (folder / "patients.csv").write_text("path,patient\n" + "\n".join(rows))
    dataset = open_dataset(folder)
    rows_of = rows_by_role(dataset, TrainingSettings())
    assert all(set(dataset.labels[rows_of[role]]) == {0, 1} for role in ("training", "validation"))


@pytest.fixture
def spare(own_home, tmp_path):
    """Few patients, of whom a cohort leaves normals alone for validation."""
    folder = folder_of(tmp_path / "set", PNEUMONIA["one bacterial and one viral child"])
    dataset = open_dataset(folder)
    held_out = rows_by_role(dataset, TrainingSettings())["validation"]
    ill = held_out[dataset.labels[held_out] == 1]
    save_cohort(dataset, "without", np.setdiff1d(np.arange(len(dataset.table)), ill))
    return dataset


def test_19_train_and_sweep_refuse_before_a_run_exists(spare, own_home, tmp_path, capsys):
    options = ["--preset", "quick", "--weights", "none", "--set", "cohort=without"]
    assert main(["train", "--data", str(spare.root), *options]) == 2
    assert "leaves only one class, or no images, for validation" in capsys.readouterr().err
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f'preset = "quick"\ndata = "{spare.root}"\n[settings]\nweights = "none"\n'
        '[values]\ncohort = ["without"]'
    )
    assert main(["sweep", str(plan)]) == 2
    assert "leaves only one class, or no images, for validation" in capsys.readouterr().err
    assert not (own_home / "runs").exists()


def test_19_few_images_of_a_class_are_told(spare, demo):
    rows_of = rows_by_role(spare, TrainingSettings())
    assert " PNEUMONIA" in few_validation_images(spare, rows_of)
    enough = {**rows_of, "validation": np.repeat(np.arange(len(spare.table)), 10)}
    assert few_validation_images(spare, enough) == ""


def test_19_the_audit_tells_of_validation(spare, own_home, tmp_path):
    finding = {item.name: item for item in audit(spare)}["small_validation"]
    assert finding.count == 2 and finding.facts["validation_images"]["PNEUMONIA"] in (1, 2)
    alone = open_dataset(folder_of(tmp_path / "alone", ["person1_virus_1", "person1_virus_2"]))
    finding = {item.name: item for item in audit(alone)}["small_validation"]
    assert finding.count == 1 and "at least 2 are needed" in str(finding.examples[0])
    with pytest.raises(UserError, match="at least 2 are needed"):
        rows_by_role(alone, replace(preset("quick").settings(), data=str(alone.root)))
