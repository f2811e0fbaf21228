import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from short_runs import assert_same_metrics, tiny_settings, wait_for
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from core.config import PREPROCESSING, REFRAMED, STAGES, TrainingSettings
from core.dataset import open_dataset, rows_by_role
from core.diagnosis import load_predictor
from core.errors import UserError
from core.evaluation import evaluate
from core.images import read
from core.runs import Run, create_run, import_weights, jobs, kept_activations, lock, open_run
from core.study import Study, look_again, measured_stages
from core.training.__main__ import main
from core.training.batches import prefetched, training_stream
from core.training.data import Films, RunData, view_key
from core.training.stage import make_ready
from core.training.staged import train_next_stage
from core.weights import read_model

PROJECT = Path(__file__).resolve().parents[2]


def test_a_run_keeps_everything_it_promises(trained):
    epochs, steps = trained.epochs(), trained.steps()
    assert epochs.groupby("stage").size().to_dict() == {1: 2, 2: 2, 3: 2}
    assert steps.groupby("stage").size().to_dict() == {1: 4, 2: 4, 3: 2}
    assert (epochs["val_loss"] > 0).all() and steps["loss"].notna().all()
    assert trained.status().done == 1.0
    for stage in (1, 2, 3):
        assert list(trained.events_path.glob(f"stage_{stage}/events.out.tfevents.*"))
        for split in ("validation", "test"):
            kept = trained.predictions(stage, split)
            again = evaluate((kept["label"] == "PNEUMONIA").astype(int), kept["probability"])
            assert_same_metrics(trained.evaluation()[str(stage)][split], again, rel=1e-4)


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
            assert moved == (name in STAGES[2].trains)
        assert not np.array_equal(first[name][0], third[name][0])


def test_finished_stages_are_published_under_the_methods_names(trained, home):
    for stage in STAGES.values():
        published = home / "model_weights" / stage.file
        assert published.read_bytes()[:4096] == trained.weights_path(stage.number).read_bytes()[:4096]


def test_a_fresh_keras_process_loads_the_files_and_gives_the_same_probabilities(trained, demo):
    code = """
import sys, keras, numpy as np, pandas as pd
from core.images import network_input, network_pixels, read
model = keras.models.load_model(sys.argv[1], compile=False)
kept = pd.read_csv(sys.argv[2])
pixels = np.stack([network_pixels(read(f"{sys.argv[3]}/{path}")) for path in kept["path"]])
found = model.predict(network_input(pixels), verbose=0)[:, 1]
assert np.abs(found - kept["probability"]).max() < 1e-5, np.abs(found - kept["probability"]).max()
"""
    kept = trained.path / "predictions" / "model_03-test.csv"
    arguments = [str(trained.weights_path(3)), str(kept), str(demo)]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=PROJECT, check=True)


def finished(settings, folder, name):
    run = create_run(settings, name, folder / "runs", folder / "models")
    jobs.start(run)
    wait_for(run)
    return run


@pytest.fixture(scope="module")
def on_all_films(demo, tmp_path_factory) -> Run:
    """A first stage on all films of a set that no other run was trained on."""
    folder = tmp_path_factory.mktemp("all")
    films = shutil.copytree(demo, folder / "set")
    return finished(tiny_settings(films, stages=(1,), train_limit=None), folder, "run")


def test_what_the_network_saw_in_each_film_is_kept_with_the_set(on_all_films):
    run = on_all_films
    code = """
import sys, keras, numpy as np
from core.dataset import open_dataset, rows_by_role
from core.dataset.film_features import film_features
from core.images import network_input
from pathlib import Path
from core.runs import Run
run, dataset = Run(Path(sys.argv[1])), open_dataset(sys.argv[2])
rows = rows_by_role(dataset, run.settings())
kept = film_features(dataset.root)
assert set(kept.sha256) == set(dataset.table["sha256"].iloc[np.concatenate(list(rows.values()))])
chosen = rows["validation"]
model = keras.models.load_model(run.weights_path(1), compile=False)
eye = keras.Model(model.input, model.get_layer("block5_pool").output)
seen = eye.predict(network_input(dataset.pixels[chosen]), verbose=0).mean(axis=(1, 2))
found = dict(zip(*kept.of(dataset)))
found = np.stack([found[row] for row in chosen])
assert seen.std() > 0 and np.abs(found - seen).max() < 0.03 * seen.max(), np.abs(found - seen).max()
"""
    subprocess.run([sys.executable, "-c", code, str(run.path), run.settings().data], cwd=PROJECT, check=True)


