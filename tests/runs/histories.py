"""Histories of runs as tests write them down."""

import pandas as pd

GOOD = (9, 1, 2, 18)  # a confusion matrix: TN, FP, FN, TP


def epochs(losses: list[float], validation: list[float], matrices: list[tuple]) -> pd.DataFrame:
    """Epochs of stage 1, from their losses and their confusion matrices on validation."""
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
