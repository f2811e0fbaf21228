"""What happened in a run, for somebody who watches it: a sentence for each epoch."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE


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
            change = "the first of this stage" if best == np.inf else _change(loss, best)
            note = "; these weights are the best so far" if loss < best < np.inf else ""
            best = min(best, loss)
            sentences.append(
                f"Stage {stage}, epoch {row['epoch']}: validation loss {loss:.3f}, {change}{note}. "
                f"{_recognised(row)}"
            )
    return sentences[::-1]


def _change(loss: float, best: float) -> str:
    if loss < best:
        return f"down from {best:.3f}"
    return f"not better than {best:.3f}"


def _recognised(row: dict) -> str:
    """What share of each class is recognised; "" in histories of earlier versions, which have no counts."""
    counts = [row[f"val_{name}"] for name in ("tn", "fp", "fn", "tp")]
    if any(pd.isna(count) for count in counts):
        return ""
    tn, fp, fn, tp = map(int, counts)
    return (
        f"Of the validation images, {tp} of {tp + fn} {CLASS_NAMES[POSITIVE]} and {tn} of {tn + fp} "
        f"{CLASS_NAMES[1 - POSITIVE]} are recognised."
    )
