import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.images import Image
from core.inference import (
    WITHDRAWN,
    AuditLog,
    FirstReading,
    HumanReading,
    ModelIdentity,
    ModelOutput,
    Prediction,
    Reading,
    agreement_summary,
    first_reading_summary,
)
from core.weights import ModelRecord

PROJECT = Path(__file__).resolve().parents[2]
IDENTITY = ModelIdentity("r/3", 1, "0123abcd")
RECORD = ModelRecord(stage=3, run="r", threshold=0.4, threshold_rule="for a test")


BOX = (0.25, 0.5, 0.75, 1.0)


def reading(sha256="digest", withheld=False) -> Reading:
    image = Image(
        "Doe^Jane 1999.dcm", np.zeros((128, 128), np.uint8), sha256, {"Age": "003Y"}, patient_digest="p"
    )
    output = ModelOutput(Prediction("PNEUMONIA", 0.8, 0.7), image.pixels, np.zeros(512), np.zeros(1152))
    return Reading(image, output, withheld=withheld)


def test_answers_and_notes_are_kept_without_what_identifies_anybody(tmp_path):
    log = AuditLog(tmp_path / "new folder" / "audit.sqlite")
    log.add_result(reading(), RECORD, IDENTITY)
    log.add_result(reading("other", withheld=True), RECORD, IDENTITY)
    human = HumanReading("disagree", "'; DROP TABLE notes; --", True, BOX)
    log.add_human_reading("digest", RECORD, IDENTITY, human)
    answers, notes = AuditLog(log.path).results(), log.human_readings()
    assert list(answers["finding"]) == ["Pneumonia", "No result"]
    assert answers["probability"].iloc[0] == 0.8 and np.isnan(answers["probability"].iloc[1])
    assert [*answers["model"], *notes["model"]] == ["r/3 v1 (0123abcd)"] * 3
    assert answers["threshold"].iloc[0] == 0.4 and answers["rule"].iloc[0] == "for a test"
    assert notes["own"].iloc[0].startswith("'; DROP") and notes["changed"].iloc[0] == 1
    assert notes["box"].iloc[0] == "0.2500 0.5000 0.7500 1.0000"
    assert b"Jane" not in log.path.read_bytes()


def test_the_agreement_summary_counts_the_last_note_on_each_image(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    assert "No agreement" in agreement_summary(log.human_readings())
    for sha256, agreement in (
        ("a", "disagree"),
        ("a", "agree"),
        ("b", "agree"),
        ("c", "disagree"),
        ("d", "not sure"),
    ):
        log.add_human_reading(sha256, RECORD, IDENTITY, HumanReading(agreement, changed=sha256 == "b"))
    said = agreement_summary(log.human_readings())
    assert said.startswith("Readers agreed with 2 of 3 results: 67% (21% to 94%).")
    assert "Not sure: 1" in said and said.endswith("changed by a result: 1.")


def test_readings_of_two_ensembles_or_versions_are_counted_apart(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    for name, version, agreement in (("ensemble/a", 1, "agree"), ("ensemble/b", 1, "disagree")):
        log.add_human_reading(
            "a", ModelRecord(), ModelIdentity(name, version, "01234567"), HumanReading(agreement)
        )
    assert list(log.human_readings()["model"]) == ["ensemble/a v1 (01234567)", "ensemble/b v1 (01234567)"]
    assert agreement_summary(log.human_readings()).startswith("Readers agreed with 1 of 2 results")


def test_a_reading_from_before_models_were_named_is_replaced_by_a_later_one(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    log.add_human_reading("a", RECORD, IDENTITY, HumanReading("agree"))
    log.add_human_reading("b", RECORD, IDENTITY, HumanReading("agree"))
    with closing(sqlite3.connect(log.path)) as database, database:
        database.execute("UPDATE notes SET model = ''")
    log.add_human_reading("a", RECORD, IDENTITY, HumanReading("disagree"))
    assert agreement_summary(log.human_readings()).startswith("Readers agreed with 1 of 2 results")


def test_what_was_written_before_a_kill_is_there_after_it(tmp_path):
    code = """
import sys
from tests.inference.test_audit_log import IDENTITY, RECORD, AuditLog, reading
log = AuditLog(sys.argv[1])
for number in range(100_000):
    log.add_result(reading(str(number)), RECORD, IDENTITY)
    print(number, flush=True)
"""
    path = tmp_path / "audit.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    written = [process.stdout.readline() for _ in range(20)]
    os.kill(process.pid, signal.SIGKILL)
    written += process.communicate()[0].splitlines()
    stored = list(AuditLog(path).results()["sha256"])
    assert stored[: len(written)] == [str(number) for number in range(len(written))]


def test_a_log_that_cannot_be_used_says_so(tmp_path):
    (tmp_path / "audit.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(UserError, match="cannot be used"):
        AuditLog(tmp_path / "audit.sqlite").results()


def test_a_withdrawn_reading_does_not_count(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    for agreement in ("disagree", WITHDRAWN):
        log.add_human_reading("a", RECORD, IDENTITY, HumanReading(agreement))
    assert "No agreement" in agreement_summary(log.human_readings())
    log.add_human_reading("a", RECORD, IDENTITY, HumanReading("agree"))
    assert agreement_summary(log.human_readings()).startswith("Readers agreed with 1 of 1 results")


def test_readings_before_the_result_are_kept_apart_from_those_after_it(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    assert first_reading_summary(log.first_readings(), log.results()) == ""
    log.add_first_reading("c", FirstReading("not sure", ""))
    assert first_reading_summary(log.first_readings(), log.results()) == "Read before the result: 1."
    for sha256, finding in (
        ("a", "no pneumonia"),
        ("a", "pneumonia"),
        ("b", "no pneumonia"),
        ("c", "not sure"),
    ):
        log.add_first_reading(sha256, FirstReading(finding, "effusion"))
        log.add_result(reading(sha256), RECORD, IDENTITY)
    assert log.human_readings().empty and len(log.first_readings()) == 5
    assert first_reading_summary(log.first_readings(), log.results()) == (
        "Read before the result: 3. Where both decided, first reading and result were the same in 1 of 2."
    )