def test_a_run_says_when_what_it_starts_from_knows_the_patients_that_validate_it(on_all_films):
    """Another seed holds other patients back; a run of stage 1 that is gone held back nobody knows whom."""
    first = on_all_films
    dataset = open_dataset(first.settings().data)
    rows = rows_by_role(dataset, first.settings())["training"]
    known = set(dataset.table["patient"].iloc[rows])
    said = {}
    for name, seed, runs in (("same", 0, "runs"), ("other", 1, "runs"), ("gone", 0, "elsewhere")):
        settings = replace(first.settings(), stages=(2,), train_limit=8, seed=seed)
        run = create_run(settings, name, first.path.parents[1] / runs, first.model_folder(), publish=False)
        train_next_stage(run)
        said[name] = " ".join(run.status().notes)
    films = open_run("other", first.path.parent).predictions(2, "validation")
    seen = int(films["patient"].isin(known).sum())
    assert seen and f"may have trained on those of {seen} of these {len(films)} " in said["other"]
    assert said["same"] == "" and "was trained on films that are not known here" in said["gone"]


def test_what_can_be_told_without_lungs_is_kept_beside_the_models(on_all_films):
    run = on_all_films
    for split, count in (("test", 15), ("validation", len(run.predictions(1, "validation")))):
        found = run.baselines(split)
        assert list(found) == ["corners", "frame", "histogram"]
        assert all(len(table) >= count for table in found.values())
        assert all(table["probability"].between(0, 1).all() for table in found.values())


def test_what_is_done_to_films_in_training_is_done_in_diagnosis(trained, demo, tmp_path):
    settings = tiny_settings(demo, stages=(1,), preprocessing="clahe")
    run = finished(settings, tmp_path, "even")
    assert run.status().state == "finished", run.log_tail()
    kept = run.predictions(1, "test")
    predictor = load_predictor(run.weights_path(1), "float32")
    films = [read(demo / path) for path in kept["path"]]
    found = np.array([answer.probability for answer in predictor.predict(films)])
    assert np.abs(found - kept["probability"]).max() < 0.02  # training may compute in bfloat16
    untreated = replace(predictor, record=replace(predictor.record, preprocessing="none"))
    others = np.array([answer.probability for answer in untreated.predict(films)])
    assert np.abs(others - kept["probability"]).max() > 2 * np.abs(found - kept["probability"]).max()
    imported = import_weights(run.weights_path(1), 1, "imagenet", "again", str(demo), tmp_path / "runs")
    assert imported.settings().preprocessing == "clahe"
    assert read_model(imported.weights_path(1))[1].preprocessing == "clahe"


def test_activations_of_films_with_and_without_preprocessing_are_kept_apart(demo):
    dataset, offered = open_dataset(demo), [tiny_settings(demo, preprocessing=how) for how in PREPROCESSING]
    for view in (None, 0):
        plain, even = (view_key(Films(dataset, np.arange(3), settings), view) for settings in offered)
        assert plain != even


def test_films_in_frames_are_others_to_the_network_and_to_what_is_kept(demo):
    dataset, plain = open_dataset(demo), tiny_settings(demo)
    framed = RunData.select(dataset, replace(plain, validation_crop=0.5))
    as_they_are = RunData.select(dataset, plain)
    assert as_they_are.judging is as_they_are.validation
    every = np.arange(len(framed.judging))
    assert np.array_equal(framed.validation.plain(every), as_they_are.validation.plain(every))
    differences = np.abs(framed.judging.plain(every) - framed.validation.plain(every)).mean(axis=(1, 2, 3))
    assert np.unique(differences.round(6)).size > len(every) / 2 and differences.max() > 0.01
    assert view_key(framed.judging, None) != view_key(framed.validation, None)


