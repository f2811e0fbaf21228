"""One file through every way in of a model that is framed by the lungs: the same pixels, the same answer."""

import hashlib
import io
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from framed_by_lungs import lenient_lung_network
from promotions import promote_unchecked
from short_runs import NEAR, tiny_settings, wait_for
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.anatomy import lung_network
from core.api import api_routes
from core.batch import run_batch, start_batch
from core.cli.main import main
from core.config import bundled_folder
from core.dataset import open_dataset
from core.dicom_node import ImageQueue, NodeSettings, Outbox, ScpSettings
from core.dicom_node.processing import current_model, process
from core.images import Image, network_input, read_image
from core.inference import Reader, model_warnings, occlusion_test, reference_of
from core.registry import checklist, find_model, golden_images
from core.runs import Run, create_run, jobs
from core.training.data import RunData
from core.weights import read_record
from pages.diagnosis.entries import Entry
from pages.diagnosis.uploads import Upload
from tests.images.dicom_files import sample, written
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lungs_home(tmp_path_factory) -> Path:
    """A home in which drawn chests have plausible lungs."""
    folder = tmp_path_factory.mktemp("framed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PNEUMONIA_STUDIO_HOME", str(folder))
        patch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(folder / "bundled"))
        lenient_lung_network(folder)
        yield folder


@pytest.fixture(scope="module")
def run(lungs_home, demo) -> Run:
    """A finished run that is framed by the lungs, promoted."""
    run = create_run(tiny_settings(demo, stages=(1,), framing="lungs", lung_margin=0.1), name="framed")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.status().message + run.log_tail()
    promote_unchecked("framed/1")
    return run


@pytest.fixture(scope="module")
def row(run, demo) -> int:
    """Row of a test image that has lungs."""
    dataset, predictor = open_dataset(demo), Reader(run.weights_path(1)).predictor
    for row in np.flatnonzero(dataset.table["split"] == "test"):
        (output,) = predictor.outputs([read_image(demo / dataset.table["path"][row])])
        if output.frame.framing == "lungs":
            return int(row)
    pytest.fail("no drawn test image has lungs")


@pytest.fixture(scope="module")
def path(row, demo) -> Path:
    """Its file."""
    return demo / open_dataset(demo).table["path"][row]


@pytest.fixture(scope="module")
def expected(run, row, demo) -> float:
    """Its probability as the evaluation of the run saved it."""
    table = run.results.predictions(1, "test").set_index("path")
    return float(table["probability"][open_dataset(demo).table["path"][row]])


def test_training_and_diagnosis_see_the_same_pixels(run, row, path, demo):
    reader, dataset = Reader(run.weights_path(1)), open_dataset(demo)
    (output,) = reader.predictor.outputs([read_image(path)])
    images = RunData.select(dataset, run.settings()).test
    position = np.flatnonzero(images.rows == row)
    assert np.array_equal(images.plain(position)[0], network_input(output.pixels[np.newaxis])[0])
    assert np.array_equal(reader.predictor.framed(dataset)[row], output.pixels)
    assert not np.array_equal(dataset.pixels[row], output.pixels)
    whole = RunData.select(dataset, tiny_settings(demo)).test
    assert images.cache_key(None) != whole.cache_key(None) and images.cache_key(0) != whole.cache_key(0)


