"""Giving a run another name, and deleting one."""

import os
import secrets
import shutil

from core.errors import UserError
from core.runs import lock, queue
from core.runs.run import Run, check_name
from core.weights import change_record, read_record


def rename(run: Run, name: str) -> Run:
    """Give a run that neither trains nor waits another name; its weights files bear it, too.

    Raises:
        UserError: the name is taken or not allowed, or the run is at work.
    """
    check_name(name)
    if name == run.name:
        return run
    target = Run(run.path.parent / name)
    own = _taken(run)
    try:
        for stage in run.evaluation():
            files = [run.weights_path(int(stage)), run.model_folder() / run.stage(int(stage)).file]
            for path in files:
                if path.exists() and read_record(path).run == run.name:
                    change_record(path, run=name)
        if target.path.exists():
            raise UserError(f"There is a run {name} already. Choose another name.")
        os.rename(run.path, target.path)
    finally:
        os.close(own)
    return target


def delete(run: Run) -> None:
    """Delete a run that neither trains nor waits, with its weights; what it published stays.

    Raises:
        UserError: it is at work.
    """
    own = _taken(run)
    try:
        gone = run.path.with_name(f".deleted-{secrets.token_hex(4)}")  # in one step, whatever happens next
        os.rename(run.path, gone)
        shutil.rmtree(gone, ignore_errors=True)
    finally:
        os.close(own)


def _taken(run: Run) -> int:
    """The run's lock, so that it cannot start meanwhile."""
    waits = run.name in queue.waiting(run.path.parent)
    own = None if waits else lock.acquire(run.lock_path)
    if own is None:
        raise UserError(f"{run.name} is {run.status().state}; stop it first.")
    return own
