"""A new version of the software may bring another bundled model: whoever gets its results is told."""

import numpy as np
import pytest

from core.dataset.synthetic import draw_chest
from core.images import Image
from core.inference import AuditLog, Reader
from core.registry import acknowledge, active_model
from core.weights import update_record


@pytest.fixture
def weights(bundle):
    """The bundled model's weights file, in a new home."""
    return bundle.parent / "weights" / "vgg_unfrozen.h5"


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
    assert f"{told.model.identity} answers, and no longer {before}" in told.notice and told.model.bundled
    assert active_model().notice == told.notice
    acknowledge()
    assert active_model().notice == ""


def test_a_home_of_an_earlier_version_knows_the_model_of_its_last_result(weights, own_home):
    log_a_result()
    (own_home / "registry" / "bundled.json").unlink()
    update_record(weights, threshold=0.25)
    assert "has changed with this version" in active_model().notice


def test_a_damaged_note_of_what_users_know_stops_nothing(weights, own_home):
    active_model()
    (own_home / "registry" / "bundled.json").write_text("[")
    assert active_model().notice == ""
