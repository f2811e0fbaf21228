import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from core.cli.main import commands
from core.config import preset
from core.dataset import Choices, choices, open_dataset, rows_by_role
from core.errors import UserError


@pytest.fixture
def folder(demo, own_home, tmp_path):
    """The synthetic set with two films of a tested patient in training."""
    copy = shutil.copytree(demo, tmp_path / "set")
    films = sorted((copy / "train/NORMAL").glob("*.jpeg"))
    shutil.copy(films[0], copy / "train/NORMAL/IM-7777-0001.jpeg")
    shutil.copy(films[1], copy / "train/NORMAL/IM-7777-0002.jpeg")
    shutil.copy(films[2], copy / "test/NORMAL/IM-7777-0003.jpeg")
    return copy


def test_choices_are_kept_with_the_set_from_the_terminal(folder):
    assert choices(folder) == Choices()
    for words, expected in (
        (["--leave-out", "copies", "--leave-out", "test-patients"], Choices(True, True)),
        (["--leave-out", "nothing"], Choices()),
    ):
        result = CliRunner().invoke(commands, ["audit", str(folder), *words], standalone_mode=False)
        assert result.exception is None
        assert choices(folder) == expected


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
    with pytest.raises(UserError, match="patients of test leaves no film of one class for training"):
        rows_by_role(open_dataset(folder), settings)
