"""A run: the folder that holds its truth, and the process that fills it."""

from core.runs import jobs, kept_activations
from core.runs.plan import Plan, gigamacs, stage_steps
from core.runs.run import Run, RunStatus, create_run, list_runs, open_run

__all__ = [
    "Plan",
    "Run",
    "RunStatus",
    "create_run",
    "gigamacs",
    "jobs",
    "kept_activations",
    "list_runs",
    "open_run",
    "stage_steps",
]
