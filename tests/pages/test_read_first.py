"""Reading first, and taking back what was saved: what the session and the audit log hold."""

import time
from dataclasses import replace

import pytest
import streamlit as st

from core.images import DecoderBusy, read_image
from core.inference import AuditLog, Reader, bundled_models
from pages.diagnosis import entries, human_reading
from pages.diagnosis.downloads import _human
from pages.diagnosis.entries import Entry
from pages.diagnosis.uploads import Upload
from pages.diagnosis.worklist import result_table


@pytest.fixture
def entry(own_home, monkeypatch) -> Entry:
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    state = {"log": True, "read-first": True}
    monkeypatch.setattr(st, "session_state", state)
    return Entry(Upload("digest", "image.png", lambda: b"", "image.png"), time.time())


def test_a_reading_counts_as_the_first_only_before_a_result_was_seen(entry):
    assert entry.hidden
    entry.seen = True
    assert not entry.hidden


def test_a_failed_image_that_is_uploaded_again_is_tried_again(entry):
    model = bundled_models()[-1]
    entries.add_images([entry.upload])
    (failed,) = entries.entries().values()
    entries._fail(failed, DecoderBusy("image.png was not read: this computer is too busy. Try again later."))
    assert not entries.has_unread(model)
    entries.add_images([entry.upload])
    assert entries.has_unread(model) and list(entries.entries().values()) == [failed]


def test_undo_gives_back_what_was_said_of_the_same_model_only(entry, monkeypatch, tmp_path):
    monkeypatch.setattr(human_reading, "audit_log", AuditLog)
    one = bundled_models()[-1]
    other = replace(one, path=tmp_path / "other.h5")
    other.path.symlink_to(one.path)
    human_reading._save(entry, one, "agree", None)
    human_reading._save(entry, other, "disagree", None)
    human_reading._undo()
    assert entry.human_reading.agreement == "agree" and entry.human_model == one.path
    assert list(AuditLog().human_readings()["agreement"]) == ["agree", "disagree", "withdrawn"]


def test_a_reading_is_exported_with_the_result_that_it_concerns_only(entry, monkeypatch):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    one = bundled_models()[-1]
    other = replace(one, path=one.path.with_name("other.h5"))
    human_reading._save(entry, one, "agree", None)
    assert entry.human_reading_of(one) == _human([entry], one)["digest"] == entry.human_reading
    assert entry.human_reading_of(other) is None and not _human([entry], other)


def test_what_cannot_be_written_can_be_undone_again(entry, monkeypatch):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    model = bundled_models()[-1]
    human_reading._save(entry, model, "agree", None)

    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(human_reading, "audit_log", full)
    with pytest.raises(OSError):
        human_reading._undo()
    assert entry.human_reading and "saved" in st.session_state


def test_a_result_counts_as_seen_once_it_is_drawn_not_when_a_table_is_made(entry, narrow_bundle, demo):
    st.session_state["read-first"] = False
    model = bundled_models()[-1]
    image = read_image(next((demo / "test").rglob("*.jpeg")))
    (reading,) = Reader.of(model).read([image])
    entry.cache(model, reading)
    assert len(result_table([entry], model)) == 1 and not entry.seen
    entry.mark_seen(model)
    assert entry.seen


def test_a_cleared_session_keeps_nothing_of_its_images(entry, monkeypatch):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    entries.full_reader(bundled_models()[-1])
    entries.entries()[entry.upload.key] = entry
    st.session_state |= {f"own-{entry.upload.key}": "effusion", "names": {"digest": "image.png"}}
    human_reading._save(entry, bundled_models()[-1], "agree", entry)
    entries.clear_session()
    assert st.session_state == {"log": True, "read-first": True}


def test_full_readings_are_kept_by_the_session_and_made_in_any_thread(entry, narrow_bundle, demo):
    path = next((demo / "test").rglob("*.jpeg"))
    st.session_state |= {"read-first": False, "anyway": True}
    entry.upload = replace(entry.upload, data=path.read_bytes)
    read = entries.full_reader(bundled_models()[-1])
    st.session_state.clear()  # what a thread sees that makes a file
    assert read(entry).heat_map is not None and not read(entry).withheld
    assert read(entry).image is read(entry).image
    entries.full_reader(bundled_models()[-1])
    entries.remove(entry)
    assert entries.FULL_READINGS not in st.session_state