def test_evaluation_terminal_batch_api_and_node_give_the_same_probability(
    run, path, expected, tmp_path, capsys
):
    assert main(["predict", str(path), "--anyway", "--json", "--heatmap", "--sharper-heatmap"]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["probability"] == pytest.approx(expected, abs=NEAR)
    assert said["framing"] == "lungs" and 0 <= said["heat_in_lungs"] <= 1
    assert said["sharper_heatmap"] != said["heatmap"] and 0 <= said["sharper_in_lungs"] <= 1

    source = tmp_path / "source"
    source.mkdir()
    (source / path.name).write_bytes(path.read_bytes())
    job = start_batch(source, tmp_path / "out", run.weights_path(1), anyway=True)
    list(run_batch(job))
    (line,) = job.predictions().to_table().to_pylist()
    assert line["probability"] == pytest.approx(said["probability"], abs=1e-6) and line["framing"] == "lungs"

    client = TestClient(Starlette(routes=api_routes()), "http://127.0.0.1")
    files = {"file": (path.name, path.read_bytes())}
    answer = client.post("/api/predict?anyway=1&heatmap=1&sharper_heatmap=1", files=files).json()
    (result,) = answer["results"]
    assert (answer["model"]["framing"], answer["model"]["lung_margin"]) == ("lungs", 0.1)
    assert {name: value for name, value in result.items() if name in said} == said | {"file": path.name}

    probability = round(100 * said["calibrated"], 1)
    assert any(abs(value - probability) < 0.1 for value in values_from_the_node(path, tmp_path / "node"))


def values_from_the_node(path: Path, folder: Path) -> list[float]:
    """All numbers in the structured report that the node makes of an image."""
    queue, model = ImageQueue(folder), current_model()
    file = sample(read_image(path).pixels, PatientID="1", PatientName="A^B")
    queue.store(file.SOPInstanceUID, file.StudyInstanceUID, "SENDER", (written(file),))
    images = queue.complete_studies(0, 10)
    process(dict.fromkeys(images, "judge"), queue, model, Reader.of(model), NodeSettings(ScpSettings("NODE")))
    report = next(item for item in Outbox(queue, "PACS").paths(images[0]) if item.name == "finding.dcm")
    content = pydicom.dcmread(io.BytesIO(report.read_bytes()))
    queue.close()
    return [float(item.value) for item in content.iterall() if item.keyword == "NumericValue"]


def test_the_sharper_map_is_drawn_in_the_lungs_and_needs_the_mean_of_normal_images(run, path):
    image, reader = read_image(path), Reader(run.weights_path(1))
    assert reader.sharper_note == "" and reader.read([image], anyway=True)[0].sharper_map is None
    (reading,) = reader.read([image], anyway=True, sharper=True)
    drawn, lungs = reading.sharper_map, reading.output.lungs
    heat = drawn.over(image.pixels)
    assert drawn.heat.values.shape == (16, 16) and drawn.heat.box == reading.output.frame.box
    assert heat.shape == image.pixels.shape and not heat[~lungs.mask(*heat.shape)].any()
    implausible = replace(reading, output=replace(reading.output, lungs=replace(lungs, quality=("tilted",))))
    assert "no plausible lungs" in reader.sharpened(replace(implausible, sharper_map=None)).sharper_note
    withheld = reader.sharpened(replace(reading, withheld=True, sharper_map=None))
    assert withheld.sharper_map is None and not withheld.sharper_note

    reader = Reader(run.weights_path(1))
    reader.reference = replace(reader.reference, normal=None)  # as computed by an earlier version
    (reading,) = reader.read([image], anyway=True, sharper=True)
    assert reading.sharper_map is None and "core reference" in reading.sharper_note


def test_the_page_shows_the_sharper_map_once_it_is_asked_for(run, path):
    key = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = Entry(Upload(key, path.name, path.read_bytes, path.name), time.time())
    app = opened("diagnosis", **{"entries": {key: entry}, "kept-anyway": True})
    (switch,) = [each for each in app.toggle if each.label == "Sharper heat map"]
    assert not switch.value and not any("Sharper heat map" in each.value for each in app.caption)
    switch.set_value(True).run()
    assert not app.exception
    assert sum("of its heat lies in the lungs" in each.value for each in app.caption) == 1


def test_an_image_without_lungs_is_judged_whole_and_says_so(run, tmp_path, capsys):
    import PIL.Image

    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    PIL.Image.fromarray(noise).save(tmp_path / "noise.png")
    main(["predict", str(tmp_path / "noise.png"), "--model", str(run.weights_path(1)), "--anyway", "--json"])
    (said,) = json.loads(capsys.readouterr().out)
    assert said["framing"] == "whole" and said["framing_reason"]
    assert any("The model saw the whole image" in warning for warning in said["warnings"])


def test_golden_images_are_whole_and_framed_on_the_way_in(run, demo):
    golden, dataset = golden_images(find_model("framed/1")), open_dataset(demo)
    assert any(np.array_equal(golden.pixels[0], image) for image in dataset.pixels)
    images = [Image("", pixels, "") for pixels in golden.pixels]
    outputs = Reader(run.weights_path(1)).predictor.outputs(images)
    probabilities = np.array([output.prediction.probability for output in outputs])
    assert golden.agreement(probabilities).passed
    assert any(output.frame.framing == "lungs" for output in outputs)


def test_the_record_travels_with_the_weights(run):
    record = read_record(run.weights_path(1))
    assert (record.framing, record.lung_margin, record.lung_network) == ("lungs", 0.1, lung_network())
    version = find_model("framed/1")
    assert version.version == 1 and version.model.record.framing == "lungs"
    assert {item.title: item.passed for item in checklist(version, None)}[
        "Gives its recorded probabilities on this computer, within 0.01"
    ]
    assert str(bundled_folder()).startswith(str(run.path.parent.parent))


def test_the_reference_and_the_occlusion_test_use_the_frame(run, row, path, demo):
    reader, dataset = Reader(run.weights_path(1)), open_dataset(demo)
    reference = reference_of(reader.record, run.weights_path(1))
    assert reference is not None
    (reading,) = reader.read([read_image(path)], heat_map=True, anyway=True)
    assert reading.heat_map.box == reading.output.frame.box != (0, 0, 1, 1)
    heat = reading.heat_map.over(reading.image.pixels)
    height, width = heat.shape
    left, top, right, bottom = (
        round(edge * side)
        for edge, side in zip(reading.heat_map.box, (width, height, width, height), strict=True)
    )
    outside = heat.copy()
    outside[top:bottom, left:right] = 0
    assert heat.max() > 0 and not outside.any()
    lungs = np.zeros((1, 128, 128), bool)
    result = occlusion_test(reader.predictor, reader.predictor.framed(dataset)[[row]], lungs)
    assert np.allclose(result.hidden[0], reading.output.hidden, atol=0.05)
    training = RunData.select(dataset, run.settings()).training
    features = reader.predictor.features(reader.predictor.framed(dataset)[training.rows])[1]
    nearest = reference.nearest(features[0], 1)[0]
    assert nearest.sha256 == training.table["sha256"].iloc[0] and nearest.distance < 0.01


def test_another_lung_network_is_warned_of(run):
    reader = Reader(run.weights_path(1))
    record = replace(reader.record, synthetic=False)
    own = run.path.parent.parent / "model_weights" / "lungs.h5"

    def warned() -> bool:
        return any("lung network here" in sentence for sentence in model_warnings(reader.identity, record))

    assert not warned()
    kept = own.rename(own.with_name("kept.h5"))
    try:
        assert warned()
    finally:
        kept.rename(own)
