"""A sweep on a Ray cluster of two nodes: a run on each, and what a lost node leaves behind."""

import pytest
from ray_nodes import two_nodes
from short_runs import tiny_settings

from core.config import TrainingSettings
from core.errors import UserError
from core.runs import open_sweep
from core.training.sweep import run_sweep
from core.training.sweep_cluster import ClusterTrainer
from core.training.sweep_plan import SweepPlan

pytestmark = pytest.mark.slow


def plan(settings: TrainingSettings) -> SweepPlan:
    return SweepPlan("far", settings, "grid", 2, (0,), {"momentum": [0.0, 0.5]}, prune=False, cpus=1)


def test_trials_run_in_parallel_and_a_lost_one_is_resumed(demo, own_home, monkeypatch):
    tiny = plan(tiny_settings(demo, stages=(1,)))
    with two_nodes() as (nodes, second):
        far = ClusterTrainer(nodes.address, 1)
        assert far.parallel_trials == 2
        monkeypatch.setattr(far, "is_busy", _losing(far, nodes, second))
        sweep = run_sweep(tiny, far)
        states = [sweep.state(trial) for trial in sweep.trials]
        assert sorted(states) in (["died", "finished"], ["finished", "finished"])
        sweep = run_sweep(tiny, ClusterTrainer(nodes.address, 1))
        assert [sweep.state(trial) for trial in sweep.trials] == ["finished", "finished"]
        assert open_sweep("far") == sweep


def _losing(far: ClusterTrainer, nodes, second):
    """`is_busy` that removes the second node once both runs are training."""
    ask, lost = far.is_busy, []

    def busy(run) -> bool:
        is_busy = ask(run)
        started = [one for one in run.path.parent.glob("far-*") if (one / "process.json").exists()]
        if len(started) == 2 and not lost:
            lost.append(nodes.remove_node(second, allow_graceful=False))
        return is_busy

    return busy


def test_a_cluster_that_does_not_answer_is_reported():
    with pytest.raises(UserError, match="Ray is not installed|There is no cluster at 127.0.0.1:1"):
        ClusterTrainer("127.0.0.1:1", 2)
