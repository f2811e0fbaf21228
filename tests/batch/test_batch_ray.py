"""A batch job on a Ray cluster of two nodes, one of which is lost midway."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ray_nodes import two_nodes

from core.batch import run_batch, start_batch
from core.dataset.synthetic import draw_chest
from core.errors import UserError

IMAGES = 96


@pytest.fixture
def job(trained, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(draw_chest(np.random.default_rng(0), "none")).save(images / "0.png")
    for number in range(1, IMAGES):
        shutil.copy(images / "0.png", images / f"{number}.png")
    return start_batch(images, tmp_path / "out", Path(trained.weights_path(1)), shard_size=8, anyway=True)


def test_a_cluster_processes_every_image_once_although_a_node_is_lost(job):
    with two_nodes() as (cluster, second):
        done = []
        for shard, count in run_batch(job, workers=2, cluster=cluster.address):
            done.append((shard, count))
            if len(done) == 3:
                cluster.remove_node(second, allow_graceful=False)
        rows = job.predictions().to_table(columns=["path"]).column("path").to_pylist()
        assert len(rows) == len(set(rows)) == IMAGES and not job.missing_shards()
        assert {shard for shard, _ in done} == set(range(IMAGES // 8))
        # Ray would send usage statistics; and the thread that collects them crashes `ast` of CPython 3.11.
        assert not [thread.name for thread in threading.enumerate() if "usage" in thread.name]


def test_a_missing_cluster_is_reported(job):
    with pytest.raises(UserError, match="Ray is not installed|There is no cluster at 127.0.0.1:1"):
        next(run_batch(job, workers=2, cluster="127.0.0.1:1"))
