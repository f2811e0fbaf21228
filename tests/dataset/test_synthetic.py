import time

import numpy as np
import pytest

from core.dataset import draw_chest_parts, open_dataset, write_synthetic_dataset
from core.dataset.synthetic import DEFAULT_IMAGES
from core.errors import UserError


def test_the_synthetic_set_has_the_published_layout_and_says_what_it_is(demo):
    dataset = open_dataset(demo)
    assert dataset.synthetic and "SYNTHETIC" in dataset.name
    assert dataset.problems == ()
    assert len(dataset.table) == 60
    assert set(dataset.table["cause"]) == {"none", "bacteria", "virus"}


def test_no_synthetic_patient_is_in_train_and_test(demo):
    table = open_dataset(demo).table
    train, test = (set(table.loc[table["split"] == split, "patient"]) for split in ("train", "test"))
    assert not train & test


def test_the_same_seed_draws_the_same_set(tmp_path):
    first, second = (write_synthetic_dataset(tmp_path / name, images=20, seed=4) for name in ("a", "b"))
    for path in first.rglob("*.jpeg"):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_the_lungs_of_a_drawn_chest_are_two_and_darker_than_the_tissue_between():
    chest = draw_chest_parts(np.random.default_rng(1), "none")
    left, right = chest.lungs[:, :128], chest.lungs[:, 128:]
    assert min(left.mean(), right.mean()) > 0.15 and not chest.lungs[:, 126:130].any()
    assert chest.pixels[chest.lungs].mean() < chest.pixels[60:180, 120:136].mean()


def test_a_quarter_of_the_usual_set_is_drawn_in_ten_seconds_of_a_processor(tmp_path):
    began = time.process_time()
    write_synthetic_dataset(tmp_path / "demo", images=DEFAULT_IMAGES // 4)
    assert time.process_time() - began < 10


def test_a_folder_in_use_and_silly_numbers_are_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="not an empty folder"):
        write_synthetic_dataset(tmp_path)
    with pytest.raises(UserError, match="between 20 and 20,000"):
        write_synthetic_dataset(tmp_path / "new", images=3)
    assert (tmp_path / "file").read_text() == "mine"
