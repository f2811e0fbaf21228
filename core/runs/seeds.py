"""Runs that differ only in their seed."""

import json

from core.runs.folder import Run


def differing_in_seed(runs: list[Run]) -> list[list[Run]]:
    """Groups of at least two runs whose settings differ only in the seed, in the order of `runs`."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        settings = {**run.settings().to_json(), "seed": None}
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(run)
    return [group for group in groups.values() if len({run.settings().seed for run in group}) > 1]