def test_kept_direct_and_hastened_training_give_the_same_losses(demo, tmp_path, monkeypatch):
    """Judged on validation films in random frames, which the best weights are measured on once more."""
    settings = tiny_settings(demo, stages=(1, 2), precision="float32", augmentation=None, validation_crop=0.5)
    settings = replace(settings, steps=(3, 3, 1), momentum=0.0, learning_rate=1e-6)
    monkeypatch.setattr("core.runs.plan.HASTENED_FROM", 1)  # in this process alone
    losses = {}
    for way in ("kept", "direct", "hastened"):
        if way == "hastened":
            kept_activations.clear()
            run = create_run(settings, "run", tmp_path / way / "runs", tmp_path / way / "models")
            for _ in settings.stages:
                train_next_stage(run)
        else:
            run = finished(replace(settings, keep_activations=way == "kept"), tmp_path / way, "run")
        losses[way] = [*run.steps()["loss"], *run.epochs()["val_loss"]]
        for stage, judged in zip("12", losses[way][-2:], strict=True):
            measured = run.evaluation()[stage]
            assert measured[REFRAMED]["loss"] == pytest.approx(judged, rel=1e-4)
            assert measured["validation"]["loss"] != pytest.approx(judged, rel=1e-3)
    assert len(losses["kept"]) == 2 * 4 and losses["kept"][0] != losses["kept"][2]
    assert losses["kept"] == pytest.approx(losses["direct"], rel=1e-4)
    assert losses["hastened"] == pytest.approx(losses["kept"], rel=1e-4)
    assert losses["hastened"] != losses["kept"]  # to the last bit: they did go another way


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stages": (2,)}, "Stage 2 starts from model_01, and there is no"),
        ({"weights": "/nowhere.h5"}, "There is no weights file /nowhere.h5"),
        ({"data": "/nowhere"}, "The folder /nowhere does not exist"),
        ({"stages": (1,), "learning_rate": 1.0, "epochs": 5}, "too high"),
    ],
)
def test_what_cannot_be_trained_ends_with_its_reason(demo, tmp_path, monkeypatch, capfd, changes, reason):
    run = create_run(tiny_settings(demo, **changes), "failing", tmp_path / "runs", tmp_path / "models")
    monkeypatch.setenv(lock.INHERITED, "1")  # in this process, which no scheduler started
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(str(run.path)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert run.status().state == "failed"
    assert reason in run.status().message
    assert "Traceback" not in capfd.readouterr().err


def test_a_step_is_traced_once():
    traced = []
    counted = keras.layers.Lambda(lambda values: traced.append(1) or values)
    model = keras.Sequential([keras.Input((4,)), counted, keras.layers.Dense(2)])
    make_ready(model, TrainingSettings(optimizer="adam", weight_average=0.9), STAGES[1], steps=1)
    traced.clear()
    for _ in range(3):
        model.train_on_batch(np.ones((2, 4), np.float32), np.eye(2, dtype=np.float32))
    assert len(traced) == 1


LABELS = np.array([0, 1, 1, 0, 1])


def stream(first_step=0):
    return training_stream(lambda positions, number: positions * 10 + number, LABELS, 2, [7, 1], first_step)


def test_the_stream_visits_every_image_once_a_pass():
    batches = stream()
    seen = np.concatenate([next(batches)[0] for _ in range(5)])
    assert sorted(seen // 10) == sorted([*range(5), *range(5)])
    assert (seen % 10).tolist() == [0] * 5 + [1] * 5


def test_labels_belong_to_their_images():
    for inputs, labels in (next(stream(step)) for step in range(6)):
        assert (labels.argmax(axis=1) == LABELS[inputs // 10]).all()


def test_a_stream_joined_late_gives_the_batches_it_would_have_given():
    batches = stream()
    for _ in range(3):
        next(batches)
    late = stream(first_step=3)
    for _ in range(4):
        assert np.array_equal(next(batches)[0], next(late)[0])


def test_mixup_blends_films_and_labels_alike_and_step_by_step():
    def blended(first_step=0):
        one_hot = np.eye(2, dtype=np.float32)[LABELS]
        return training_stream(lambda positions, _: one_hot[positions], LABELS, 4, [7, 1], first_step, 0.5)

    batches = blended()
    drawn = [next(batches) for _ in range(20)]
    assert all(np.allclose(inputs, targets) for inputs, targets in drawn)
    targets = np.concatenate([targets for _, targets in drawn])
    assert np.allclose(targets.sum(axis=1), 1) and ((targets > 0.01) & (targets < 0.99)).any()
    assert np.array_equal(next(blended(first_step=7))[1], drawn[7][1])


def test_prefetching_changes_nothing_and_passes_errors_on():
    def failing():
        yield 1
        raise ValueError("disk")

    ahead = prefetched(stream())
    plain = stream()
    for _ in range(5):
        assert np.array_equal(next(ahead)[0], next(plain)[0])
    ahead.close()
    broken = prefetched(failing())
    assert next(broken) == 1
    with pytest.raises(ValueError, match="disk"):
        next(broken)


def test_another_backbone_goes_through_the_stages_and_joins_the_comparison(demo, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # no connection
    settings = tiny_settings(demo, backbone="densenet121", weights="imagenet")
    run = finished(replace(settings, steps=(1, 1, 1)), tmp_path, "dense")
    assert run.status().state == "finished", run.log_tail()
    assert run.status().notes == [
        "DenseNet121 starts from random (ImageNet's could not be downloaded) weights."
    ]
    assert set(run.evaluation()) == {"1", "2", "3"}
    names = [path.name for path in (run.path / "weights").iterdir()]
    assert sorted(names) == [f"densenet121_model_0{stage}.weights.h5" for stage in (1, 2, 3)]
    assert not (tmp_path / "models").exists() or not list((tmp_path / "models").iterdir())
    study = Study.of(measured_stages([run]), "test")
    assert [len(model) for model in study.models] == [15] * 3
    with pytest.raises(UserError, match="another backbone"):
        look_again(study.candidates[0], "test", open_dataset(demo))


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
    assert ("Answers are not checked against films" in " ".join(status.notes)) == gone
    shutil.rmtree(folder)
