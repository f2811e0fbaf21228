"""What a data set itself decides about a new run, unless the run's own settings say otherwise."""

from dataclasses import asdict
from typing import Any

from core.dataset.dataset import Dataset
from core.dataset.exclusions import read_exclusions
from core.dataset.reviewed_labels import current_labels


def settings_of_new_runs(dataset: Dataset) -> dict[str, Any]:
    """Training settings by name: the exclusions chosen after an audit, and the labels as reviewed so far."""
    exclusions = asdict(read_exclusions(dataset.root))
    return exclusions | {"label_version": current_labels(dataset.table).version}
