"""A reader's agreement on its way to the PACS: what the page hands to the node's queue."""

import io
import time

import pydicom
import pytest
import streamlit as st
from dicom_peers import dicom_image

from core.dicom_node import ImageQueue, Outbox, node_status
from core.dicom_node.readings import RECALL_S
from core.registry import answering_models
from pages.diagnosis import human_reading
from pages.diagnosis.entries import Entry, desk, result_key
from pages.diagnosis.sent_reading import sending_sentence
from pages.diagnosis.uploads import Upload
from pages.shared import user


@pytest.fixture
def entry(narrow_bundle, own_home, monkeypatch) -> Entry:
    monkeypatch.setattr(st, "session_state", {"anyway": True})
    monkeypatch.setattr(user, "sits_here", lambda: True)
    buffer = io.BytesIO()
    dicom_image(1).save_as(buffer, enforce_file_format=True)
    return Entry(Upload("digest", "image.dcm", buffer.getvalue, "image.dcm"), time.time())


@pytest.fixture
def queue(own_home):
    queue = ImageQueue()
    queue.want_readings(True)
    yield queue
    queue.close()


def due_later(queue: ImageQueue, monkeypatch) -> list[pydicom.Dataset]:
    """The findings that the node would send after the time in which they can be taken back."""
    with monkeypatch.context() as patch:
        now = time.time()
        patch.setattr(time, "time", lambda: now + RECALL_S + 1)
        due = Outbox(queue, "PACS").due()
    return [pydicom.dcmread(path) for image in due for path in Outbox(queue, "PACS").paths(image)]


def comment(report: pydicom.Dataset) -> str:
    return report.to_json().partition("The result of")[0]


def test_the_last_reading_waits_until_it_can_no_longer_be_taken_back(entry, queue, monkeypatch):
    model = answering_models()[-1]
    human_reading._save(entry, model, result_key(model), "agree", None)
    human_reading._save(entry, model, result_key(model), "disagree", None)
    assert Outbox(queue, "PACS").due() == []
    (report,) = due_later(queue, monkeypatch)
    assert "Disagree." in comment(report) and "PredecessorDocumentsSequence" not in report
    assert "in a minute at the earliest" in sending_sentence(entry, model, result_key(model))
    human_reading._undo(desk().saved)
    (report,) = due_later(queue, monkeypatch)
    assert "Agree." in comment(report)


def test_a_reading_that_was_sent_is_replaced_by_one_that_names_it(entry, queue, monkeypatch):
    model = answering_models()[-1]
    human_reading._save(entry, model, result_key(model), "agree", None)
    (first,) = due_later(queue, monkeypatch)
    with monkeypatch.context() as patch:  # a minute later, the node sends it
        now = time.time()
        patch.setattr(time, "time", lambda: now + RECALL_S + 1)
        (sent,) = Outbox(queue, "PACS").due()
        Outbox(queue, "PACS").mark_delivered(sent)
        human_reading._undo(desk().saved)
    assert node_status().sent_readings == 1
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + 2 * RECALL_S + 2)
        (again,) = Outbox(queue, "PACS").due()
    report = pydicom.dcmread(Outbox(queue, "PACS").paths(again)[0])
    assert "Withdrawn." in comment(report) and first.SOPInstanceUID in str(
        report.PredecessorDocumentsSequence
    )


def test_nothing_leaves_unless_a_node_sends_readings_of_a_dicom_image(entry, queue):
    model = answering_models()[-1]
    png = Entry(Upload("other", "image.png", lambda: b"\x89PNG", "image.png"), time.time())
    human_reading._save(png, model, result_key(model), "agree", None)
    queue.want_readings(False)
    human_reading._save(entry, model, result_key(model), "agree", None)
    assert node_status().readings == 0 and sending_sentence(entry, model, result_key(model)) == ""


def test_who_has_not_signed_in_elsewhere_sends_nothing(entry, queue, monkeypatch):
    monkeypatch.setattr(user, "sits_here", lambda: False)
    model = answering_models()[-1]
    human_reading._save(entry, model, result_key(model), "agree", None)
    assert entry.human_reading and node_status().readings == 0
    assert "not sent to the PACS" in sending_sentence(entry, model, result_key(model))


def test_agreement_with_a_result_that_was_withheld_before_is_sent_anew(entry, queue, monkeypatch):
    model = answering_models()[-1]
    withheld, shown = (*result_key(model)[:2], False), result_key(model)
    human_reading._save(entry, model, withheld, "agree", None)
    (first,) = due_later(queue, monkeypatch)
    human_reading._save(entry, model, shown, "agree", None)
    (second,) = due_later(queue, monkeypatch)
    assert first.SOPInstanceUID != second.SOPInstanceUID, "the first one was taken back"
    human_reading._undo(desk().saved)
    assert entry.human_result == withheld and len(due_later(queue, monkeypatch)) == 1
