"""Runs that take seconds: their settings, the wait for their end, what their figures must equal."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.architecture import VGG19, Layer
from core.config import TrainingSettings, preset
from core.config.processor import bfloat16_unit
from core.runs import Run, create_run, jobs
from core.weights import Arrays

# How near the compiled model comes to what Keras said in training: a probability, and metrics as a share.
# Where both round to bfloat16, they do so at different places (`core.diagnosis.load_predictor`).
NEAR, NEARLY = (1e-4, 1e-3) if bfloat16_unit() == "none" else (0.01, 0.02)
NARROW = VGG19.at_width(1 / 8)  # the fewest channels with which stages gain from the Winograd convolution


def tiny_settings(folder: Path, **changes) -> TrainingSettings:
    """Settings of a run of a narrow network that touches everything and takes seconds a stage."""
    settings = preset("quick").settings(data=str(folder), weights="none", width=NARROW.width, epochs=1)
    settings = replace(settings, optimizer="sgd", momentum=0.9, learning_rate=1e-5)
    settings = replace(settings, batch_size=4, steps=(2, 2, 1), train_limit=8, validation_limit=8)
    return replace(settings, **changes)


def random_weights(layers: Iterable[Layer], seed: int = 0) -> Arrays:
    """Kernels and biases of these layers by name; kernels as in an untrained network (He et al. 2015)."""
    random, arrays = np.random.default_rng(seed), {}
    for layer in layers:
        spread = np.float32(np.sqrt(2 / np.prod(layer.kernel[:-1])))
        kernel = spread * random.standard_normal(layer.kernel, np.float32)
        arrays[layer.name] = (kernel, np.zeros(layer.kernel[-1], np.float32))
    return arrays


@contextmanager
def one_thread() -> Iterator[None]:
    """What is started meanwhile trains on one thread.

    Sums of float32 have one order there, so that equal work gives equal bits.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            patch.setenv(name, "1")
        yield


@contextmanager
def noted(run: Run, sentence: str) -> Iterator[None]:
    """The run has a note meanwhile."""
    before = run.status().notes
    run.add_status_note(sentence)
    try:
        yield
    finally:
        run.write_state(notes=before)


def wait_until(condition: Callable[[], object], seconds: float = 600) -> None:
    """Wait until something is true; the longer it takes, the less often it is looked at."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        assert waited < seconds, "it never came true"
        time.sleep(min(1, max(0.05, waited / 50)))


def finished(settings: TrainingSettings, folder: Path, name: str) -> Run:
    """A run in `folder`, once its process has ended; it publishes to `folder / "models"`."""
    run = create_run(settings, name, folder / "runs", folder / "models")
    jobs.start(run)
    wait_for(run)
    return run


def wait_for(run: Run, seconds: float = 600) -> None:
    """Wait until the run's process has ended, and its status says why."""
    deadline = time.monotonic() + seconds
    while jobs.may_change(run) or jobs.is_active(run):
        assert time.monotonic() < deadline, run.log_tail()
        time.sleep(0.2)


def suspend(run: Run) -> list[psutil.Process]:
    """Suspend the training process with its children, if it lives; returns them, to be resumed."""
    identity = run.process()
    process = identity.process() if identity else None
    return suspend_family(process) if process else []


def suspend_family(process: psutil.Process) -> list[psutil.Process]:
    """Suspend a process with its children; returns them, to be resumed."""
    family = [process, *process.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.suspend()
    return family


def resume(family: Iterable[psutil.Process]) -> None:
    """Let suspended processes go on."""
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.resume()


@contextmanager
def halted(run: Run, message: str = "") -> Iterator[None]:
    """The run stands still meanwhile, at a moment at which its status begins with `message`."""
    deadline, family = time.monotonic() + 600, []
    try:
        while not (family and run.status().message.startswith(message)):  # also once it stands
            assert time.monotonic() < deadline, run.status().message
            resume(family)
            time.sleep(0.02)  # a narrow stage is soon over
            family = suspend(run) if run.status().message.startswith(message) else []
        yield
    finally:
        resume(family)


@contextmanager
def slowed(run: Run) -> Iterator[None]:
    """The run trains a quarter of the time meanwhile, so that a browser that watches it gets the machine."""
    over = threading.Event()

    def brake() -> None:
        while not over.wait(0.1):
            family = suspend(run)
            over.wait(0.3)
            resume(family)

    thread = threading.Thread(target=brake)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def delete_occlusion_tests(run: Run) -> None:
    """Delete the occlusion tests that another test left with a run."""
    for path in (run.path / "predictions").glob("second_look_*"):
        path.unlink()


def assert_same_metrics(found: dict, expected: dict, rel: float = 1e-6) -> None:
    """Compare what `core.evaluation.evaluate` returns.

    Where another program answered than the one that trained (`rel` above 1e-4), images that a hardly trained
    model answers all but alike may change places: on the few images of these tests that moves an area.
    """
    found, expected = dict(found), dict(expected)
    assert found.pop("confusion_matrix") == expected.pop("confusion_matrix")
    assert set(found) == set(expected)
    for name, value in expected.items():
        swaps = 0.05 if rel > 1e-4 and name in ("auc", "average_precision") else None
        assert found[name] == (value if value is None else pytest.approx(value, rel=rel, abs=swaps)), name
