"""A trainer is told in words what each epoch did, and what is unusual."""

import pandas as pd
import pytest

from core.runs import alarms, epoch_sentences


def epochs(losses, validation, matrices):
    return pd.DataFrame(
        [
            {
                "stage": 1,
                "epoch": number,
                "loss": loss,
                "val_loss": val_loss,
                **dict(zip(("val_tn", "val_fp", "val_fn", "val_tp"), matrix, strict=True)),
            }
            for number, (loss, val_loss, matrix) in enumerate(
                zip(losses, validation, matrices, strict=True), start=1
            )
        ]
    )


GOOD = (9, 1, 2, 18)


def test_each_epoch_has_a_sentence_the_last_first():
    last, middle, first = epoch_sentences(epochs([1, 0.8, 0.7], [0.9, 0.6, 0.65], [GOOD] * 3))
    assert first.startswith("Stage 1, epoch 1: validation loss 0.900, the first of this stage")
    assert middle.startswith(
        "Stage 1, epoch 2: validation loss 0.600, down from 0.900; these weights are the"
    )
    assert last.startswith("Stage 1, epoch 3: validation loss 0.650, not better than 0.600.")
    assert last.endswith("Of the validation images, 18 of 20 PNEUMONIA and 9 of 10 NORMAL are recognised.")


def test_nothing_unusual_raises_no_alarm():
    assert alarms(epochs([1, 0.8], [0.9, 0.6], [GOOD] * 2)) == []
    assert alarms(epochs([], [], [])) == []


@pytest.mark.parametrize(("matrix", "label"), [((10, 0, 20, 0), "NORMAL"), ((0, 10, 0, 20), "PNEUMONIA")])
def test_one_label_for_all_is_told(matrix, label):
    (alarm,) = alarms(epochs([1.0], [0.9], [matrix]))
    assert alarm.startswith(f"All validation images are predicted {label}.")


@pytest.mark.parametrize(
    ("losses", "words"), [([1, 0.6, 0.4, 0.2], "by heart"), ([1, 1.1, 1.2, 1.3], "does not fall either")]
)
def test_no_progress_is_told_with_what_the_training_loss_does(losses, words):
    (alarm,) = alarms(epochs(losses, [0.5, 0.6, 0.7, 0.8], [GOOD] * 4))
    assert "has not improved for 3 epochs" in alarm and words in alarm


def test_histories_without_counts_raise_no_alarm_about_them():
    earlier = epochs([1.0], [0.9], [GOOD])
    earlier[["val_tn", "val_fp", "val_fn", "val_tp"]] = float("nan")
    assert alarms(earlier) == []
    assert epoch_sentences(earlier)[0].startswith("Stage 1, epoch 1: validation loss 0.900")
