"""Runs that are the same but for their seed."""

import json

from core.runs.run import Run


def differing_in_seed(runs: list[Run]) -> list[list[Run]]:
    """Groups of at least two runs whose settings differ in the seed alone, in the order of `runs`."""
    groups = {}
    for run in runs:
        settings = {**run.settings().to_json(), "seed": None}
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(run)
    return [group for group in groups.values() if len({run.settings().seed for run in group}) > 1]
