import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.diagnosis import AuditLog, Look, Note, Prediction, Reading, agreement_rate
from core.errors import UserError
from core.images import Radiograph
from core.weights import ModelRecord

PROJECT = Path(__file__).resolve().parents[2]
RECORD = ModelRecord(stage=3, run="r", threshold=0.4, threshold_rule="for a test")


def reading(sha256="digest", withheld=False) -> Reading:
    film = Radiograph(
        "Doe^Jane 1999.dcm", np.zeros((128, 128), np.uint8), sha256, {"Age": "003Y"}, person="p"
    )
    look = Look(Prediction("PNEUMONIA", 0.8, 0.7), film.pixels, np.zeros(512), np.zeros(1152))
    return Reading(film, look, withheld=withheld)


def test_answers_and_notes_are_kept_without_what_identifies_anybody(tmp_path):
    log = AuditLog(tmp_path / "new folder" / "audit.sqlite")
    log.add_answer(reading(), RECORD)
    log.add_answer(reading("other", withheld=True), RECORD)
    log.add_note("digest", RECORD, Note("disagree", "'; DROP TABLE notes; --", True))
    answers, notes = AuditLog(log.path).answers(), log.notes()
    assert list(answers["finding"]) == ["Pneumonia", "No answer"]
    assert answers["probability"].iloc[0] == 0.8 and np.isnan(answers["probability"].iloc[1])
    assert answers["threshold"].iloc[0] == 0.4 and answers["rule"].iloc[0] == "for a test"
    assert notes["own"].iloc[0].startswith("'; DROP") and notes["changed"].iloc[0] == 1
    assert b"Jane" not in log.path.read_bytes()


def test_the_agreement_rate_counts_the_last_note_on_each_film(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    assert "No reader" in agreement_rate(log.notes())
    for sha256, agreement in (
        ("a", "disagree"),
        ("a", "agree"),
        ("b", "agree"),
        ("c", "disagree"),
        ("d", "not sure"),
    ):
        log.add_note(sha256, RECORD, Note(agreement, changed=sha256 == "b"))
    said = agreement_rate(log.notes())
    assert said.startswith("Readers agreed with 2 of 3 answers: 67% (21% to 94%).")
    assert "Not sure: 1" in said and said.endswith("changed a finding: 1.")


def test_what_was_written_before_a_kill_is_there_after_it(tmp_path):
    code = """
import sys
from tests.diagnosis.test_audit_log import AuditLog, RECORD, reading
log = AuditLog(sys.argv[1])
for number in range(100_000):
    log.add_answer(reading(str(number)), RECORD)
    print(number, flush=True)
"""
    path = tmp_path / "audit.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline()]
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        said.append(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    said += process.communicate()[0].splitlines()
    kept = list(AuditLog(path).answers()["sha256"])
    assert len(said) > 10 and kept[: len(said)] == [str(number) for number in range(len(said))]


def test_a_log_that_cannot_be_used_says_so(tmp_path):
    (tmp_path / "audit.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(UserError, match="cannot be used"):
        AuditLog(tmp_path / "audit.sqlite").answers()
