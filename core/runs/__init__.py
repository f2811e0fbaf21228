"""Runs: folders that hold everything about a training run, the queue, and the scheduler that trains it."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.runs import cached_activations, housekeeping, jobs, lock, queue, strategies
    from core.runs.account import epoch_sentences
    from core.runs.alerts import ALERTS, DIVERGED, Alert, alerts
    from core.runs.bundled import all_runs, bundled_runs, pack
    from core.runs.command import command_line
    from core.runs.create import as_run_name, check_name, create_run, list_runs, open_run
    from core.runs.estimate import WorkEstimate, gigamacs, stage_steps, uses_winograd
    from core.runs.export import export_run
    from core.runs.folder import Run
    from core.runs.followed import NAMES as FOLLOWED_NAMES
    from core.runs.followed import followed_positions
    from core.runs.imported import SCALINGS, import_weights, removed_on_failure
    from core.runs.process import ProcessIdentity
    from core.runs.results import Results
    from core.runs.seeds import differing_in_seed
    from core.runs.status import RunStatus
    from core.runs.sweeps import TRIAL_OVER, Sweep, Trial, list_sweeps, open_sweep, sweep_names
    from core.runs.training_process import kill_if_overdue, start_process

__all__ = [
    "ALERTS",
    "DIVERGED",
    "FOLLOWED_NAMES",
    "SCALINGS",
    "Alert",
    "ProcessIdentity",
    "Results",
    "Run",
    "RunStatus",
    "Sweep",
    "TRIAL_OVER",
    "Trial",
    "WorkEstimate",
    "alerts",
    "all_runs",
    "bundled_runs",
    "cached_activations",
    "check_name",
    "command_line",
    "as_run_name",
    "create_run",
    "differing_in_seed",
    "epoch_sentences",
    "export_run",
    "followed_positions",
    "gigamacs",
    "housekeeping",
    "import_weights",
    "jobs",
    "kill_if_overdue",
    "list_runs",
    "list_sweeps",
    "lock",
    "open_run",
    "open_sweep",
    "pack",
    "queue",
    "removed_on_failure",
    "stage_steps",
    "start_process",
    "strategies",
    "sweep_names",
    "uses_winograd",
]

open_door(__name__)
