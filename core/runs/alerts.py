"""Alerts: what somebody who watches a run should know of it, when each is raised, and what to do then.

`ALERTS` declares all of them. The training process itself raises `DIVERGED`, which ends the run; the others
are found by `alerts` in what the run has written, so they cost it nothing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation import only_label
from core.sentence import Sentence, joined, template

PATIENCE = 3  # epochs
OVERFITTED = 0.1  # rise of the validation loss above its best, as a share of it
LOW_DISK = 2 * 2**30  # bytes: the largest checkpoint, best weights and their published copy fit


@dataclass(frozen=True)
class Alert:
    """One alert.

    Attributes:
        title: in the documentation.
        rule: when it is raised.
        finding: what has happened, a sentence with fields of `str.format`.
        advice: what to do.
    """

    title: str
    rule: str
    finding: str
    advice: str

    def text(self, **fields: object) -> str:
        """Finding, with its fields filled in, and advice."""
        return joined([Sentence(self.finding, **fields), Sentence(self.advice)], " ")


DIVERGED = Alert(
    "Training diverged",  # so its message begins
    "The loss of a training step or of the validation is NaN or infinite. The run ends.",
    template("Training diverged: the loss is no longer a number at a learning rate of {rate:g}."),
    template("Lower the learning rate and start again."),
)
ONE_LABEL = Alert(
    "One label",
    "After the last epoch, all validation images are predicted the same label.",
    template("All validation images are predicted {label}."),
    template(
        "In the first epochs this is usual; if it stays so, train for more epochs or raise the learning rate."
    ),
)
OVERFITTING = Alert(
    "Over-fitting",
    f"In each of the last {PATIENCE} epochs, the validation loss was at least {OVERFITTED:.0%} above the "
    "best of the stage, and the mean of their training losses is below that of the best epoch.",
    template(
        "The validation loss has risen from {best:.3f} to {loss:.3f} while the training loss falls: the "
        "model learns the training images by heart."
    ),
    template(
        "The best weights are kept, so you can stop the run. Train the next one with more images, stronger "
        "augmentation or fewer trained layers."
    ),
)
NO_PROGRESS = Alert(
    "No progress",
    f"The validation loss has had no new best in the stage for {PATIENCE} epochs, without over-fitting.",
    template("The validation loss has not improved for {epochs} epochs."),
    template(
        "The best weights are kept. Let the learning rate drop, or stop the run and start one with another "
        "rate."
    ),
)
DISK = Alert(
    "Disk nearly full",
    f"Less than {LOW_DISK / 2**30:.0f} GiB is free on the disk of the run.",
    template("The disk is nearly full: {free:.1f} GiB is free."),
    template(
        "Free some space while the run goes on. If the disk fills, the run fails; what was saved is kept, "
        "and it can be resumed."
    ),
)
ALERTS = (DIVERGED, ONE_LABEL, OVERFITTING, NO_PROGRESS, DISK)


def alerts(epochs: pd.DataFrame, free: int) -> dict[Alert, str]:
    """The alerts of a run that trains, with their texts; {} if nothing is unusual.

    Args:
        epochs: the run's history by epoch.
        free: bytes on its disk.
    """
    raised = {}
    if free < LOW_DISK:
        raised[DISK] = DISK.text(free=free / 2**30)
    if epochs.empty:
        return raised
    last = epochs.iloc[-1]
    if label := only_label([[last["val_tn"], last["val_fp"]], [last["val_fn"], last["val_tp"]]]):
        raised[ONE_LABEL] = ONE_LABEL.text(label=label)
    of_stage = epochs[epochs["stage"] == last["stage"]]
    validation, training = of_stage["val_loss"].to_numpy(float), of_stage["loss"].to_numpy(float)
    best = int(np.argmin(validation))
    since = len(of_stage) - 1 - best
    if since < PATIENCE:
        return raised
    rises = validation[-PATIENCE:].min() >= (1 + OVERFITTED) * validation[best]
    if rises and training[-PATIENCE:].mean() < training[best]:
        raised[OVERFITTING] = OVERFITTING.text(loss=validation[-1], best=validation[best])
    else:
        raised[NO_PROGRESS] = NO_PROGRESS.text(epochs=since)
    return raised
