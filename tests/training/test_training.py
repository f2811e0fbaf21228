import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from short_runs import NARROW, NEAR, assert_same_metrics, finished, tiny_settings, wait_for
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from core.comparison import ModelComparison, evaluated_stages, run_occlusion_test
from core.config import REFRAMED, STAGES
from core.dataset import open_dataset, rows_by_role, write_synthetic_dataset
from core.dataset.image_features import read_image_features
from core.evaluation import evaluate
from core.images import network_input, read_image
from core.inference import load_predictor, published_models
from core.runs import FOLLOWED_NAMES, Run, cached_activations, create_run, import_weights, jobs, open_run
from core.training.__main__ import next_step
from core.training.stage import train_next_stage
from core.weights import read_model

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]


def test_a_run_saves_everything_it_promises(trained):
    epochs, steps = trained.epochs(), trained.steps()
    assert epochs.groupby("stage").size().to_dict() == {1: 2, 2: 2, 3: 2}
    assert steps.groupby("stage").size().to_dict() == {1: 4, 2: 4, 3: 2}
    assert (epochs["val_loss"] > 0).all() and steps["loss"].notna().all()
    assert trained.status().done == 1.0
    for stage in (1, 2, 3):
        assert list(trained.events_path.glob(f"stage_{stage}/events.out.tfevents.*"))
        for split in ("validation", "test"):
            saved = trained.results.predictions(stage, split)
            again = evaluate((saved["label"] == "PNEUMONIA").astype(int), saved["probability"])
            assert_same_metrics(trained.results.evaluation()[str(stage)][split], again, rel=1e-4)


def test_the_followed_images_get_in_the_best_epoch_what_the_best_weights_say(trained):
    paths = [image["path"] for image in trained.facts()["followed"]]
    followed, epochs = trained.followed(), trained.epochs()
    assert len(paths) == 8 and len(followed) == len(epochs)
    for stage in STAGES:
        (best,) = epochs.index[(epochs["stage"] == stage) & (epochs["best"] == 1)][-1:]
        saved = trained.results.predictions(stage, "validation").set_index("path")["probability"]
        assert followed.loc[best, [*FOLLOWED_NAMES]].tolist() == pytest.approx(list(saved[paths]), rel=1e-4)


def test_tensorboard_reads_the_history(trained):
    events = EventAccumulator(str(trained.events_path / "stage_1")).Reload()
    written = [float(make_ndarray(event.tensor_proto)) for event in events.Tensors("val_loss")]
    epochs = trained.epochs()
    assert written == pytest.approx(list(epochs.loc[epochs["stage"] == 1, "val_loss"]), rel=1e-4)


def test_frozen_layers_stay_as_they_were_and_trained_ones_move(trained):
    first, second, third = (read_model(trained.weights_path(stage))[0] for stage in (1, 2, 3))
    for name in first:
        moved = not np.array_equal(first[name][0], second[name][0])
        if name.startswith("block"):
            assert moved == (name in STAGES[2].trained_layers)
        assert not np.array_equal(first[name][0], third[name][0])


def test_finished_stages_are_published_under_the_methods_names(trained, home):
    for stage in STAGES.values():
        published = home / "model_weights" / stage.file
        assert published.read_bytes()[:4096] == trained.weights_path(stage.number).read_bytes()[:4096]


def test_a_fresh_keras_process_loads_the_files_and_gives_the_same_probabilities(trained, demo):
    code = """
import sys, keras, numpy as np, pandas as pd
from core.images import network_input, network_pixels, read_image
model = keras.models.load_model(sys.argv[1], compile=False)
saved = pd.read_csv(sys.argv[2])
pixels = np.stack([network_pixels(read_image(f"{sys.argv[3]}/{path}")) for path in saved["path"]])
result = model.predict(network_input(pixels), verbose=0)[:, 1]
assert np.abs(result - saved["probability"]).max() < 1e-5, np.abs(result - saved["probability"]).max()
"""
    saved = trained.path / "predictions" / "model_03-test.csv"
    arguments = [str(trained.weights_path(3)), str(saved), str(demo)]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=PROJECT, check=True)


@pytest.fixture(scope="module")
def on_all_images(demo, tmp_path_factory) -> Run:
    """A first stage on all images of a data set that no other run was trained on."""
    folder = tmp_path_factory.mktemp("all")
    dataset = shutil.copytree(demo, folder / "set")
    return finished(tiny_settings(dataset, stages=(1,), train_limit=None), folder, "run")


