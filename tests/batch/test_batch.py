"""A batch job is processed shard by shard; whatever crashes, every image has one row in the end."""

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bundled_run import BUNDLED_WEIGHTS
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.anatomy import shared_lung_finder
from core.batch import (
    BatchJob,
    matching_rows,
    open_batch,
    results_at,
    results_csv,
    run_batch,
    start_batch,
    write_summary,
)
from core.batch.shard import ShardTask, process_shard
from core.dataset.synthetic import draw_chest
from core.errors import UserError
from core.images import read_image
from core.inference import load_predictor
from core.weights import update_record

PROJECT = Path(__file__).resolve().parents[2]
IMAGES = 10


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A folder tree with images, a DICOM file without extension, a damaged image and other files."""
    root = tmp_path_factory.mktemp("source")
    (root / "2024/03").mkdir(parents=True)
    for number in range(IMAGES):
        cause = ("bacteria", "none")[number % 2]
        image = Image.fromarray(draw_chest(np.random.default_rng(number), cause))
        image.save(root / "2024/03" / f"image{number}.png")
    (root / "cut.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (root / "notes.txt").write_text("no image")
    (root / ".hidden.png").write_bytes(b"")
    if shutil.which("img2dcm"):
        image.save(root / "image.bmp")
        subprocess.run(["img2dcm", "-i", "BMP", root / "image.bmp", root / "IM000001"], check=True)
        change = [
            "dcmodify",
            "-nb",
            "-i",
            "Modality=CR",
            "-i",
            "PatientName=Doe^Jane",
            "-i",
            "PatientAge=003Y",
        ]
        subprocess.run([*change, root / "IM000001"], check=True)
        (root / "image.bmp").unlink()
    return root


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory) -> Path:
    return Path(shutil.copy(trained.weights_path(1), tmp_path_factory.mktemp("model") / "model.h5"))


@pytest.fixture(scope="module")
def finished(source, model, tmp_path_factory) -> BatchJob:
    """A job that two processes have worked on, which no test changes."""
    job = start_batch(source, tmp_path_factory.mktemp("finished") / "out", model, shard_size=4, anyway=True)
    assert sum(count for _, count in run_batch(job, workers=2)) == job.image_count()
    return job


def rows_of(job: BatchJob) -> pd.DataFrame:
    return job.predictions().to_table().to_pandas().set_index("path").sort_index()


def test_every_image_has_the_prediction_it_has_alone_or_a_reason(finished, source, model):
    job, rows = finished, rows_of(finished)
    assert len(rows) == job.image_count() and not job.missing_shards()
    assert rows.index.is_unique and "notes.txt" not in rows.index and ".hidden.png" not in rows.index
    assert "cut.jpeg is not an image" in rows.loc["cut.jpeg", "error"]
    assert pd.isna(rows.loc["cut.jpeg", "label"])
    predicted = rows.drop("cut.jpeg")
    alone = load_predictor(model).predict([read_image(source / path) for path in predicted.index])
    assert list(predicted["label"]) == [prediction.label for prediction in alone]
    assert np.allclose(predicted["probability"], [prediction.probability for prediction in alone], atol=1e-6)
    lungs = shared_lung_finder().find([read_image(source / path) for path in predicted.index])
    for name in ("box", "left_area", "right_area", "quality"):
        for stored, found in zip(predicted[f"lung_{name}"], lungs, strict=True):
            assert np.array_equal(stored, found.values()[name])
    assert list(predicted["sha256"]) == [read_image(source / path).sha256 for path in predicted.index]
    if "IM000001" in rows.index:
        assert list(rows.loc["IM000001", ["modality", "age"]]) == ["CR", "003Y"]
        assert not any(b"Jane" in path.read_bytes() for path in job.path.rglob("*.*"))


def test_a_second_start_processes_only_the_missing_shards_and_a_third_meanwhile_is_refused(
    source, model, tmp_path
):
    job = start_batch(source, tmp_path / "out", model, shard_size=4)
    for shard in range(job.shard_count()):
        process_shard(ShardTask(job.path, shard))
    assert not job.missing_shards()
    for shard in (1, 2):
        job.shard_path(shard).unlink()
    before = job.shard_path(0).stat().st_mtime_ns
    running = run_batch(start_batch(source, tmp_path / "out", model))
    first, _ = next(running)
    with pytest.raises(UserError, match="Another process writes to"):
        next(run_batch(job))
    assert {first, *(shard for shard, _ in running)} == {1, 2} and not job.missing_shards()
    assert job.shard_path(0).stat().st_mtime_ns == before
    summary = write_summary(job)
    assert summary.processed == job.image_count() and sum(summary.errors.values()) == 1
    assert summary.positives + summary.negatives + sum(summary.withheld.values()) == summary.processed - 1
    assert sum(summary.histogram) == summary.positives + summary.negatives - summary.unscored
    assert json.loads((job.path / "summary.json").read_text())["films"] == job.image_count()
    assert "<svg" in (job.path / "summary.html").read_text()


def test_an_image_unlike_those_tested_has_its_number_only_as_a_raw_one(real, tmp_path, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    chest = read_image(next((real / "test/NORMAL").iterdir())).pixels
    (tmp_path / "images").mkdir()
    for name, factor in (("home", 1.0), ("bright", 1.6)):
        pixels = np.clip(factor * chest.astype(float), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    weights = BUNDLED_WEIGHTS
    job = start_batch(tmp_path / "images", tmp_path / "out", weights)
    process_shard(ShardTask(job.path, 0))
    rows, summary = rows_of(job), write_summary(job)
    (prediction,) = load_predictor(weights).predict([read_image(tmp_path / "images/bright.png")])
    assert np.isnan(rows.loc["bright.png", ["probability", "calibrated"]].astype(float)).all()
    assert rows.loc["bright.png", "raw_probability"] == pytest.approx(prediction.probability, abs=1e-3)
    assert rows.loc["home.png", "calibrated"] > 0 and np.isnan(rows.loc["home.png", "raw_probability"])
    assert (summary.unscored, sum(summary.histogram)) == (1, 1)
    assert "Predictions without a percentage</td><td>1<" in (job.path / "summary.html").read_text()
    assert list(matching_rows(job, "all", "highest probability")) == [1, 0]  # the one without a score last
    assert b"bright.png" in results_csv(job, "all", "")


def test_results_are_filtered_and_sorted(finished):
    job, rows = finished, rows_of(finished).reset_index()

    def results(name, order, text=""):
        return results_at(job, name, text, matching_rows(job, name, order, text))

    def paths(*wanted):
        return [row["path"] for row in results(*wanted)]

    descending = [row["probability"] for row in results("all", "highest probability")]
    assert descending[:-1] == sorted(descending[:-1], reverse=True) and descending[-1] is None
    positive = results("pneumonia", "lowest probability")
    assert {row["path"] for row in positive} == set(rows.loc[rows["label"] == "PNEUMONIA", "path"])
    assert [row["probability"] for row in positive] == sorted(row["probability"] for row in positive)
    distances = [
        abs(row["probability"] - row["threshold"]) for row in results("all", "closest to the threshold")[:-1]
    ]
    assert distances == sorted(distances)
    assert paths("all", "path") == sorted(rows["path"])
    assert paths("unreadable", "path") == ["cut.jpeg"]
    assert paths("all", "path", "IMAGE3") == ["2024/03/image3.png"]
    table = pd.read_csv(io.BytesIO(results_csv(job, "all", "image")))
    assert sorted(table["path"]) == [path for path in sorted(rows["path"]) if "image" in path]

    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    app.session_state["batch"] = str(job.path)
    app.switch_page("pages/diagnosis/page.py").run()
    assert not app.exception and not app.error
    assert any(f"{len(rows)} of {len(rows)} images processed" in item.value for item in app.caption)
    app.text_input(key="batch").set_value("/nowhere").run()
    assert "contains no batch predictions" in app.error[0].value


def test_a_zip_and_a_list_are_processed_like_the_folder(source, model, tmp_path):
    paths = sorted(path for path in source.rglob("image*.png"))
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.relative_to(source))
    listed = pd.DataFrame({"number": range(len(paths) + 1), "path": [*map(str, paths), "/nowhere.png"]})
    listed.to_csv(tmp_path / "images.csv", index=False)
    listed[["path"]].to_parquet(tmp_path / "images.parquet")
    tables = {}
    for kind in ("zip", "csv", "parquet"):
        job = start_batch(tmp_path / f"images.{kind}", tmp_path / kind, model, anyway=True)
        process_shard(ShardTask(job.path, 0))  # what every worker does, without one
        assert not job.missing_shards()
        tables[kind] = rows_of(job)
    assert list(tables["zip"]["probability"]) == list(tables["csv"]["probability"].dropna())
    assert tables["csv"].equals(tables["parquet"])
    assert "does not exist" in tables["csv"].loc["/nowhere.png", "error"]


def test_other_settings_than_those_of_the_job_are_refused(source, model, tmp_path):
    start_batch(source, tmp_path / "out", model, shard_size=4)
    changed = Path(shutil.copy(model, tmp_path / "other.h5"))
    update_record(changed, threshold=0.3)
    for reason, arguments in {
        "another model or operating point": (source, tmp_path / "out", changed),
        "another source": (source / "2024", tmp_path / "out", model),
        "no --anyway": (source, tmp_path / "out", model, None, True),
        "4 images per shard": (source, tmp_path / "out", model, 5),
        "is inside the source": (source, source / "out", model),
        "contains no images": (tmp_path / "out", tmp_path / "empty", model),
        "cannot be read|is not a folder": (tmp_path / "none", tmp_path / "none-out", model),
    }.items():
        with pytest.raises(UserError, match=reason):
            start_batch(*arguments)
    with pytest.raises(UserError, match="contains no batch predictions"):
        open_batch(tmp_path)


def test_an_image_that_crashes_its_process_is_retried_alone_and_reported(
    source, model, tmp_path, monkeypatch
):
    """Opening it ends the process at once, as a faulty decoder would."""
    images = shutil.copytree(source, tmp_path / "images")
    (images / "crash.png").write_bytes((images / "2024/03/image0.png").read_bytes())
    (tmp_path / "sitecustomize.py").write_text(
        "import io, os\noriginal = io.open\n"
        "def patched(path, *more, **options):\n"
        "    if str(path).endswith('crash.png'): os.abort()\n"
        "    return original(path, *more, **options)\n"
        "io.open = patched\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = start_batch(images, tmp_path / "out", model, shard_size=50, anyway=True)
    list(run_batch(job))
    rows = rows_of(job)
    assert len(rows) == job.image_count()
    assert "crashed the process twice" in rows.loc["crash.png", "error"]
    assert rows["label"].notna().sum() == job.image_count() - 2
    assert not list(job.path.rglob("*.now"))


def test_ten_kills_lose_and_duplicate_nothing(source, model, tmp_path):
    chance = random.Random(5)
    listed = tmp_path / "many.csv"
    images = sorted(map(str, source.rglob("image*.png")))
    links = tmp_path / "links"
    links.mkdir()
    names = []
    for number in range(120):
        names.append(links / f"{number:04}.png")
        names[-1].symlink_to(images[number % len(images)])
    listed.write_text("path\n" + "\n".join(map(str, names)))
    command = [sys.executable, "-m", "core", "batch", listed, "--out", tmp_path / "out", "--model", model]
    command = [*map(str, command), "--shard-size", "4", "--anyway"]
    kills = 0
    while kills < 10:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.5, 4))
        if process.poll() is not None:  # finished before it could be killed: start over
            shutil.rmtree(tmp_path / "out")
            continue
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    done = subprocess.run([*command, "--json"], cwd=PROJECT, capture_output=True, text=True)
    summary = json.loads(done.stdout)
    assert done.returncode == 0 and summary["processed"] == summary["read"] == 120
    rows = rows_of(open_batch(tmp_path / "out"))
    assert rows.index.is_unique and sorted(rows.index) == sorted(map(str, names))
