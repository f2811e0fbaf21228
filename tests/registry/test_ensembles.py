"""Ensembles of a narrow network's stages: the same mean through every way in, and what does not fit."""

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
from promotions import promote_unchecked
from pypdf import PdfReader
from scipy.special import expit, logit
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import config
from core.api import api_routes
from core.api.schema import Results
from core.batch import results_csv, start_batch
from core.batch.shard import ShardTask, process_shard
from core.cli.main import main
from core.dicom_node import ImageQueue, NodeSettings, Outbox, ScpSettings
from core.dicom_node.processing import current_model, process
from core.errors import UserError
from core.evaluation import RULES, OperatingPoint, calibrated, find_point
from core.export import export_model
from core.images import read_image
from core.inference import Reader, load_network, load_predictor
from core.registry import (
    RETIRED,
    RegisteredModel,
    active_model,
    active_registered_model,
    change_operating_point,
    checklist,
    events,
    find_model,
    plan_ensemble,
    register_ensemble,
    retire,
    rollback,
)
from core.reports import reading_report
from core.runs import Run
from core.weights import WeightsError, read_record, update_record
from tests.images.dicom_files import sample, written
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow
MEMBERS = ["mine/1", "mine/2", "mine/3"]


@pytest.fixture
def run(trained, own_home, monkeypatch) -> Run:
    """A home with the bundled model and one finished run of three stages."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)
    return Run(config.runs_folder() / "mine")


@pytest.fixture(scope="module")
def registered(trained, tmp_path_factory) -> Path:
    """The registry of a home in which an ensemble of all three stages is registered and active."""
    home = tmp_path_factory.mktemp("registered")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PNEUMONIA_STUDIO_HOME", str(home))
        config.runs_folder().mkdir()
        (config.runs_folder() / "mine").symlink_to(trained.path)
        register_ensemble(plan_ensemble("stages", MEMBERS), "tests", "a test")
        promote_unchecked("ensemble/stages@1")
    return home / "registry"


@pytest.fixture
def ensemble(run, own_home, registered) -> RegisteredModel:
    """That ensemble in a home that a test may change."""
    subprocess.run(["cp", "-al", registered, own_home / "registry"], check=True)
    return find_model("ensemble/stages@1")


@pytest.fixture(scope="module")
def image(trained, demo) -> Path:
    """A test image that no stage takes for another kind of image."""
    readers = [Reader(trained.weights_path(number)) for number in (1, 2, 3)]
    for path in sorted(demo.glob("test/*/*.jpeg")):
        if not any(reader.read([read_image(path)])[0].withheld for reader in readers):
            return path
    pytest.fail("every drawn test image is withheld")


def mean_of_members(run: Run, path: Path) -> tuple[float, list[float]]:
    """The mean of the calibrated log-odds that the stages give on their own, and their probabilities."""
    calm = [
        load_predictor(run.weights_path(number)).predict([read_image(path)])[0].calibrated
        for number in (1, 2, 3)
    ]
    return float(expit(np.mean(logit(calm)))), calm


def test_an_ensemble_answers_with_the_mean_of_its_members_calibrated_log_odds(run, ensemble, image):
    mean, calm = mean_of_members(run, image)
    (reading,) = Reader.of(active_model().model).read([read_image(image)], heat_map=True, anyway=True)
    assert reading.prediction.probability == pytest.approx(mean, abs=1e-6)
    assert reading.prediction.calibrated == pytest.approx(mean, abs=1e-6)
    assert reading.prediction.members == pytest.approx(calm, abs=1e-6)
    assert reading.prediction.spread == (min(reading.prediction.members), max(reading.prediction.members))
    heats = [
        load_predictor(run.weights_path(number)).outputs([read_image(image)], heat=True)[0].heat.values
        for number in (1, 2, 3)
    ]
    expected = np.mean(heats, axis=0)
    assert reading.heat_map.values == pytest.approx(expected / max(expected.max(), 1e-9), abs=1e-5)
    assert reading.spread_sentence().startswith("The ensemble's 3 members give ")


def test_every_way_in_gives_one_number_and_the_spread(ensemble, image, tmp_path, capsys):
    model = active_model().model
    (reading,) = Reader.of(model).read([read_image(image)], heat_map=True, anyway=True)
    expected, spread = reading.prediction.probability, reading.prediction.spread

    main(["predict", str(image), "--anyway", "--json"])
    (by_terminal,) = json.loads(capsys.readouterr().out)
    main(["predict", str(image), "--anyway"])
    text = capsys.readouterr().out
    assert f"Members: {spread[0]:.1%} to {spread[1]:.1%}" in text and str(model.identity) in text

    client = TestClient(Starlette(routes=api_routes()), base_url="http://127.0.0.1")
    answer = client.post("/api/predict?anyway=1&opinions=1", files={"file": image.read_bytes()}).json()
    Results.model_validate(answer)
    (by_api,) = answer["results"]
    assert answer["model"]["name"] == "ensemble/stages" and answer["model"]["stage"] == 0
    assert [member["name"] for member in answer["model"]["members"]] == MEMBERS

    source = tmp_path / "source"
    source.mkdir()
    (source / image.name).write_bytes(image.read_bytes())
    job = start_batch(source, tmp_path / "batch", model.path, anyway=True)
    assert process_shard(ShardTask(job.path, 0)) == 1  # what every worker does, without one
    (by_batch,) = pq.read_table(job.shard_path(0)).to_pylist()
    assert by_batch["model"] == str(model.identity)
    (by_csv,) = csv.DictReader(io.StringIO(results_csv(job, "all", "").decode()))

    for result in (by_terminal, by_api, by_batch, by_csv):
        assert float(result["probability"]) == pytest.approx(expected, abs=1e-6)
        found = float(result["member_lowest"]), float(result["member_highest"])
        assert found == pytest.approx(spread, abs=1e-6)
    pages = PdfReader(io.BytesIO(reading_report([reading], model))).pages
    text = " ".join(page.extract_text() for page in pages)
    assert "ensemble/stages v1" in text and f"{spread[0]:.1%} to {spread[1]:.1%}" in text


def test_the_node_reports_the_same_number_under_the_ensembles_name(ensemble, image, tmp_path):
    queue, model = ImageQueue(tmp_path), current_model()
    file = sample(read_image(image).pixels, PatientID="1", PatientName="A^B")
    queue.store(file.SOPInstanceUID, file.StudyInstanceUID, "SENDER", (written(file),))
    (queued,) = queue.complete_studies(0, 10)
    process({queued: "judge"}, queue, model, Reader.of(model), NodeSettings(ScpSettings("NODE")))
    report = next(item for item in Outbox(queue, "PACS").paths(queued) if item.name == "finding.dcm")
    items = list(pydicom.dcmread(io.BytesIO(report.read_bytes())).iterall())
    queue.close()
    (reading,) = Reader.of(model).read([read_image(image)], heat_map=True)
    values = [float(item.value) for item in items if item.keyword == "NumericValue"]
    texts = [str(item.value) for item in items if item.keyword == "TextValue"]
    assert round(100 * reading.prediction.calibrated, 1) in values
    assert reading.spread_sentence() in texts and str(model.identity) in texts


def test_the_page_shows_the_same_number_the_spread_and_the_members(ensemble, image):
    model = active_model().model
    (reading,) = Reader.of(model).read([read_image(image)], heat_map=True)
    app = opened("diagnosis")
    app.file_uploader[0].set_value([(image.name, image.read_bytes(), "image/jpeg")]).run()
    assert not app.exception and not app.error
    text = "\n".join(str(item.value) for item in [*app.markdown, *app.caption])
    assert f"Probability of pneumonia **{reading.prediction.calibrated:.1%}**" in text
    assert reading.spread_sentence() in text and str(model.identity) in text
    assert "Mean of mine/1, mine/2, mine/3, trained on demo" in text


def test_the_operating_point_is_found_on_validation_by_the_members_rule(run):
    plan = plan_ensemble("stages", MEMBERS)
    validation = plan.predictions["validation"]
    tables = [run.results.predictions(number, "validation").sort_values("path") for number in (1, 2, 3)]
    temperatures = [read_record(run.weights_path(number)).temperature for number in (1, 2, 3)]
    scaled = [
        logit(calibrated(table["probability"].to_numpy(), temperature))
        for table, temperature in zip(tables, temperatures, strict=True)
    ]
    assert validation.probabilities == pytest.approx(expit(np.mean(scaled, axis=0)))
    expected = find_point("sensitivity", validation.labels, validation.probabilities)
    assert plan.point == expected and plan.point.rule in RULES
    point = OperatingPoint("own", 0.5, "largest sensitivity + specificity on validation (Youden's J)")
    for number in (1, 2):
        update_record(run.weights_path(number), threshold=0.5, threshold_rule=point.rule)
    two = plan_ensemble("two", MEMBERS[:2])
    assert two.point.rule == point.rule


def test_an_ensemble_is_promoted_by_the_checklist_changed_rolled_back_and_retired(ensemble, run):
    assert events()[0].action == "ensemble" and events()[0].title == "ensemble/stages@1"
    subprocess.run(["rm", "-r", run.path], check=True)  # it has its members' files itself
    checks = {check.title: check for check in checklist(ensemble, active_registered_model())}
    assert checks["Evaluated on test images"].passed
    assert checks["Gives its recorded probabilities on this computer, within 0.01"].passed
    assert checks["Loads, answers and has a reference of its training images"].passed
    assert not checks["Trained on real data"].passed
    changed = change_operating_point("ensemble/stages", OperatingPoint("own", 0.25, "for a test"), "tests")
    assert changed.title == "ensemble/stages@2" and active_model().model.record.threshold == 0.25
    assert not active_model().model.notices and len(active_model().model.record.members) == 3
    assert rollback("tests").title == "ensemble/stages@1"
    assert retire("ensemble/stages@2", "tests").state == RETIRED
    assert rollback("tests").model.bundled


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_an_ensemble_with_a_member_whose_file_changed_does_not_answer(ensemble, damage, image):
    path = ensemble.model.path
    member = path.parent / ensemble.model.record.members[1].file
    if damage == "gone":
        member.unlink()
    else:
        update_record(member, temperature=2.0)
    stand_in = active_model().model
    assert stand_in.bundled and "a member of the ensemble" in stand_in.notices[0]
    with pytest.raises(WeightsError, match="member of the ensemble"):
        load_predictor(path)


def test_the_terminal_says_the_cost_and_registers(run, capsys):
    assert main(["models", "ensemble", "pair", "mine/1", "mine/3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "times as long as the first member alone" in lines[0] and "MiB of memory" in lines[0]
    assert lines[1].startswith("ensemble/pair@1 is registered. Decision threshold")
    assert main(["models", "show", "ensemble/pair", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["members"] == ["mine/1", "mine/3"] and shown["events"][0]["reason"] == lines[0]
    assert active_model().model.bundled  # nothing answers before it is promoted


def other_framing(run: Run) -> None:
    update_record(run.weights_path(3), framing="lungs", lung_margin=0.1, lung_network="another")


def other_preprocessing(run: Run) -> None:
    update_record(run.weights_path(3), preprocessing="clahe")


def other_validation(run: Run) -> None:
    table = run.results.predictions(3, "validation")
    run.results.write_predictions(3, "validation", table.iloc[1:])


def no_validation(run: Run) -> None:
    run.results.write_predictions(3, "validation", run.results.predictions(3, "validation").iloc[:0])


def one_class(run: Run) -> None:
    for number in (1, 3):
        table = run.results.predictions(number, "validation")
        run.results.write_predictions(number, "validation", table[table["label"] == "NORMAL"])


def nothing(run: Run) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "members", "change", "sentence"),
    [
        ("pair", ["mine/1"], nothing, "at least two members, and 1 was named"),
        ("pair", ["mine/1", "mine/1"], nothing, "mine/1 and mine/1 are the same network"),
        ("pair", ["mine/1", "yours/3"], nothing, "There is no model 'yours/3'"),
        ("a pair", ["mine/1", "mine/3"], nothing, "cannot be called 'a pair'"),
        ("pair", ["mine/1", "mine/3"], other_framing, "the lungs with a margin of 0.1, found by another"),
        (
            "pair",
            ["mine/1", "mine/3"],
            other_preprocessing,
            "mine/3 sees the whole image, preprocessing cl",
        ),
        ("pair", ["mine/1", "mine/3"], other_validation, "validation images, mine/3 for"),
        ("pair", ["mine/1", "mine/3"], no_validation, "mine/3 has no predictions for validation images"),
        ("pair", ["mine/1", "mine/3"], one_class, "belong to one class only"),
        ("pair", ["mine/1", "bundled/3"], nothing, "bundled/3 sees the lungs with a margin of 0.06"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(run, capsys, name, members, change, sentence):
    change(run)
    assert main(["models", "ensemble", name, *members]) == 2
    outcome = capsys.readouterr()
    assert sentence in outcome.err and not outcome.out
    assert not (config.home() / "registry" / "models").exists()


def test_ensembles_changed_and_retired_versions_are_no_members_and_nothing_is_exported(ensemble, tmp_path):
    with pytest.raises(UserError, match="is an ensemble itself. Name its members instead: mine/1, mine/2"):
        plan_ensemble("more", ["ensemble/stages", "mine/3"])
    with pytest.raises(UserError, match="is an ensemble; only single networks are exported"):
        export_model(ensemble, "openvino", tmp_path / "exported")
    with pytest.raises(WeightsError, match="no weights of its own. Choose one of its members"):
        load_network(ensemble.model.path)
    promote_unchecked("mine/3")
    rollback("tests")
    update_record(find_model("mine/3@1").model.path, threshold=0.1)
    with pytest.raises(UserError, match="has changed since mine/3@1 was registered"):
        plan_ensemble("more", ["mine/3@1", "mine/2"])
    retire("mine/3@1", "tests")
    with pytest.raises(UserError, match="mine/3@1 is retired"):
        plan_ensemble("more", ["mine/3@1", "mine/2"])