def test_the_features_of_each_image_are_saved_with_the_data_set(on_all_images):
    run, dataset = on_all_images, open_dataset(on_all_images.settings().data)
    rows = rows_by_role(dataset, run.settings())
    saved = read_image_features(dataset.root)
    assert set(saved.sha256) == set(dataset.table["sha256"].iloc[np.concatenate(list(rows.values()))])
    model = keras.models.load_model(run.weights_path(1), compile=False)
    eye = keras.Model(model.input, model.get_layer("block5_pool").output)
    seen = eye.predict(network_input(dataset.pixels[rows["validation"]]), verbose=0).mean(axis=(1, 2))
    features = dict(zip(*saved.of(dataset), strict=True))
    result = np.stack([features[row] for row in rows["validation"]])
    assert seen.std() > 0 and np.abs(result - seen).max() < 0.03 * seen.max()


def test_a_run_warns_if_its_starting_weights_have_seen_its_validation_patients(on_all_images):
    """Another seed holds out other patients; which ones a deleted run of stage 1 held out is unknown."""
    first = on_all_images
    dataset = open_dataset(first.settings().data)
    rows = rows_by_role(dataset, first.settings())["training"]
    known = set(dataset.table["patient"].iloc[rows])
    notes = {}
    for name, seed, runs in (("same", 0, "runs"), ("other", 1, "runs"), ("gone", 0, "elsewhere")):
        settings = replace(first.settings(), stages=(2,), train_limit=8, seed=seed)
        run = create_run(settings, name, first.path.parents[1] / runs, first.model_folder(), publish=False)
        train_next_stage(run)
        notes[name] = " ".join(run.status().notes)
    images = open_run("other", first.path.parent).results.predictions(2, "validation")
    seen = int(images["patient"].isin(known).sum())
    assert seen and f"may have trained on the patients of {seen} of these {len(images)} " in notes["other"]
    assert notes["same"] == "" and "was trained on unknown images" in notes["gone"]


def test_shortcut_baselines_are_saved_with_the_models(on_all_images):
    run = on_all_images
    for split, count in (("test", 15), ("validation", len(run.results.predictions(1, "validation")))):
        result = run.results.baselines(split)
        assert list(result) == ["corners", "frame", "histogram"]
        assert all(len(table) >= count for table in result.values())
        assert all(table["probability"].between(0, 1).all() for table in result.values())


def test_preprocessing_of_training_is_applied_in_diagnosis(trained, demo, tmp_path):
    settings = tiny_settings(demo, stages=(1,), preprocessing="clahe")
    run = finished(settings, tmp_path, "even")
    assert run.status().state == "finished", run.log_tail()
    saved = run.results.predictions(1, "test")
    predictor = load_predictor(run.weights_path(1), "float32")
    images = [read_image(demo / path) for path in saved["path"]]
    result = np.array([answer.probability for answer in predictor.predict(images)])
    assert np.abs(result - saved["probability"]).max() < 0.02  # training may compute in bfloat16
    untreated = replace(predictor, record=replace(predictor.record, preprocessing="none"))
    others = np.array([answer.probability for answer in untreated.predict(images)])
    assert np.abs(others - saved["probability"]).max() > 2 * np.abs(result - saved["probability"]).max()
    imported = import_weights(run.weights_path(1), 1, "imagenet", "again", str(demo), tmp_path / "runs")
    assert imported.settings().preprocessing == "clahe"
    assert read_model(imported.weights_path(1))[1].preprocessing == "clahe"


