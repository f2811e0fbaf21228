import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.dataset import write_synthetic_dataset

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]


def test_the_smallest_benchmark_runs_to_its_end(tmp_path, monkeypatch):
    """All that `make bench` measures, so few times that the figures say nothing."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")  # which hides the bundled model from tests
    data = write_synthetic_dataset(tmp_path / "images", images=160)
    command = [sys.executable, "-m", "benchmarks", "--smallest", "--data", str(data)]
    bench = subprocess.run(
        [*command, "--out", str(tmp_path / "measured.json")], cwd=PROJECT, capture_output=True, text=True
    )
    assert bench.returncode == 0, bench.stderr[-3000:]
    assert "| stage 3, images/s |" in bench.stdout
    measured = json.loads((tmp_path / "measured.json").read_text())
    assert measured["model"].startswith("the bundled model")
    assert all(ratio > 0 for name, ratio in measured["ratios"].items() if name != "bfloat16")
    agreement = measured["agreement"][measured["model"]]
    assert all(precision["unexcused"] == 0 for precision in agreement.values())
