import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from core.cli.main import commands
from core.config import preset
from core.dataset import (
    EXCLUDED,
    current_labels,
    label_reviews,
    open_dataset,
    review_counts,
    review_label,
    rows_by_role,
    settings_of_new_runs,
    withdraw_reviews,
    write_synthetic_dataset,
)
from core.dataset.label_reviews import _path
from core.dataset.reviewed_labels import ReviewedLabels
from core.errors import UserError
from core.training.data import RunData

READER = "Dr Lee", "clear infiltrate"


@pytest.fixture
def dataset(demo, own_home):
    return open_dataset(demo)


def said(*words: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(commands, ["labels", *words], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def of_training(dataset, label: str) -> int:
    """An image that the default settings train on."""
    rows = rows_by_role(dataset, preset("seed").settings())["training"]
    return int(next(row for row in rows if dataset.table["label"].iloc[row] == label))


def test_two_readers_disagree_the_latest_counts_and_both_are_kept(dataset, demo):
    image = dataset.table["path"].iloc[0]
    for label, reader in (("PNEUMONIA", "Dr Lee"), ("NORMAL", "Dr Roy")):
        said("review", str(demo), image, label, "--reader", reader, "--reason", "seen again")
    listed = said("list", str(demo))
    assert "Dr Roy: seen again" in listed and "Dr Lee" not in listed
    assert "Version 2. Reviewed labels: 1 confirmed, 0 changed, 0 excluded; readers disagree on 1." in listed
    assert "Dr Lee" in said("list", str(demo), "--all")
    said("undo", str(demo), dataset.table["sha256"].iloc[0], "--reader", "Dr Roy", "--reason", "mixed up")
    assert "No label of demo (SYNTHETIC) counts as reviewed" in said("list", str(demo))
    assert len(label_reviews()) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["review", "x.jpeg", "NORMAL", "--reader", "A", "--reason", "b"], "x.jpeg is no image of"),
        (["review", "IMAGE", "VIRUS", "--reader", "A", "--reason", "b"], "'VIRUS' is not one of"),
        (["review", "IMAGE", "NORMAL", "--reader", " ", "--reason", "b"], "reader's name has 1 to 80"),
        (["review", "IMAGE", "NORMAL", "--reader", "A", "--reason", ""], "needs a reason of 1 to 300"),
        (["undo", "IMAGE", "--reader", "A", "--reason", "b"], "has no review that could be undone"),
    ],
)
def test_a_review_without_an_image_a_label_a_reader_or_a_reason_is_refused(dataset, demo, words, sentence):
    words = [dataset.table["path"].iloc[0] if word == "IMAGE" else word for word in words]
    with pytest.raises(Exception, match=sentence):
        said(words[0], str(demo), *words[1:])
    assert label_reviews().empty


def test_a_run_trains_on_the_version_that_it_names_and_is_tested_on_published_labels(dataset):
    changed, left_out = of_training(dataset, "NORMAL"), of_training(dataset, "PNEUMONIA")
    tested = int(np.flatnonzero(dataset.table["split"] == "test")[0])
    before = settings_of_new_runs(dataset)
    review_label(dataset, changed, "PNEUMONIA", *READER)
    review_label(dataset, left_out, EXCLUDED, *READER)
    review_label(dataset, tested, EXCLUDED, *READER)
    after = settings_of_new_runs(dataset)
    review_label(dataset, changed, EXCLUDED, *READER)
    assert (before["label_version"], after["label_version"]) == (None, 3)
    published, reviewed = (
        RunData.select(dataset, preset("seed").settings(**settings)) for settings in (before, after)
    )
    assert set(published.training.rows) - set(reviewed.training.rows) == {left_out}
    assert list(reviewed.validation.rows) == list(published.validation.rows)
    row = reviewed.training.table.loc[changed]
    assert (row["label"], row["published"]) == ("PNEUMONIA", "NORMAL")
    assert tested in reviewed.test.rows and "published" not in reviewed.test.table
    assert published.training.label_digest() != reviewed.training.label_digest()
    with pytest.raises(UserError, match="no version 9 of the reviewed labels here: the last one is 4"):
        rows_by_role(dataset, preset("seed").settings(label_version=9))


def test_a_reader_who_corrects_or_withdraws_disagrees_with_nobody(dataset):
    for outcome, reader in (("PNEUMONIA", "Dr Lee"), (EXCLUDED, "Dr Lee"), ("PNEUMONIA", "Dr Roy")):
        review_label(dataset, 0, outcome, reader, "seen again")
        assert ("disagree" in review_counts(label_reviews())) == (reader == "Dr Roy")
    withdraw_reviews(dataset, 0, "Dr Roy", "mixed up")
    review_label(dataset, 0, "NORMAL", "Dr Roy", "seen again")
    assert review_counts(label_reviews()).endswith("0 excluded.")


def test_where_no_review_counts_the_labels_are_as_published(dataset, demo, tmp_path):
    other = write_synthetic_dataset(tmp_path / "other", images=20, seed=1)
    review_label(open_dataset(other), 0, EXCLUDED, *READER)
    review_label(dataset, 0, EXCLUDED, *READER)
    assert set(current_labels(dataset.table).outcomes) == {dataset.table["sha256"].iloc[0]}
    withdraw_reviews(dataset, 0, *READER)
    assert current_labels(dataset.table) == ReviewedLabels()


def test_an_image_that_has_since_changed_and_other_data_sets_are_not_concerned(dataset, demo, tmp_path):
    row = of_training(dataset, "NORMAL")
    review_label(dataset, row, EXCLUDED, *READER)
    copy = shutil.copytree(demo, tmp_path / "set")
    (copy / dataset.table["path"].iloc[row]).write_bytes(
        (demo / dataset.table["path"].iloc[row]).read_bytes() + b"\0"
    )
    assert current_labels(open_dataset(copy).table).version is None
    other = open_dataset(copy)
    review_label(other, row, "PNEUMONIA", *READER)
    assert current_labels(dataset.table).version == 1 and current_labels(other.table).version == 2


def test_readers_who_review_at_the_same_time_lose_nothing_and_nothing_can_be_changed(dataset):
    with ThreadPoolExecutor(8) as readers:
        versions = list(readers.map(lambda row: review_label(dataset, row, "NORMAL", *READER), range(8)))
    assert sorted(versions) == list(range(1, 9)) == list(label_reviews()["version"])
    withdraw_reviews(dataset, 0, *READER)
    assert len(current_labels(dataset.table).outcomes) == 7
    _path().write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"label-reviews.sqlite cannot be used.*backup"):
        label_reviews()