def test_cached_direct_and_winograd_training_give_the_same_losses(demo, tmp_path, monkeypatch):
    """The selection set is cropped; the best weights are evaluated on it once more."""
    settings = tiny_settings(demo, stages=(1, 2), precision="float32", augmentation=None, validation_crop=0.5)
    settings = replace(settings, steps=(3, 3, 1), momentum=0.0, learning_rate=1e-6)
    losses = {}
    for way in ("cached", "direct", "winograd"):
        if way == "winograd":
            monkeypatch.setattr("core.runs.estimate.WINOGRAD_MIN_IMAGES", 1)
            cached_activations.clear()
        settings = replace(settings, cache_activations=way != "direct")
        run = create_run(settings, "run", tmp_path / way / "runs", tmp_path / way / "models")
        for _ in settings.stages:
            train_next_stage(run)
        losses[way] = [*run.steps()["loss"], *run.epochs()["val_loss"]]
        for stage, selection_loss in zip("12", losses[way][-2:], strict=True):
            measured = run.results.evaluation()[stage]
            assert measured[REFRAMED]["loss"] == pytest.approx(selection_loss, rel=1e-4)
            assert measured["validation"]["loss"] != pytest.approx(selection_loss, rel=1e-3)
    assert len(losses["cached"]) == 2 * 4 and losses["cached"][0] != losses["cached"][2]
    assert losses["cached"] == pytest.approx(losses["direct"], rel=1e-4)
    assert losses["winograd"] == pytest.approx(losses["cached"], rel=1e-4)
    assert losses["winograd"] != losses["cached"]  # to the last bit: they did go another way


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stages": (2,)}, "Stage 2 starts from model_01, and there is no"),
        ({"weights": "/nowhere.h5"}, "The weights file /nowhere.h5 does not exist"),
        ({"data": "/nowhere"}, "The folder /nowhere does not exist"),
        (
            {"stages": (1,), "learning_rate": 1.0, "rate_factors": (100.0, 1.0, 1.0), "epochs": 5},
            "Training diverged",
        ),
    ],
)
def test_what_cannot_be_trained_ends_with_its_reason(demo, tmp_path, capfd, changes, reason):
    run = create_run(tiny_settings(demo, **changes), "failing", tmp_path / "runs", tmp_path / "models")
    assert next_step(run) == 1
    assert run.status().state == "failed"
    assert reason in run.status().message
    assert "Traceback" not in capfd.readouterr().err


def test_another_backbone_goes_through_the_stages_and_joins_the_comparison(tmp_path):
    data = write_synthetic_dataset(tmp_path / "set", images=32)
    # As many images of each role: a function is compiled anew for each number of images.
    settings = tiny_settings(data, backbone="resnet50", steps=(1, 1, 1), validation_fraction=1 / 3)
    settings = replace(settings, momentum=0.0)  # which each of 161 updates would have compiled
    run = finished(settings, tmp_path, "residual")
    assert run.status().state == "finished", run.log_tail()
    assert run.status().notes == []
    assert set(run.results.evaluation()) == {"1", "2", "3"}
    names = [path.name for path in (run.path / "weights").iterdir()]
    assert sorted(names) == [f"resnet50_model_0{stage}.h5" for stage in (1, 2, 3)]
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == sorted(names)
    models = published_models(tmp_path / "models")
    assert [model.key for model in models] == [f"resnet50-{stage}" for stage in (1, 2, 3)]
    assert [model.record.width for model in models] == [NARROW.width] * 3
    assert all(run.reference_path(stage).exists() for stage in (1, 2, 3))
    kept = run.results.predictions(2, "test")
    images = [read_image(data / path) for path in kept["path"]]
    answers = load_predictor(run.weights_path(2), "float32").predict(images)
    assert [answer.probability for answer in answers] == pytest.approx(list(kept["probability"]), abs=NEAR)
    comparison = ModelComparison.of(evaluated_stages([run]), "test")
    assert [len(model) for model in comparison.models] == [8] * 3
    run_occlusion_test(comparison.stages[0], "test", open_dataset(data))
    assert run.results.occlusion_test(1, "test") is not None


@pytest.mark.parametrize("gone", [False, True], ids=["data at hand", "data gone"])
def test_references_are_made_last_and_cost_no_run(trained, gone):
    """A run whose stages are trained makes what is missing when resumed; without data it ends as well."""
    folder = shutil.copytree(trained.path, trained.path.with_name(f"again-{gone}"))
    run = Run(folder)
    shutil.rmtree(folder / "references")
    if gone:
        settings = json.loads((folder / "settings.json").read_text())
        settings["training"]["data"] = str(folder / "nowhere")
        (folder / "settings.json").write_text(json.dumps(settings))
    run.write_state(state="stopped")
    jobs.start(run)
    wait_for(run)
    status = run.status()
    assert status.state == "finished", status.message
    assert [run.reference_path(stage).exists() for stage in (1, 2, 3)] == [not gone] * 3
    assert ("No out-of-distribution check" in " ".join(status.notes)) == gone
    shutil.rmtree(folder)
