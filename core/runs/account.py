"""What happened in a run, for somebody who watches it: a sentence for each epoch."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.sentence import Sentence, joined


def epoch_sentences(epochs: pd.DataFrame) -> list[str]:
    """One sentence for each epoch, the last epoch first.

    Args:
        epochs: a run's history by epoch.
    """
    sentences = []
    for stage, rows in epochs.groupby("stage"):
        best = np.inf
        for row in rows.to_dict("records"):
            loss = float(row["val_loss"])
            sentence = Sentence(
                "Stage {stage}, epoch {epoch}: validation loss {loss:.3f}, {change}.",
                stage=stage,
                epoch=row["epoch"],
                loss=loss,
                change=_change(loss, best),
            )
            recognised = _recognised(row)
            sentences.append(joined([sentence, recognised], " ") if recognised else sentence)
            best = min(best, loss)
    return sentences[::-1]


def _change(loss: float, best: float) -> str:
    if best == np.inf:
        return Sentence("the first of this stage")
    if loss < best:
        return Sentence("down from {best:.3f}; these weights are the best so far", best=best)
    return Sentence("not better than {best:.3f}", best=best)


def _recognised(row: dict) -> str:
    """What share of each class is recognised; "" in histories of earlier versions, which have no counts."""
    counts = [row[f"val_{name}"] for name in ("tn", "fp", "fn", "tp")]
    if any(pd.isna(count) for count in counts):
        return ""
    tn, fp, fn, tp = map(int, counts)
    return Sentence(
        "Of the validation images, {tp} of {with_it} {positive} and {tn} of {without} {negative} are "
        "recognised.",
        tp=tp,
        with_it=tp + fn,
        positive=CLASS_NAMES[POSITIVE],
        tn=tn,
        without=tn + fp,
        negative=CLASS_NAMES[1 - POSITIVE],
    )
