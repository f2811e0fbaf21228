"""A Ray cluster of two nodes on this machine, without the processes for people: dashboard, logs, scaling."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

LEAN = {"num_cpus": 1, "include_log_monitor": False}


@contextmanager
def two_nodes() -> Iterator[tuple]:
    """The cluster and its second node, which may be removed."""
    ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-scale.txt)")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # so that it listens on 127.0.0.1 alone
        head = {**LEAN, "include_dashboard": False, "no_monitor": True}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            yield cluster, cluster.add_node(**LEAN)
        finally:
            ray.shutdown()
            cluster.shutdown()
