"""Labels of a data set beside what readers concluded of the same images."""

import numpy as np
import pytest

from core.dataset import open_dataset
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
    contradicted_labels,
)
from core.weights import ModelRecord

IDENTITY = ModelIdentity("r/3", 1, "0123abcd")
RECORD = ModelRecord(stage=3, run="r")


@pytest.fixture
def log(tmp_path) -> AuditLog:
    return AuditLog(tmp_path / "audit.sqlite")


def note(log: AuditLog, sha256: str, agreement: str) -> None:
    """Let a model find pneumonia in an image, and a reader say so or not."""
    image = Image("image", np.zeros((128, 128), np.uint8), sha256)
    output = ModelOutput(Prediction("PNEUMONIA", 0.8, 0.7), image.pixels, np.zeros(512), np.zeros(1152))
    log.add_result(Reading(image, output), RECORD, IDENTITY)
    log.add_human_reading(sha256, RECORD, IDENTITY, HumanReading(agreement))


def test_the_last_conclusion_of_each_image_counts_if_it_is_sure(demo, log):
    dataset = open_dataset(demo)
    assert not len(contradicted_labels(dataset, log)) and not log.path.exists()
    normal, pneumonia = (np.flatnonzero(dataset.labels == label)[:4] for label in (0, 1))
    digests = dataset.table["sha256"]
    note(log, digests[normal[0]], "agree")
    note(log, digests[normal[1]], "disagree")
    note(log, digests[normal[2]], "agree")
    log.add_human_reading(digests[normal[2]], RECORD, IDENTITY, HumanReading(WITHDRAWN))
    note(log, digests[pneumonia[0]], "disagree")
    note(log, digests[pneumonia[1]], "not sure")
    log.add_first_reading(digests[pneumonia[2]], FirstReading("no pneumonia"))
    log.add_first_reading(digests[pneumonia[3]], FirstReading("no pneumonia"))
    note(log, digests[pneumonia[3]], "agree")
    note(log, "an image of no data set", "disagree")
    rows = contradicted_labels(dataset, log)
    assert list(rows) == sorted([normal[0], pneumonia[0], pneumonia[2]])


def test_a_damaged_log_is_told(demo, log):
    log.path.write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match="cannot be used"):
        contradicted_labels(open_dataset(demo), log)
