"""A new version of the software may bring another bundled model: whoever gets its results is told."""

from contextlib import suppress

import numpy as np
import pytest

from core.dataset.synthetic import draw_chest
from core.images import Image
from core.inference import AuditLog, Reader
from core.registry import acknowledge, active_model
from core.registry.bundled_change import BEFORE, TRACES
from core.registry.storage import ActiveState, write_active
from core.weights import update_record


@pytest.fixture
def weights(bundle):
    """The bundled model's weights file, in a new home."""
    return bundle.parent / "weights" / "vgg_unfrozen.h5"


@pytest.fixture
def note(own_home):
    """The file with the model that was acknowledged."""
    return own_home / "registry" / "bundled.json"


def log_a_result() -> None:
    """A result of the active model in the audit log."""
    model = active_model().model
    image = Image("chest.png", draw_chest(np.random.default_rng(0), "bacteria"), "0" * 64)
    (reading,) = Reader(model.path).read([image])
    AuditLog().add_result(reading, model.record, model.identity)


def test_in_a_new_home_there_is_nothing_to_tell(weights):
    assert active_model().notice == active_model().notice == ""


def test_another_bundled_model_says_so_until_that_is_acknowledged(weights):
    before = active_model().model.identity
    update_record(weights, threshold=0.25)
    told = active_model()
    assert f"{told.model.identity} instead of {before}" in told.notice and told.model.bundled
    log_a_result()
    assert active_model().notice == told.notice
    acknowledge()
    assert active_model().notice == ""


def test_a_home_of_an_earlier_version_knows_the_model_of_its_last_result(weights, note):
    log_a_result()
    before = active_model().model.identity
    note.unlink()
    update_record(weights, threshold=0.25)
    assert f"instead of {before}" in active_model().notice
    log_a_result()
    assert f"instead of {before}" in active_model().notice


@pytest.mark.parametrize("trace", TRACES)
def test_without_such_a_result_it_knows_the_model_that_was_bundled_then(weights, own_home, trace):
    path = own_home / trace
    path.parent.mkdir(parents=True)
    path.write_text("neither need be readable")
    assert f"instead of {BEFORE}" in active_model().notice


def test_a_model_that_stands_in_for_another_is_acknowledged_too(weights):
    active_model()
    write_active(ActiveState("mine-3-1"))  # whose files are gone
    update_record(weights, threshold=0.25)
    assert active_model().model.notices and "another bundled model" in active_model().notice
    acknowledge()
    assert active_model().model.notices and active_model().notice == ""


@pytest.mark.parametrize("damage", ["[", "{}", "7"])
def test_a_damaged_note_is_written_anew(weights, note, damage):
    active_model()
    note.write_text(damage)
    assert active_model().notice == ""
    update_record(weights, threshold=0.25)
    assert active_model().notice


def test_on_a_full_disk_nothing_stops(weights, small_disk, monkeypatch):
    disk = small_disk("1m")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(disk))
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
    assert active_model().notice == ""
    assert not (disk / "registry" / "bundled.json").exists()
