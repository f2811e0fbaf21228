"""Case 9: what a DICOM header says comes with every answer, in values, terminal, batch, report and SR."""

import io
import json
from functools import partial
from typing import Any

import pydicom
import pytest
from pydicom.uid import ComprehensiveSRStorage
from pypdf import PdfReader

from core.batch import results_csv, start_batch
from core.batch.shard import ShardTask, process_shard
from core.cli.main import main
from core.config import PROJECT, STAGES
from core.images import decode, read_image
from core.inference import AvailableModel, Reader, file_results
from core.reports import dicom_objects, reading_report
from core.runs import list_runs
from core.weights import read_record
from tests.images.dicom_files import deep_sample, written

pytestmark = pytest.mark.slow

WINDOW: dict[str, Any] = {"WindowCenter": "2048", "WindowWidth": "4096"}
AGE = "The patient is 67 years old (PatientAge)"
LATERAL = "The header says ViewPosition LL"


@pytest.fixture(scope="module")
def model() -> AvailableModel:
    """The bundled model's last stage."""
    (run,) = list_runs(PROJECT / "model_weights" / "bundled")
    path = run.weights_path(3)
    return AvailableModel(STAGES[3], path, read_record(path), bundled=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An adult, a lateral view and an adult's lateral view."""
    folder = tmp_path_factory.mktemp("images")
    cases: dict[str, dict[str, Any]] = {
        "adult.dcm": {"PatientAge": "067Y"},
        "lateral.dcm": {"ViewPosition": "LL"},
        "both.dcm": {"PatientAge": "067Y", "ViewPosition": "LL"},
    }
    for name, attributes in cases.items():
        (folder / name).write_bytes(written(deep_sample(**WINDOW, **attributes)))
    return folder


def test_9_a_lateral_view_gets_no_answer_and_an_adult_a_warned_one(model, folder):
    names = ["adult.dcm", "lateral.dcm", "both.dcm"]
    files = [(name, partial(read_image, folder / name)) for name in names]
    adult, lateral, both = file_results(Reader(model.path), files, anyway=False)["results"]
    assert AGE in (adult.get("error") or " ".join(adult["warnings"]))
    assert lateral["withheld"] == both["withheld"] == "lateral view"
    assert LATERAL in lateral["error"] and "probability" not in lateral
    assert AGE in both["error"]
    anyway = file_results(Reader(model.path), files, anyway=True)["results"]
    assert any(AGE in warning for warning in anyway[0]["warnings"])
    assert any(LATERAL in warning for warning in anyway[1]["warnings"]) and anyway[1]["label"]


def test_9_the_terminal_says_it(model, folder, capsys):
    command = ["predict", str(folder / "adult.dcm"), "--model", str(model.path)]
    main([*command, "--anyway"])
    text = capsys.readouterr().out
    assert AGE in text and "Kermany" in text
    main([*command, "--json"])
    assert AGE in json.dumps(json.loads(capsys.readouterr().out))


def test_9_a_batch_and_its_csv_say_it(model, folder, tmp_path):
    job = start_batch(folder, tmp_path / "out", model.path, anyway=True)
    process_shard(ShardTask(job.path, 0))  # what every worker does, without one
    rows = {row["path"]: row for row in job.predictions().to_table().to_pylist()}
    assert any(AGE in warning for warning in rows["adult.dcm"]["warnings"])
    assert any(LATERAL in warning for warning in rows["lateral.dcm"]["warnings"])
    table = results_csv(job, "with warnings", "").decode()
    assert AGE in table and LATERAL in table


def test_9_report_and_structured_report_say_it(model, folder):
    data = (folder / "both.dcm").read_bytes()
    for anyway in (True, False):
        (reading,) = Reader(model.path).read([decode(data, "both.dcm")], heat_map=True, anyway=anyway)
        pages = PdfReader(io.BytesIO(reading_report([reading], model))).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        assert AGE in text and LATERAL in text
        finding = pydicom.dcmread(
            io.BytesIO(dicom_objects(data, reading, model, ("finding",))["finding.dcm"])
        )
        assert finding.SOPClassUID == ComprehensiveSRStorage
        comments = " ".join(text_items(finding))
        assert AGE in comments and LATERAL in comments


def text_items(item: pydicom.Dataset) -> list[str]:
    """All texts of a structured report."""
    own = [str(item.TextValue)] if "TextValue" in item else []
    return own + [text for child in item.get("ContentSequence", []) for text in text_items(child)]
