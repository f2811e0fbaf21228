"""Every answer names the model that gave it: its name, its version and the digest of its weights."""

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pydicom
import pytest
from dicom_peers import dicom_image, save_images
from promotions import promote_unchecked
from pypdf import PdfReader
from starlette.applications import Starlette
from starlette.testclient import TestClient

import core
from core import config
from core.api import api_routes
from core.batch import open_batch, results_csv, start_batch
from core.batch.shard import ShardTask, process_shard
from core.cli.main import main
from core.images import read_image
from core.inference import AuditLog, Reader
from core.registry import RETIRED, active_model, retire, rollback
from core.reports import dicom_objects, reading_report
from core.weights import update_record
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow
LONG = f"a-run-with-the-longest-name-{'0123456789' * 4}"[:64]
ALGORITHM_VERSION = "111003"  # of DICOM's own scheme, in TID 4019


@pytest.fixture
def model(trained, own_home, narrow_bundle):
    """A promoted version of a run with the longest name that a run may have."""
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / LONG], check=True)  # hard links
    promote_unchecked(f"{LONG}/3")
    return active_model().model


@pytest.fixture
def image(tmp_path) -> Path:
    return save_images(tmp_path / "images", [dicom_image(1)])[0]


def words(text: str) -> str:
    """Without the blanks at which a PDF breaks its lines."""
    return "".join(text.split())


def test_the_identity_is_name_version_and_eight_characters_of_the_digest(model):
    digest = subprocess.run(["sha256sum", model.path], capture_output=True, text=True, check=True).stdout[:8]
    assert str(model.identity) == f"{LONG}/3 v1 ({digest})"


def test_the_terminal_names_the_model_in_text_and_json(model, image, capsys):
    for options in ((), ("--anyway",)):  # withheld or not
        main(["predict", str(image), *options])
        assert f"Model: {model.identity}\n" in capsys.readouterr().out
        main(["predict", str(image), *options, "--json"])
        (result,) = json.loads(capsys.readouterr().out)
        assert result["model"] == str(model.identity)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"synthetic": True}, "The model was trained on SYNTHETIC images."),
        (
            {"synthetic": False, "training_images": 499},
            "The model was trained on 499 images; at least 500 are",
        ),
        ({"synthetic": False, "training_images": 500}, ""),
    ],
)
def test_17_predict_says_that_the_model_saw_drawn_or_few_images(
    model, training, said, image, tmp_path, capsys
):
    path = Path(shutil.copy(model.path, tmp_path / "theirs.h5"))
    update_record(path, **training)
    main(["predict", str(image), "--anyway", "--model", str(path)])
    text = capsys.readouterr().out
    main(["predict", str(image), "--anyway", "--model", str(path), "--json"])
    (result,) = json.loads(capsys.readouterr().out)
    for output in (text, " ".join(result["warnings"])):
        assert said in output if said else "The model was trained on" not in output


def test_the_api_names_the_model_with_every_result(model, image):
    client = TestClient(Starlette(routes=api_routes()), base_url="http://127.0.0.1")
    answer = client.post("/api/predict?anyway=1", files={"file": image.read_bytes()}).json()
    identity = model.identity
    named = [answer["model"][key] for key in ("name", "version", "weights")]
    assert named == [identity.name, identity.version, identity.digest]
    assert answer["results"][0]["model"] == str(identity)


def test_reports_and_dicom_objects_name_the_model(model, image):
    (reading,) = Reader.of(model).read([read_image(image)], heat_map=True, anyway=True)
    pages = PdfReader(io.BytesIO(reading_report([reading], model))).pages
    assert words(str(model.identity)) in words(" ".join(page.extract_text() for page in pages))
    objects = {name: pydicom.dcmread(io.BytesIO(data)) for name, data in made(image, reading, model).items()}
    versions = [
        item.TextValue
        for sequence in objects["finding.dcm"].iterall()
        if sequence.VR == "SQ"
        for item in sequence.value
        if "TextValue" in item and item.ConceptNameCodeSequence[0].CodeValue == ALGORITHM_VERSION
    ]
    assert versions == [str(model.identity), core.__version__, core.__version__]  # finding, each lung
    assert str(model.identity) in objects["overlay.dcm"].DerivationDescription


