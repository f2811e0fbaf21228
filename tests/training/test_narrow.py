"""A narrow network, an eighth of the channels, goes every way that the full one goes."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from short_runs import NARROW, NEAR, finished

from core.comparison import ModelComparison, evaluated_stages, run_occlusion_test
from core.dataset import open_dataset
from core.images import read_image
from core.inference import Reader, load_predictor, published_models
from core.runs import Run, import_weights, pack
from core.weights import WeightsError, read_model, update_record

pytestmark = pytest.mark.slow
WIDTH = NARROW.width


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory) -> Path:
    """With the models that a narrow run published."""
    folder = tmp_path_factory.mktemp("narrow")
    shutil.copytree(trained.model_folder(), folder / "models")
    return folder


@pytest.fixture(scope="module")
def narrow(trained, folder) -> Run:
    """A copy of that run."""
    return Run(shutil.copytree(trained.path, folder / "narrow"))


def test_it_is_trained_published_and_told_apart(narrow, folder):
    assert narrow.status().notes == []
    models = published_models(folder / "models")
    assert [model.stage.number for model in models] == [1, 2, 3]
    assert [model.record.width for model in models] == [WIDTH] * 3
    assert all("VGG19 (width 0.125)" in model.title for model in models)
    assert all(model.path.stat().st_size < 6e6 for model in models)


def test_the_compiled_model_answers_as_training_did(narrow, demo):
    table = narrow.results.predictions(3, "test")
    images = [read_image(demo / path) for path in table["path"]]
    predictions = load_predictor(narrow.weights_path(3), "float32").predict(images)
    assert [item.probability for item in predictions] == pytest.approx(list(table["probability"]), abs=NEAR)


def test_it_reads_with_heat_map_reference_and_second_opinion(narrow, folder, demo):
    reader = Reader(folder / "models" / "vgg_unfrozen.h5", "float32")
    path = narrow.results.predictions(3, "test")["path"][0]
    (reading,) = reader.read([read_image(demo / path)], heat_map=True, anyway=True)
    assert reading.output.heat.values.shape == (8, 8)
    assert reading.output.features.shape == (64,) and reading.output.hidden.shape == (144,)
    opinion = reader.second_opinion(reading)
    assert sorted(opinion.stages) == [1, 2, 3]
    assert narrow.reference_path(3).exists()


def test_it_joins_a_comparison_with_its_occlusion_test(narrow, demo):
    comparison = ModelComparison.of(evaluated_stages([narrow]), "test")
    run_occlusion_test(comparison.stages[0], "test", open_dataset(demo))
    _, hidden = narrow.results.occlusion_test(1, "test")
    assert hidden.shape == (len(comparison.models[0]), 144)


def test_it_can_be_packed_and_imported(narrow, folder):
    packed = pack(narrow, 3, folder / "bundled")
    arrays, record = read_model(packed.weights_path(3))
    assert record.width == WIDTH and arrays["fc1"][0].shape == (1024, 576)
    imported = import_weights(packed.weights_path(3), 3, record.scaling, "imported", folder=folder / "runs")
    assert imported.settings().width == WIDTH
    again, _ = read_model(imported.weights_path(3))
    assert all(np.array_equal(again[name][0], kernel) for name, (kernel, _) in arrays.items())


def test_it_never_replaces_a_wider_published_model(narrow, folder, demo):
    published = folder / "models" / "vgg19_model_01.h5"
    update_record(published, width=0.25)  # as if it were of a wider network
    run = finished(replace(narrow.settings(), stages=(1,)), folder, "second")
    assert run.status().state == "finished", run.log_tail()
    assert any("was not published" in note and "width 0.25" in note for note in run.status().notes)
    update_record(published, width=WIDTH)


def test_a_stage_does_not_start_from_another_width(narrow, folder):
    run = finished(replace(narrow.settings(), stages=(2,), width=0.25), folder, "other")
    assert run.status().state == "failed"
    assert "Set width to 0.125, or train stage 1 in the same run" in run.status().message


def test_a_file_with_an_impossible_width_is_refused(narrow, tmp_path):
    path = tmp_path / "odd.h5"
    path.write_bytes(narrow.weights_path(1).read_bytes())
    update_record(path, width="wide")
    with pytest.raises(WeightsError, match="odd.h5"):
        load_predictor(path)
