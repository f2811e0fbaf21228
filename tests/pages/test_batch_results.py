"""Results of a batch job on the Diagnosis page while the job is still running."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from core.batch import BatchJob, start_batch
from core.batch.job import COLUMNS
from tests.pages.opened_page import opened, shown_table

pytestmark = pytest.mark.slow


@pytest.fixture
def job(narrow_bundle, own_home, demo, tmp_path) -> BatchJob:
    """A job of four images, each a shard, of which none is processed."""
    (tmp_path / "images").mkdir()
    for number, path in enumerate(sorted((demo / "test").rglob("*.jpeg"))[:4]):
        shutil.copy(path, tmp_path / "images" / f"image{number}.jpeg")
    (tmp_path / "model.h5").write_bytes(b"model")
    return begun(tmp_path)


def begun(folder: Path) -> BatchJob:
    return start_batch(folder / "images", folder / "out", folder / "model.h5", shard_size=1)


def process(job: BatchJob, probabilities: dict[int, float]) -> None:
    """Write the results of shards, as a worker does."""
    for shard, probability in probabilities.items():
        row = {"label": "PNEUMONIA", "probability": probability, "calibrated": probability, "model": "one"}
        row |= {"path": job.paths(shard)[0], "threshold": 0.5}
        pq.write_table(pa.Table.from_pylist([row], COLUMNS), job.shard_path(shard))


def shown(app: AppTest) -> list[str]:
    """The first digits of the names of the images that the page lists, in its order."""
    assert not app.exception and not app.error
    return [name.removeprefix("image")[0] for name in shown_table(app)["File"]]


def test_images_that_are_processed_meanwhile_are_listed_and_sorted(job):
    process(job, {1: 0.6, 3: 0.7})
    app = opened("diagnosis", batch=str(job.path))
    assert shown(app) == ["3", "1"]
    process(job, {0: 0.65, 2: 0.9})
    app.run()
    assert shown(app) == ["2", "3", "0", "1"]
    assert any("4 of 4 images processed" in caption.value for caption in app.caption)


def test_another_job_in_the_same_folder_is_sorted_by_its_own_results(job):
    process(job, {0: 0.9, 1: 0.8, 2: 0.7, 3: 0.6})
    app = opened("diagnosis", batch=str(job.path))
    assert shown(app) == ["0", "1", "2", "3"]
    shutil.rmtree(job.path)
    process(begun(job.path.parent), {0: 0.6, 1: 0.7, 2: 0.8, 3: 0.9})
    app.run()
    assert shown(app) == ["3", "2", "1", "0"]
