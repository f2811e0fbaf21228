import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from core.cli.main import commands
from core.config import preset
from core.dataset import Exclusions, open_dataset, read_exclusions, rows_by_role
from core.errors import UserError


@pytest.fixture
def folder(demo, own_home, tmp_path):
    """The synthetic set with two images of a tested patient in training."""
    copy = shutil.copytree(demo, tmp_path / "set")
    images = sorted((copy / "train/NORMAL").glob("*.jpeg"))
    shutil.copy(images[0], copy / "train/NORMAL/IM-7777-0001.jpeg")
    shutil.copy(images[1], copy / "train/NORMAL/IM-7777-0002.jpeg")
    shutil.copy(images[2], copy / "test/NORMAL/IM-7777-0003.jpeg")
    return copy


def test_choices_are_kept_with_the_set_from_the_terminal(folder):
    assert read_exclusions(folder) == Exclusions()
    for words, expected in (
        (["--leave-out", "copies", "--leave-out", "test-patients"], Exclusions(True, True)),
        (["--leave-out", "nothing"], Exclusions()),
    ):
        result = CliRunner().invoke(commands, ["audit", str(folder), *words], standalone_mode=False)
        assert result.exception is None
        assert read_exclusions(folder) == expected


def test_patients_of_test_are_left_out_of_training_and_validation(folder):
    dataset = open_dataset(folder)
    settings = preset("seed").settings(data=str(folder))
    whole, without = (
        rows_by_role(dataset, item) for item in (settings, replace(settings, without_test_patients=True))
    )
    patients = dataset.table["patient"]
    tested = {*without["test"]}
    assert tested == {*whole["test"]}
    gone = {role: {*whole[role]} - {*without[role]} for role in ("training", "validation")}
    assert set(patients.iloc[sorted(gone["training"] | gone["validation"])]) == {"IM-7777"}
    assert len(gone["training"] | gone["validation"]) == 2


def test_a_class_that_is_left_out_whole_is_said(folder):
    for path in (folder / "train/NORMAL").glob("*.jpeg"):
        shutil.copy(path, folder / "test/NORMAL")
    settings = preset("seed").settings(data=str(folder), without_test_patients=True)
    with pytest.raises(
        UserError, match="patients who are in test leaves only one class, or no images, for training"
    ):
        rows_by_role(open_dataset(folder), settings)
