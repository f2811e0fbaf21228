"""A version with zones is undecided between their bounds, whatever way an image comes in."""

import io
import json
from pathlib import Path

import pydicom
import pytest
from dicom_peers import Node, dicom_image, save_images, store
from promotions import promote_unchecked
from pypdf import PdfReader
from short_runs import wait_until
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import config
from core.api import api_routes
from core.batch import open_batch
from core.cli.main import main
from core.evaluation import OperatingPoint, Zones
from core.images import read_image
from core.inference import AuditLog, Reader, shown_zones
from core.registry import (
    ZONES_LEFT_OUT,
    active_model,
    change_operating_point,
    evidence_of,
    register_operating_point,
    register_temperature,
    register_zones,
)
from core.reports import reading_report
from tests.pages.opened_page import opened

ZONES = Zones(0.3, 0.99995, 0.1, 0.2)  # the model's probability of one drawing is 0.9999, of the other 1
RULE = "on 400 images of ward"
EVIDENCE = {"images": 400, "check": {"title": "Zones keep their promise", "passed": True, "detail": "Yes."}}
SENTENCE = "Undecided: >99.9% is neither below 30.0%, where pneumonia is ruled out here, nor above >99.9%"


@pytest.fixture
def version(narrow_bundle, own_home):
    """The bundled model with zones, promoted."""
    item = register_zones("bundled/3", ZONES, RULE, "tests", EVIDENCE)
    return promote_unchecked(item.title)


@pytest.fixture
def images(tmp_path) -> list[Path]:
    """One that is undecided and one that is ruled in."""
    return save_images(tmp_path / "images", [dicom_image(3), dicom_image(0)])


def test_zones_stand_beside_the_threshold_and_move_with_the_calibration(version):
    record = version.model.record
    assert record.threshold == 0.5 and (record.zones["low"], record.zones["high"]) == pytest.approx(
        (0.3, 0.99995)
    )
    sentence = f"Undecided from 30.0% to >99.9% (zones found {RULE}, to rule out at most 10% of images"
    assert sentence in version.model.threshold_sentence()
    changed = register_temperature(version.title, 2.0, RULE, "tests", {"images": 300})
    assert set(evidence_of(changed)) == {"zones", "temperature"}
    shown, odds = shown_zones(changed.model.record), (0.3 / 0.7) ** 0.5
    assert shown.low == pytest.approx(odds / (1 + odds)) and shown.miss_rate == 0.1
    again = register_zones(changed.title, shown, RULE, "tests", EVIDENCE)  # found on calibrated probabilities
    assert again.model.record.zones["low"] == pytest.approx(0.3)


def test_another_threshold_leaves_zones_and_their_evidence_out(version):
    point = OperatingPoint("own", 0.4, "for a test")
    for changed in (
        register_operating_point(version.title, point, "tests", {"images": 400}),
        change_operating_point(version.title, point, "tests"),
    ):
        assert changed.model.record.zones is None and "zones" not in evidence_of(changed)
        assert "zones" not in changed.model.threshold_sentence()
    assert "none" in ZONES_LEFT_OUT


@pytest.mark.slow
def test_every_door_is_undecided_about_the_same_image(version, images, tmp_path, capsys):
    main(["predict", *map(str, images)])
    by_text = capsys.readouterr().out
    assert by_text.count("Zone: undecided") == by_text.count("Zone: rule in") == by_text.count(SENTENCE) == 1
    main(["predict", *map(str, images), "--json"])
    by_json = json.loads(capsys.readouterr().out)
    client = TestClient(Starlette(routes=api_routes()), base_url="http://127.0.0.1")
    files = [("file", (path.name, path.read_bytes())) for path in images]
    answer = client.post("/api/predict", files=files).json()
    assert answer["model"]["zones"]["rule"] == RULE
    main(["batch", str(images[0].parent), "--out", str(tmp_path / "out")])
    rows = {
        Path(row["path"]).name: row
        for row in open_batch(tmp_path / "out").predictions().to_table().to_pylist()
    }
    for results in (by_json, answer["results"], [rows[path.name] for path in images]):
        assert [result["zone"] for result in results] == ["undecided", "rule in"]
        assert [SENTENCE in " ".join(result["warnings"]) for result in results] == [True, False]
    app = opened("diagnosis", log=True)
    app.file_uploader[0].set_value(
        [(path.name, path.read_bytes(), "application/dicom") for path in images]
    ).run()
    assert not app.exception and not app.error
    findings = AuditLog().results().drop_duplicates("sha256").set_index("sha256")["finding"]
    assert [findings[read_image(path).sha256] for path in images] == ["Uncertain", "Pneumonia"]


@pytest.mark.slow
def test_the_dicom_node_sends_what_is_between_the_bounds_as_indeterminate(version, images, tmp_path):
    node = Node(config.home(), "--study-timeout", "0").start()
    try:
        assert store(node.port, *map(pydicom.dcmread, images)) == [0, 0]
        wait_until(lambda: len(list(config.home().rglob("finding*.dcm"))) >= 2)
    finally:
        node.stop()
    by_source = {}
    for path in config.home().rglob("finding*.dcm"):
        report = pydicom.dcmread(path)
        text = " ".join(
            str(item.value) for item in report.iterall() if item.keyword in ("TextValue", "CodeMeaning")
        )
        by_source[report.StudyInstanceUID] = text
    undecided, present = (by_source[pydicom.dcmread(path).StudyInstanceUID] for path in images)
    assert SENTENCE in undecided and "Indeterminate" in undecided
    assert SENTENCE not in present and "undecided 0.3000 to 0.9999: on 400 images of ward" in present


@pytest.mark.slow
def test_an_exported_model_and_the_report_tell_the_zones(version, images, tmp_path):
    (reading,) = Reader.of(active_model().model).read([read_image(images[0])], heat_map=True)
    pages = PdfReader(io.BytesIO(reading_report([reading], version.model))).pages
    assert "zones found on 400 images of ward" in " ".join(
        " ".join(page.extract_text().split()) for page in pages
    )
    folder = tmp_path / "exported"
    assert main(["models", "export", version.title, "--format", "openvino", "--to", str(folder)]) == 0
    assert json.loads((folder / "input.json").read_text())["zones"]["high"] == pytest.approx(0.99995)
