"""What tests share: a home of their own, a synthetic set, one real training run, real X-rays if present."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from core.config import preset
from core.dataset import write_demo
from core.runs import Run, create_run, jobs

REAL = Path(__file__).resolve().parents[2] / "shared" / "chest_xray"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory) -> Path:
    """Runs, data and weights of the tests, away from the user's."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["PNEUMONIA_STUDIO_HOME"] = str(folder)
    return folder


@pytest.fixture
def own_home(tmp_path, monkeypatch) -> Path:
    """A home for one test that needs an empty one."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture(scope="session")
def demo(home) -> Path:
    """A small synthetic set."""
    return write_demo(home / "data" / "demo", images=60)


@pytest.fixture(scope="session")
def real() -> Path:
    """Real X-rays."""
    if not REAL.is_dir():
        pytest.skip("the real X-rays are not on this machine")
    return REAL


def tiny_settings(folder: Path, **changes):
    """Settings of a run that touches everything and takes seconds a stage."""
    settings = preset("quick").settings(data=str(folder), weights="none", epochs=2)
    settings = replace(settings, batch_size=8, steps=(2, 2, 1), train_limit=16, validation_limit=8)
    return replace(settings, **changes)


def wait_for(run: Run, seconds: float = 240) -> None:
    """Wait until the run's process has ended."""
    deadline = time.monotonic() + seconds
    while jobs.is_active(run):
        assert time.monotonic() < deadline, run.log_tail()
        time.sleep(0.2)


def assert_same_metrics(found: dict, expected: dict, rel: float = 1e-6) -> None:
    """Compare what `core.evaluation.evaluate` returns."""
    found, expected = dict(found), dict(expected)
    assert found.pop("confusion_matrix") == expected.pop("confusion_matrix")
    assert found == pytest.approx(expected, rel=rel)


@pytest.fixture(scope="session")
def trained(demo, home) -> Run:
    """A finished run of all three stages, in its own process, with its weights published."""
    run = create_run(tiny_settings(demo), name="trained")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.status().message + run.log_tail()
    return run
