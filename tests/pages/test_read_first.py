"""What the user says of an image and takes back: what the session and the audit log hold."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from core.errors import UserError
from core.images import DecoderBusy, Image, read_image
from core.inference import AuditLog, AvailableModel, HeatMap, Reader, bundled_models
from pages.diagnosis import entries, human_reading, image_list, worklist
from pages.diagnosis.downloads import _human
from pages.diagnosis.entries import Entry, desk, result_key
from pages.diagnosis.uploads import Upload
from pages.diagnosis.worklist import following, result_table
from pages.shared import viewer


@pytest.fixture
def entry(own_home, monkeypatch) -> Entry:
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    state = {"log": True, "read-first": True}
    monkeypatch.setattr(st, "session_state", state)
    return Entry(Upload("digest", "image.png", lambda: b"", "image.png"), time.time())


def another(model: AvailableModel, folder: Path) -> AvailableModel:
    """Another model with the same weights."""
    other = replace(model, path=folder / "other.h5")
    other.path.symlink_to(model.path)
    return other


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
    other = another(one, tmp_path)
    human_reading._save(entry, one, result_key(one), "agree", None)
    human_reading._save(entry, other, result_key(other), "disagree", None)
    human_reading._undo(desk().saved)
    assert entry.human_reading.agreement == "agree" and entry.human_result == result_key(one)
    assert list(AuditLog().human_readings()["agreement"]) == ["agree", "disagree", "withdrawn"]


def test_a_reading_is_shown_and_exported_with_the_result_that_it_concerns_only(entry, monkeypatch, tmp_path):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    one = bundled_models()[-1]
    other = another(one, tmp_path)
    human_reading._save(entry, one, result_key(one), "agree", None)
    assert entry.human_reading_of(result_key(one)) == entry.human_reading
    result = result_key(one)
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", None)  # what a thread sees that makes a file
        assert _human([entry], result)["digest"] == entry.human_reading
    assert entry.human_reading_of(result_key(other)) is None and not _human([entry], result_key(other))
    assert "You: agree" in image_list._note(entry, one, 0) and "You" not in image_list._note(entry, other, 0)
    assert list(result_table([entry], one)["read"]) == [True] != list(result_table([entry], other)["read"])
    before = Entry(replace(entry.upload, key="before"), 0)
    assert (
        following([before, entry], before, one) is None and following([before, entry], before, other) is entry
    )
    st.session_state["anyway"] = True  # the result that was agreed with may have been withheld
    assert entry.human_reading_of(result_key(one)) is None and not _human([entry], result_key(one))


def test_undo_takes_back_nothing_but_what_it_stands_beside(entry, monkeypatch):
    model, second = bundled_models()[-1], Entry(replace(entry.upload, key="second"), 0)
    human_reading._save(entry, model, result_key(model), "agree", second)
    first_saved = desk().saved
    human_reading._save(second, model, result_key(model), "agree", None)
    human_reading._undo(first_saved)
    assert entry.human_reading and second.human_reading and desk().saved.entry is second
    assert list(AuditLog().human_readings()["agreement"]) == ["agree"] * 2


class Interrupted(dict):
    """A session that is asked for something for the last time when the next click comes."""

    def __init__(self, values: dict, asked: int) -> None:
        super().__init__(values)
        self.asked = asked

    def _ask(self) -> None:
        self.asked -= 1
        if self.asked < 0:
            raise InterruptedError

    def __getitem__(self, key):
        self._ask()
        return super().__getitem__(key)

    def get(self, *arguments):
        self._ask()
        return super().get(*arguments)

    def setdefault(self, *arguments):
        self._ask()
        return super().setdefault(*arguments)


@pytest.mark.parametrize("undone", [False, True])
def test_an_answer_is_taken_as_a_whole_or_not_at_all_when_the_next_click_comes(entry, monkeypatch, undone):
    model = bundled_models()[-1]
    if undone:
        human_reading._save(entry, model, result_key(model), "agree", None)
    usual, before = st.session_state, len(AuditLog().human_readings())
    for asked in range(40):
        monkeypatch.setattr(st, "session_state", Interrupted(usual, asked))
        try:
            if undone:
                human_reading._undo(usual["desk"].saved)
            else:
                human_reading._save(entry, model, result_key(model), "agree", None)
            break
        except InterruptedError:
            assert (entry.human_reading is not None) == undone
            assert len(AuditLog().human_readings()) == before
    assert 3 < asked < 39 and (entry.human_reading is None) == undone
    assert len(AuditLog().human_readings()) == before + 1


def test_no_result_is_shown_that_the_audit_log_cannot_take(entry, narrow_bundle, demo, monkeypatch):
    model, path = bundled_models()[-1], next((demo / "test").rglob("*.jpeg"))
    entry.upload = replace(entry.upload, data=path.read_bytes)
    entries.entries()["digest"] = entry

    def full(*_arguments) -> None:
        raise UserError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "add_result", full)
        for _ in range(2):
            with pytest.raises(UserError):
                entries.read_all(model, False, lambda *_: None)
            assert entry.reading(model) is None
    entries.read_all(model, False, lambda *_: None)
    assert entry.reading(model) and len(AuditLog().results()) == 1


def test_the_shown_image_stays_however_the_list_is_sorted(entry, monkeypatch):
    monkeypatch.setattr(worklist, "image_list", lambda *_: None)
    monkeypatch.setattr(worklist, "offer_neighbours", lambda *_: None)
    model, second = bundled_models()[-1], Entry(replace(entry.upload, key="second"), 0)
    assert worklist.worklist([entry, second], model) is entry
    assert worklist.worklist([second, entry], model) is entry


def test_another_models_heat_map_is_drawn_anew(entry, monkeypatch):
    drawn = []
    monkeypatch.setattr(viewer, "component", lambda *_: lambda data, **_options: drawn.append(data["id"]))
    image = Image("image.png", np.zeros((8, 8), np.uint8), "digest")
    for value in (0.2, 0.2, 0.7):
        viewer.viewer(image, HeatMap(np.full((8, 8), value)), None, None, "viewer", "")
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_answer_is_about_the_result_that_was_drawn(entry, tmp_path):
    model = another(bundled_models()[-1], tmp_path)
    drawn = result_key(model)
    st.session_state["anyway"] = True  # chosen since; the page is being drawn anew
    human_reading._save(entry, model, drawn, "agree", None)
    assert entry.human_reading_of(drawn) and not entry.human_reading_of(result_key(model))
    human_reading._save(entry, model, result_key(model), "disagree", None)
    human_reading._undo(desk().saved)
    assert entry.human_reading_of(drawn).agreement == "agree"
    assert list(AuditLog().human_readings()["agreement"]) == ["agree", "disagree", "agree"]


def test_what_cannot_be_written_can_be_undone_again(entry, monkeypatch):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    model = bundled_models()[-1]
    human_reading._save(entry, model, result_key(model), "agree", None)
    saved = desk().saved

    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(human_reading, "audit_log", full)
    with pytest.raises(OSError):
        human_reading._undo(saved)
    assert entry.human_reading and desk().saved is saved


def test_a_result_counts_as_seen_once_it_is_drawn_not_when_a_table_is_made(entry, narrow_bundle, demo):
    st.session_state["read-first"] = False
    model = bundled_models()[-1]
    image = read_image(next((demo / "test").rglob("*.jpeg")))
    (reading,) = Reader.of(model).read([image])
    entry.cache(result_key(model), reading)
    assert len(result_table([entry], model)) == 1 and not entry.seen
    entry.mark_seen(model)
    assert entry.seen


def test_a_cleared_session_keeps_nothing_of_its_images(entry, monkeypatch):
    monkeypatch.setattr(human_reading, "audit_log", lambda: None)
    entries.full_reader(bundled_models()[-1], result_key(bundled_models()[-1]))
    entries.entries()[entry.upload.key] = entry
    st.session_state |= {f"own-{entry.upload.key}": "effusion", "names": {"digest": "image.png"}}
    human_reading._save(entry, bundled_models()[-1], result_key(bundled_models()[-1]), "agree", entry)
    entries.clear_session()
    assert st.session_state == {"log": True, "read-first": True}


def test_full_readings_are_kept_by_the_session_and_made_in_any_thread(entry, narrow_bundle, demo):
    path = next((demo / "test").rglob("*.jpeg"))
    st.session_state |= {"read-first": False, "anyway": True}
    entry.upload = replace(entry.upload, data=path.read_bytes)
    read = entries.full_reader(bundled_models()[-1], result_key(bundled_models()[-1]))
    st.session_state.clear()  # what a thread sees that makes a file
    assert read(entry).heat_map is not None and not read(entry).withheld
    assert read(entry).image is read(entry).image
    entries.full_reader(bundled_models()[-1], result_key(bundled_models()[-1]))
    entries.remove(entry)
    assert entries.FULL_READINGS not in st.session_state
