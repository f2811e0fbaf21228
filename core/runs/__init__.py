"""A run: the folder that holds its truth, and the process that fills it."""

from core.runs import housekeeping, jobs, kept_activations, queue, strategies
from core.runs.archive import archive
from core.runs.command import command_line
from core.runs.imported import SCALINGS, import_weights
from core.runs.plan import Plan, gigamacs, is_hastened, stage_steps
from core.runs.run import DIVERGED, Run, RunStatus, check_name, create_run, list_runs, open_run
from core.runs.seeds import differing_in_seed
from core.runs.shipped import pack, shipped_runs
from core.runs.sweeps import Sweep, Trial, list_sweeps, open_sweep, sweep_names

__all__ = [
    "DIVERGED",
    "SCALINGS",
    "Plan",
    "Run",
    "RunStatus",
    "Sweep",
    "Trial",
    "archive",
    "check_name",
    "command_line",
    "create_run",
    "differing_in_seed",
    "gigamacs",
    "housekeeping",
    "import_weights",
    "is_hastened",
    "jobs",
    "kept_activations",
    "list_runs",
    "list_sweeps",
    "open_run",
    "open_sweep",
    "pack",
    "queue",
    "shipped_runs",
    "stage_steps",
    "strategies",
    "sweep_names",
]
