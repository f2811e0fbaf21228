"""Which validation images are followed, and what a run keeps of them."""

import numpy as np
from short_runs import tiny_settings

from core.runs import FOLLOWED_NAMES, create_run, followed_positions

LABELS = np.array([0] * 30 + [1] * 70)


def test_half_of_them_are_of_each_class():
    chosen = followed_positions(LABELS, seed=0)
    assert len(set(chosen)) == len(FOLLOWED_NAMES) == 8
    assert LABELS[chosen].tolist() == [0] * 4 + [1] * 4


def test_a_class_with_few_images_leaves_room_to_the_other():
    chosen = followed_positions(np.array([1] * 20 + [0]), seed=0)
    assert len(chosen) == 8 and chosen[0] == 20
    assert sorted(followed_positions(np.array([1, 0, 1]), seed=0)) == [0, 1, 2]


def test_the_seed_decides_and_nothing_else_is_drawn():
    state = np.random.get_state()[1].copy()
    first, again, other = (list(followed_positions(LABELS, seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert np.array_equal(np.random.get_state()[1], state)


def test_epochs_that_a_resumed_run_repeats_are_kept_once(tmp_path):
    run = create_run(tiny_settings(tmp_path), "resumed", tmp_path / "runs", tmp_path / "models")
    assert run.followed().empty
    for stage, epoch in ((1, 1), (1, 2), (2, 1), (2, 2)):
        run.append_epoch({"stage": stage, "epoch": epoch, "followed_1": 0.25 * epoch})
    run.truncate_history(2, 1, 0)
    run.append_epoch({"stage": 2, "epoch": 2, "followed_1": 0.75, "followed_8": 1.0})
    followed = run.followed()
    assert followed["followed_1"].tolist() == [0.25, 0.5, 0.25, 0.75]
    assert followed["followed_8"].dropna().tolist() == [1.0] and followed["epoch"].tolist() == [1, 2, 1, 2]
