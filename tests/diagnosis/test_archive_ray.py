"""An archive read by a Ray cluster of two nodes, one of which dies midway."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.dataset.demo import draw_chest
from core.diagnosis import read_archive, start_archive
from core.errors import UserError

FILMS = 96


@pytest.fixture
def archive(trained, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for number in range(FILMS):
        Image.fromarray(draw_chest(np.random.default_rng(number), "none")).save(films / f"{number}.png")
    return start_archive(films, tmp_path / "out", Path(trained.weights_path(1)), shard=8, anyway=True)


def test_a_cluster_reads_every_film_once_though_a_node_dies(archive, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (requirements-scale.txt)")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # so that it listens on 127.0.0.1 alone
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    try:
        done = []
        for shard, films in read_archive(archive, workers=2, cluster=cluster.address):
            done.append((shard, films))
            if len(done) == 3:
                cluster.remove_node(second, allow_graceful=False)
        rows = archive.answers().to_table(columns=["path"]).column("path").to_pylist()
        assert len(rows) == len(set(rows)) == FILMS and not archive.missing()
        assert {shard for shard, _ in done} == set(range(FILMS // 8))
        # Ray's statistics go to its makers; and the thread that gathers them upsets `ast` of CPython 3.11.
        assert not [thread.name for thread in threading.enumerate() if "usage" in thread.name]
    finally:
        cluster.shutdown()


def test_a_cluster_that_is_not_there_is_told(archive):
    with pytest.raises(UserError, match="Ray is not installed|There is no cluster at 127.0.0.1:1"):
        next(read_archive(archive, workers=2, cluster="127.0.0.1:1"))
