"""A trainer is told what is unusual while a run trains, and what to do."""

import pytest

from core.runs import ALERTS, alerts
from core.runs.alerts import DISK, LOW_DISK, NO_PROGRESS, ONE_LABEL, OVERFITTING
from tests.runs.histories import GOOD, epochs

ROOM = LOW_DISK
FALLING = [1, 0.6, 0.4, 0.2]


def test_nothing_unusual_raises_no_alert():
    assert alerts(epochs([1, 0.8], [0.9, 0.6], [GOOD] * 2), ROOM) == {}
    assert alerts(epochs([], [], []), ROOM) == {}


@pytest.mark.parametrize(("matrix", "label"), [((10, 0, 20, 0), "NORMAL"), ((0, 10, 0, 20), "PNEUMONIA")])
def test_one_label_for_all_is_told(matrix, label):
    raised = alerts(epochs([1.0], [0.9], [matrix]), ROOM)
    assert list(raised) == [ONE_LABEL]
    assert raised[ONE_LABEL].startswith(f"All validation images are predicted {label}. In the first epochs")


@pytest.mark.parametrize(
    ("losses", "validation", "expected"),
    [
        (FALLING, [0.5, 0.55, 0.6, 0.58], OVERFITTING),
        (FALLING, [0.5, 0.54, 0.6, 0.7], NO_PROGRESS),  # one of them less than a tenth above the best
        ([1, 1.1, 1.2, 0.9], [0.5, 0.6, 0.7, 0.8], NO_PROGRESS),  # the training loss does not fall
        (FALLING[:3], [0.5, 0.6, 0.7], None),  # too early to tell
        ([*FALLING, 0.1], [0.5, 0.6, 0.7, 0.8, 0.4], None),  # a new best
    ],
)
def test_a_validation_loss_that_stays_above_its_best_is_told(losses, validation, expected):
    raised = alerts(epochs(losses, validation, [GOOD] * len(losses)), ROOM)
    assert list(raised) == [expected] * bool(expected)


def test_an_alert_says_what_happened_and_what_to_do():
    text = alerts(epochs(FALLING, [0.5, 0.6, 0.7, 0.8], [GOOD] * 4), ROOM)[OVERFITTING]
    assert "has risen from 0.500 to 0.800 while the training loss falls" in text
    assert "The best weights are kept, so you can stop the run." in text


def test_only_the_stage_in_training_counts():
    history = epochs(FALLING, [0.5, 0.6, 0.7, 0.8], [GOOD] * 4)
    history.loc[3, "stage"] = 2
    assert alerts(history, ROOM) == {}


def test_a_disk_that_is_nearly_full_is_told_before_the_first_epoch():
    text = alerts(epochs([], [], []), LOW_DISK // 4)[DISK]
    assert text.startswith("The disk is nearly full: 0.5 GiB is free. Free some space")


def test_histories_without_counts_raise_no_alert_about_them():
    earlier = epochs([1.0], [0.9], [GOOD])
    earlier[["val_tn", "val_fp", "val_fn", "val_tp"]] = float("nan")
    assert alerts(earlier, ROOM) == {}


def test_every_alert_is_a_sentence_with_advice():
    for alert in ALERTS:
        assert alert.rule.endswith(".") and alert.finding.endswith(".") and alert.advice.endswith(".")
        assert "{" not in alert.advice