def made(image: Path, reading, model) -> dict[str, bytes]:
    return dicom_objects(image.read_bytes(), reading, model)


def test_objects_of_two_versions_of_one_network_are_two_instances(model, image):
    """Of two objects with one UID a PACS keeps the first, and with it what the earlier version said."""
    (reading,) = Reader.of(model).read([read_image(image)], heat_map=True, anyway=True)
    candidate = replace(model, path=config.runs_folder() / LONG / "weights" / model.path.name)
    uids = [
        {pydicom.dcmread(io.BytesIO(file)).SOPInstanceUID for file in made(image, reading, item).values()}
        for item in (model, model, candidate)
    ]
    assert uids[0] == uids[1] and not uids[0] & uids[2]


def test_a_batch_names_the_model_in_every_row(model, image, tmp_path):
    job = start_batch(image.parent, tmp_path / "batch", model.path, anyway=True)
    process_shard(ShardTask(job.path, 0))  # what every worker does, without one
    (row,) = pq.read_table(job.shard_path(0)).to_pylist()
    (line,) = csv.DictReader(io.StringIO(results_csv(job, "all", "").decode()))
    assert row["model"] == line["model"] == str(model.identity)


@pytest.mark.parametrize("anyway", [False, True])
def test_page_and_audit_log_name_the_model_and_the_log_tells_what_a_retired_one_answered(
    model, image, anyway
):
    app = opened("diagnosis", log=True, anyway=anyway)
    app.file_uploader[0].set_value([(image.name, image.read_bytes(), "application/dicom")]).run()
    assert not app.exception and not app.error
    named = [item for item in app.caption if str(model.identity) in item.value.replace("\\", "")]
    assert len(named) == 2, "with the result, and in the list of the session"
    rollback("tests")
    assert retire(f"{LONG}/3@1", "tests", "for the test").state == RETIRED
    (answer,) = AuditLog().results().to_dict("records")
    assert answer["model"] == str(model.identity) and answer["sha256"] == read_image(image).sha256


def test_the_bundled_model_in_the_active_ones_place_says_so_in_every_answer(model, image, tmp_path, capsys):
    model.path.unlink()
    sentence = "The bundled model answers, because the active model cannot be used."
    stand_in = active_model().model
    assert stand_in.bundled
    main(["predict", str(image), "--anyway"])
    by_text = capsys.readouterr().out
    main(["predict", str(image), "--anyway", "--json"])
    by_json = " ".join(json.loads(capsys.readouterr().out)[0]["warnings"])
    client = TestClient(Starlette(routes=api_routes()), base_url="http://127.0.0.1")
    by_api = client.post("/api/predict?anyway=1", files={"file": image.read_bytes()}).json()["results"][0]
    main(["batch", str(image.parent), "--out", str(tmp_path / "out"), "--anyway"])
    (row,) = open_batch(tmp_path / "out").predictions().to_table().to_pylist()
    app = opened("diagnosis", anyway=True)
    app.file_uploader[0].set_value([(image.name, image.read_bytes(), "application/dicom")]).run()
    (reading,) = Reader.of(stand_in).read([read_image(image)], heat_map=True, anyway=True)
    pdf = " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(reading_report([reading], stand_in))).pages
    )
    report = pydicom.dcmread(io.BytesIO(made(image, reading, stand_in)["finding.dcm"]))
    answers = {
        "text": by_text,
        "JSON": by_json,
        "API": " ".join(by_api["warnings"]),
        "batch": " ".join(row["warnings"]),
        "page": " ".join(item.value for item in app.warning),
        "PDF": pdf,
        "SR": " ".join(str(item.value) for item in report.iterall() if item.keyword == "TextValue"),
    }
    assert [way for way, answer in answers.items() if words(sentence) not in words(answer)] == []
