"""A trainer is told in words what each epoch did."""

from core.runs import epoch_sentences
from tests.runs.histories import GOOD, epochs


def test_each_epoch_has_a_sentence_the_last_first():
    last, middle, first = epoch_sentences(epochs([1, 0.8, 0.7], [0.9, 0.6, 0.65], [GOOD] * 3))
    assert first.startswith("Stage 1, epoch 1: validation loss 0.900, the first of this stage")
    assert middle.startswith(
        "Stage 1, epoch 2: validation loss 0.600, down from 0.900; these weights are the"
    )
    assert last.startswith("Stage 1, epoch 3: validation loss 0.650, not better than 0.600.")
    assert last.endswith("Of the validation images, 18 of 20 PNEUMONIA and 9 of 10 NORMAL are recognised.")


def test_histories_without_counts_have_sentences_too():
    earlier = epochs([1.0], [0.9], [GOOD])
    earlier[["val_tn", "val_fp", "val_fn", "val_tp"]] = float("nan")
    assert epoch_sentences(earlier)[0].startswith("Stage 1, epoch 1: validation loss 0.900")
