"""A promotion and a rollback while a batch and the DICOM node run: each finishes with what it began with."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest
from dicom_peers import PROJECT, Node, dicom_image, eventually, store
from PIL import Image
from promotions import promote_unchecked
from pydicom.dataset import FileDataset
from short_runs import resume, suspend_family

from core import config
from core.batch import BatchJob, open_batch
from core.dataset.synthetic import draw_chest
from core.dicom_node.queued_images import QueuedImage
from core.registry import active_model, rollback

IMAGES = 12


@pytest.fixture
def titles(trained, own_home, monkeypatch) -> tuple[str, str]:
    """Two registered versions, of which the second can replace the first, which is active, in a moment.

    They come without a reference: that of eight validation images would withhold some results.
    """
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)  # hard links
    (config.runs_folder() / "mine" / "references").rename(own_home / "elsewhere")
    later = promote_unchecked("mine/2")
    first = promote_unchecked("mine/3")
    return first.title, later.title


@contextmanager
def halted(pid: int) -> Iterator[None]:
    """The process and its children stand still meanwhile, in the middle of what they do."""
    family = suspend_family(psutil.Process(pid))
    try:
        yield
    finally:
        resume(family)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for number in range(IMAGES):
        drawing = draw_chest(np.random.default_rng(number), ("bacteria", "none")[number % 2])
        Image.fromarray(drawing).save(folder / f"{number:02}.png")
    return folder


@contextmanager
def batch(source: Path, out: Path, *options: str, code: int = 0) -> Iterator[subprocess.Popen]:
    """The command in its own process, which ends with this exit code."""
    command = [sys.executable, "-m", "core", "batch", source, "--out", out, "--shard-size", "1", *options]
    with subprocess.Popen(
        [*map(str, command), "--anyway"], cwd=PROJECT, stdout=subprocess.DEVNULL
    ) as process:
        yield process
    assert process.returncode == code


def models_of(job: BatchJob) -> list[str]:
    """What each row of a batch names as its model."""
    return job.predictions().to_table(columns=["model"]).column("model").to_pylist()


def finished_shards(out: Path) -> int:
    return len(list((out / "shards").glob("*.parquet")))


def test_a_batch_finishes_with_the_model_it_began_with_and_the_next_one_takes_the_new_one(
    titles, source, tmp_path
):
    first = active_model().model.identity
    out = tmp_path / "out"
    with batch(source, out) as process:
        eventually(lambda: finished_shards(out))
        with halted(process.pid):
            later = promote_unchecked(titles[1]).model.identity
            assert open_batch(out).missing_shards(), "the batch ended too soon for this test"
    assert models_of(open_batch(out)) == [str(first)] * IMAGES != [str(later)] * IMAGES
    assert open_batch(out).predictions().count_rows() == IMAGES

    next_one = tmp_path / "next"  # goes on after a rollback, and after it was interrupted
    with batch(source, next_one, code=-signal.SIGKILL) as process:
        eventually(lambda: finished_shards(next_one))
        with halted(process.pid):
            assert rollback("tests").model.identity == first
            before = finished_shards(next_one)
        eventually(lambda: finished_shards(next_one) > before)
        process.kill()
    assert 0 < open_batch(next_one).predictions().count_rows() < IMAGES
    with batch(source, next_one):
        pass
    assert models_of(open_batch(next_one)) == [str(later)] * IMAGES


@pytest.fixture
def node(titles, own_home) -> Iterator[Node]:
    """A node of that home, which keeps its results."""
    node = Node(own_home, "--study-timeout", "2").start()
    yield node
    assert node.stop() == 0


def reports(node: Node, images: list[FileDataset]) -> list[set[str]]:
    """The texts of the report of each image that has one, among them which model gave it."""
    keys = [QueuedImage(image.SOPInstanceUID, "", 0).key for image in images]
    paths = [node.home / "node/results" / key / "finding.dcm" for key in keys]
    return [texts(path) for path in paths if path.exists()]


def texts(path: Path) -> set[str]:
    return {item.value for item in pydicom.dcmread(path).iterall() if item.keyword == "TextValue"}


def test_the_node_finishes_a_study_with_the_model_it_began_with_and_asks_the_new_one_next(titles, node):
    first = active_model().model.identity
    begun = [dicom_image(number, "begun") for number in range(IMAGES)]
    assert set(store(node.port, *begun)) == {0}
    eventually(lambda: reports(node, begun))
    waiting = dicom_image(100, "waiting")
    with halted(node.pid):
        assert len(reports(node, begun)) < IMAGES, "the node was done too soon for this test"
        later = promote_unchecked(titles[1]).model.identity
    assert store(node.port, waiting) == [0]
    eventually(lambda: reports(node, [waiting]))
    assert [str(first) in report for report in reports(node, begun)] == [True] * IMAGES
    assert [str(later) in report for report in reports(node, [waiting])] == [True]

    begun = [dicom_image(200 + number, "begun again") for number in range(IMAGES)]
    after = dicom_image(300, "after")
    assert set(store(node.port, *begun)) == {0}
    eventually(lambda: reports(node, begun))
    with halted(node.pid):
        assert len(reports(node, begun)) < IMAGES
        assert rollback("tests").model.identity == first
    assert store(node.port, after) == [0]
    eventually(lambda: reports(node, [after]))
    assert [str(later) in report for report in reports(node, begun)] == [True] * IMAGES
    assert [str(first) in report for report in reports(node, [after])] == [True]
    counts = node.counts()
    assert (counts.received, counts.processed, counts.failed) == (2 * IMAGES + 2, 2 * IMAGES + 2, 0)

    image = dicom_image(400, "incomplete")  # it waits while the model is replaced
    assert store(node.port, image) == [0]
    with halted(node.pid):
        promote_unchecked(titles[1])
        assert not reports(node, [image])
    eventually(lambda: reports(node, [image]))
    assert [str(later) in report for report in reports(node, [image])] == [True]
