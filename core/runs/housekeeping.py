"""Renaming and deleting runs."""

import os
import secrets
import shutil

from core.errors import UserError
from core.roles import Role, takes
from core.runs import lock, queue
from core.runs.create import check_free, check_name
from core.runs.folder import Run
from core.sentence import Sentence
from core.weights import read_record, update_record


@takes(Role.TRAINER)
def rename(run: Run, name: str) -> Run:
    """Rename a run that is neither training nor queued, also in the records of its weights files.

    Raises:
        UserError: the name is taken, also by a bundled run, or not allowed, or the run is training or queued.
    """
    check_name(name)
    if name == run.name:
        return run
    target = Run(run.path.parent / name)
    run_lock = _locked(run)
    try:
        check_free(name, run.path.parent)
        for stage in run.results.evaluation():
            files = [run.weights_path(int(stage)), run.stage(int(stage)).path_in(run.model_folder())]
            for path in files:
                if path.exists() and read_record(path).run == run.name:
                    update_record(path, run=name)
        os.rename(run.path, target.path)
    finally:
        os.close(run_lock)
    return target


@takes(Role.TRAINER)
def delete(run: Run) -> None:
    """Delete a run that is neither training nor queued, with its weights; published weights stay.

    Raises:
        UserError: the run is training or queued.
    """
    run_lock = _locked(run)
    try:
        deleted = run.path.with_name(f".deleted-{secrets.token_hex(4)}")
        os.rename(run.path, deleted)  # atomic, so that no half-deleted run is left behind
        shutil.rmtree(deleted, ignore_errors=True)
    finally:
        os.close(run_lock)


def _locked(run: Run) -> int:
    """Take the run's lock, so that it cannot start meanwhile; returns the file descriptor."""
    queued = run.name in queue.names(run.path.parent)
    descriptor = None if queued else lock.acquire(run.lock_path)
    if descriptor is None:
        raise UserError(
            Sentence("{name} is {state}; stop it first.", name=run.name, state=run.status().state)
        )
    return descriptor
