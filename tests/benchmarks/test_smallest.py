import json
import multiprocessing

import pytest

from benchmarks import worker
from benchmarks.__main__ import main
from core.dataset import write_synthetic_dataset

pytestmark = pytest.mark.slow


@pytest.fixture
def preloaded(monkeypatch):
    """Workers are forks of one process that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras", "core.inference", "benchmarks.studio_way"])
    monkeypatch.setattr(worker, "CONTEXT", context)


def test_the_smallest_benchmark_runs_to_its_end(preloaded, home, tmp_path, monkeypatch, capsys):
    """All that `make bench` measures, so few times that the figures say nothing."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(home))  # which the benchmark changes
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")  # which hides the bundled model from tests
    data, out = write_synthetic_dataset(tmp_path / "images", images=160), tmp_path / "measured.json"
    main(["--smallest", "--data", str(data), "--out", str(out)], standalone_mode=False)
    assert "| stage 3, images/s |" in capsys.readouterr().out
    measured = json.loads(out.read_text())
    assert measured["model"].startswith("the bundled model")
    assert all(ratio > 0 for name, ratio in measured["ratios"].items() if name != "bfloat16")
    assert measured["pages"] is None or measured["pages"]["dataset"] > 0
    agreement = measured["agreement"][measured["model"]]
    assert all(precision["unexcused"] == 0 for precision in agreement.values())
