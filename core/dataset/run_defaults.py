"""What a data set itself decides about a new run, unless the run's own settings say otherwise."""

from dataclasses import asdict
from typing import Any

from core.config import TrainingSettings
from core.dataset.dataset import Dataset
from core.dataset.exclusions import read_exclusions
from core.dataset.reviewed_labels import current_labels


def settings_of_new_runs(dataset: Dataset, resumed: TrainingSettings | None = None) -> dict[str, Any]:
    """Training settings by name: the exclusions chosen after an audit, and the labels as reviewed so far.

    Args:
        dataset: to train on.
        resumed: settings of what is resumed, if anything: what was chosen and reviewed since does not change
            it.
    """
    exclusions = asdict(read_exclusions(dataset.root))
    decided = exclusions | {"label_version": current_labels(dataset.table).version}
    return {name: getattr(resumed, name) for name in decided} if resumed else decided
