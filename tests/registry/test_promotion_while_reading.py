"""A promotion and a rollback while a batch and the DICOM node run: each finishes with what it began with."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_peers import PROJECT, Node, dicom_image, eventually, store
from PIL import Image
from promotions import promote_unchecked
from pydicom.dataset import FileDataset

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


@pytest.fixture
def held(tmp_path, monkeypatch) -> Path:
    """A folder for holds: who opens NAME for the nth time writes into NAME-n there, and waits for its end."""
    (folder := tmp_path / "held").mkdir()
    (tmp_path / "sitecustomize.py").write_text(
        "import collections, contextlib, io, os, time\n"
        "original, openings = io.open, collections.Counter()\n"
        "def patched(path, *more, **options):\n"
        "    name = os.path.basename(str(path))\n"
        "    openings[name] += 1\n"
        f"    hold = f'{folder}/{{name}}-{{openings[name]}}'\n"
        "    with contextlib.suppress(FileNotFoundError), original(hold, 'r+') as file:\n"
        "        file.write('reached')\n"
        "    while os.path.exists(hold):\n"
        "        time.sleep(0.05)\n"
        "    return original(path, *more, **options)\n"
        "io.open = patched\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return folder


def release(held: Path) -> None:
    """Let all go on."""
    for hold in held.iterdir():
        hold.unlink()


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for number in range(IMAGES):
        drawing = draw_chest(np.random.default_rng(number), ("bacteria", "none")[number % 2])
        Image.fromarray(drawing).save(folder / f"{number:02}.png")
    return folder


@contextmanager
def batch(source: Path, out: Path, held: Path, code: int = 0) -> Iterator[subprocess.Popen]:
    """The command in its own process, which reads the first image alone meanwhile; its exit code."""
    for number in range(1, IMAGES):
        (held / f"{number:02}.png-1").touch()
    command = [sys.executable, "-m", "core", "batch", source, "--out", out, "--shard-size", "1", "--anyway"]
    with subprocess.Popen([*map(str, command)], cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            release(held)
    assert process.returncode == code


def models_of(job: BatchJob) -> list[str]:
    """What each row of a batch names as its model."""
    return job.predictions().to_table(columns=["model"]).column("model").to_pylist()


def finished_shards(out: Path) -> int:
    return len(list((out / "shards").glob("*.parquet")))


def test_a_batch_finishes_with_the_model_it_began_with_and_the_next_one_takes_the_new_one(
    titles, source, held, tmp_path
):
    first = active_model().model.identity
    out = tmp_path / "out"
    with batch(source, out, held):
        eventually(lambda: finished_shards(out))
        later = promote_unchecked(titles[1]).model.identity
        assert len(open_batch(out).missing_shards()) == IMAGES - 1
    assert models_of(open_batch(out)) == [str(first)] * IMAGES != [str(later)] * IMAGES
    assert open_batch(out).predictions().count_rows() == IMAGES

    next_one = tmp_path / "next"  # goes on after a rollback, and after it was interrupted
    with batch(source, next_one, held, code=-signal.SIGKILL) as process:
        eventually(lambda: finished_shards(next_one))
        assert rollback("tests").model.identity == first
        (held / "01.png-1").unlink()
        eventually(lambda: finished_shards(next_one) == 2)
        process.kill()
        assert open_batch(next_one).predictions().count_rows() == 2
    with batch(source, next_one, held):
        pass
    assert models_of(open_batch(next_one)) == [str(later)] * IMAGES


@pytest.fixture
def node(titles, held, own_home) -> Iterator[Node]:
    """A node of that home, which keeps its results."""
    node = Node(own_home, "--study-timeout", "2").start()
    yield node
    release(held)
    assert node.stop() == 0


def key(image: FileDataset) -> str:
    """What the node calls an image's files."""
    return QueuedImage(image.SOPInstanceUID, "", 0).key


def reports(node: Node, images: list[FileDataset]) -> list[set[str]]:
    """The texts of the report of each image that has one, among them which model gave it."""
    paths = [node.home / "node/results" / key(image) / "finding.dcm" for image in images]
    return [texts(path) for path in paths if path.exists()]


def texts(path: Path) -> set[str]:
    return {item.value for item in pydicom.dcmread(path).iterall() if item.keyword == "TextValue"}


def test_the_node_finishes_a_study_with_the_model_it_began_with_and_asks_the_new_one_next(titles, node, held):
    def hold(image: FileDataset, opening: int) -> Path:
        (path := held / f"{key(image)}.dcm-{opening}").touch()
        return path

    first = active_model().model.identity
    other, waiting, after = (dicom_image(number, f"study {number}") for number in (1, 2, 3))
    begun, again = (
        [dicom_image(start + number, f"study {start}") for number in range(IMAGES)] for start in (100, 200)
    )

    busy, answering, answering_again = hold(other, 1), hold(begun[1], 2), hold(again[1], 2)
    assert store(node.port, other) == [0]
    eventually(busy.read_text)
    assert set(store(node.port, *begun)) == {0}  # the node is busy, and takes the study as a whole
    busy.unlink()
    eventually(answering.read_text)
    assert len(reports(node, begun)) == 1
    assert store(node.port, waiting) == [0]  # while the model is replaced
    later = promote_unchecked(titles[1]).model.identity
    assert set(store(node.port, *again)) == {0}
    answering.unlink()
    eventually(answering_again.read_text)
    assert len(reports(node, again)) == 1
    assert rollback("tests").model.identity == first
    assert store(node.port, after) == [0]
    answering_again.unlink()

    total = 2 * IMAGES + 3
    eventually(lambda: node.counts().processed == total)
    assert (node.counts().received, node.counts().failed) == (total, 0)
    assert [str(first) in report for report in reports(node, [other, *begun])] == [True] * (IMAGES + 1)
    assert [str(later) in report for report in reports(node, [waiting, *again])] == [True] * (IMAGES + 1)
    assert [str(first) in report for report in reports(node, [after])] == [True]
