"""The queue of the DICOM node: nothing acknowledged is lost, and queues of earlier versions open."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.database import table_names
from core.dicom_node import (
    ImageQueue,
    Outbox,
    activity,
    node_errors,
    node_latencies,
    node_status,
    queue_reading,
    readings_wanted,
    recall_reading,
    retry_given_up,
)
from core.dicom_node.activity import MAX_REFUSALS
from core.dicom_node.processing import retry_later
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.results import chosen

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def test_stored_images_are_there_for_the_next_process(tmp_path):
    queue = ImageQueue(tmp_path)
    queue.store("1.2.3", "1.2", "SENDER", (b"one", memoryview(b"two")))
    queue.close()
    again = ImageQueue(tmp_path)
    (image,) = again.complete_studies(0, 10)
    assert again.data(image) == b"onetwo"
    assert again.complete_studies(60, 10) == []
    again.mark_failed(image, "No image.")
    assert again.complete_studies(0, 10) == []
    again.close()


def test_an_image_that_arrives_slowly_holds_up_no_other(tmp_path):
    queue = ImageQueue(tmp_path)
    elsewhere = threading.Thread(target=queue.store, args=("1.2.4", "1.3", "SENDER", (b"other",)))

    def slowly() -> Iterator[bytes]:
        elsewhere.start()
        elsewhere.join(10)
        yield b"slow"

    queue.store("1.2.3", "1.2", "SENDER", slowly())
    assert not elsewhere.is_alive(), "the other had to wait"
    slow, other = queue.complete_studies(0, 10)
    assert (queue.data(slow), queue.data(other)) == (b"slow", b"other")
    queue.close()


def test_an_image_that_is_sent_again_during_processing_is_processed_again(tmp_path):
    queue = ImageQueue(tmp_path)
    queue.store("1.2.3", "1.2", "SENDER", (b"old",))
    (old,) = queue.complete_studies(0, 10)
    queue.store("1.2.3", "1.2", "SENDER", (b"new",))
    queue.add_results(old, {"finding.dcm": ("9.9", b"result")})
    (new,) = queue.complete_studies(0, 10)
    assert queue.data(new) == b"new" and new.received > old.received
    Outbox(queue, "PACS").mark_delivered(old)
    assert queue.data(new) == b"new"
    assert queue.is_result("9.9") and not queue.is_result("1.2.3")
    queue.close()


def test_an_image_that_cannot_be_processed_is_given_up_after_some_attempts(tmp_path, monkeypatch):
    """And what is no fault of it, such as a full disk, never."""
    monkeypatch.setattr(activity, "FIRST_RETRY_S", 0.0)
    queue = ImageQueue(tmp_path)
    queue.store("1.2.3", "1.2", "SENDER", (b"image",))
    for error, attempts in ((OSError("full"), 2 * MAX_REFUSALS), (ValueError("Doe"), MAX_REFUSALS)):
        for _ in range(attempts):
            (image,) = queue.complete_studies(0, 10)
            retry_later([image], error, queue)
        assert retry_given_up(tmp_path) == isinstance(error, ValueError)
    (image,) = queue.complete_studies(0, 10)
    assert (image.tries, image.refusals) == (0, 0) and queue.data(image) == b"image"
    retry_later([image], ValueError("Doe"), queue)
    queue.mark_failed(image, "No image.")
    assert retry_given_up(tmp_path) == 0
    queue.close()


def test_results_replace_those_of_an_earlier_time(tmp_path):
    queue = ImageQueue(tmp_path)
    old = queue.store("1.2.3", "1.2", "SENDER", (b"old",))
    with_lungs = ("finding.dcm", "lungs.dcm", "finding-without-lungs.dcm")
    queue.add_results(old, {name: (f"9.{number}", b"old") for number, name in enumerate(with_lungs)})
    new = queue.store("1.2.3", "1.2", "SENDER", (b"new",))
    queue.add_results(new, {"finding.dcm": ("9.0", b"new")})
    (due,) = Outbox(queue, "PACS").due()
    assert [path.read_bytes() for path in chosen(Outbox(queue, "PACS").paths(due), ("finding",))] == [b"new"]
    queue.close()


def test_a_file_that_cannot_be_deleted_holds_up_no_other(tmp_path):
    queue = ImageQueue(tmp_path)
    blocked, other = [queue.store(f"1.2.{number}", "1.2", "SENDER", (b"image",)) for number in (1, 2)]
    for image in (blocked, other):
        queue.mark_failed(image, "No image.")
    queue.files.image(blocked).unlink()
    queue.files.image(blocked).mkdir()  # a folder where a file should be
    with pytest.raises(OSError):
        queue.delete_failed(0)
    assert not queue.files.image(other).exists() and node_status(tmp_path).deleted == 1
    queue.files.image(blocked).rmdir()
    assert queue.delete_failed(0) == 1
    queue.close()


def test_only_errors_of_the_last_day_are_a_problem(tmp_path, monkeypatch):
    queue = ImageQueue(tmp_path)
    assert node_errors(tmp_path) == {"processing": 0, "delivery": 0, "deletion": 0}
    queue.count_error("delivery")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 26 * 3600)
    queue.count_error("processing")
    assert node_status(tmp_path).errors == {"processing": 1}
    assert node_errors(tmp_path) == {"processing": 1, "delivery": 1, "deletion": 0}
    queue.close()


@pytest.mark.parametrize(
    "opened_before",
    [
        lambda folder: None,
        lambda folder: retry_given_up(folder),
        lambda folder: recall_reading("1.2.3.9", folder),
    ],
    ids=["node", "retry", "page"],
)
def test_a_queue_of_0_1_0_continues(opened_before, tmp_path):
    """Also where another process than the node opens it first."""
    shutil.copyfile(FIXTURES / "old_node.sqlite", tmp_path / "node.sqlite")
    before = node_status(tmp_path)
    assert node_latencies(tmp_path) == {}
    opened_before(tmp_path)
    queue = ImageQueue(tmp_path)
    assert [image.uid for image in queue.complete_studies(0, 10)] == ["1.2.3.3"]
    (undelivered,) = Outbox(queue, "PACS").due()
    assert (undelivered.uid, undelivered.tries) == ("1.2.3.1", 1)
    assert queue.is_result("1.2.9.1") and queue.is_result("1.2.9.2")
    assert node_status(tmp_path) == before
    queue.add_results(QueuedImage("1.2.3.3", "1.2.3", queue.complete_studies(0, 1)[0].received), {})
    Outbox(queue, "PACS").mark_delivered(undelivered)
    queue.close()
    after = node_status(tmp_path)
    assert (after.received, after.processed, after.delivered, after.pending) == (4, 3, 2, 1)
    with closing(sqlite3.connect(tmp_path / "node.sqlite")) as database:
        assert table_names(database) == {
            "deliveries",
            "images",
            "latencies",
            "readings_wanted",
            "results",
            "unexpected_errors",
        }


def test_a_readers_finding_is_delivered_as_a_result_and_can_be_recalled_before(tmp_path):
    assert not readings_wanted(tmp_path)
    queue = ImageQueue(tmp_path)
    assert not readings_wanted(tmp_path)
    queue.want_readings(True)
    assert readings_wanted(tmp_path)
    queue_reading("1.9.1", "1.2", b"first", 60, tmp_path)
    assert Outbox(queue, "PACS").due() == [] and recall_reading("1.9.1", tmp_path)
    assert not list(tmp_path.rglob("*.dcm"))
    queue_reading("1.9.2", "1.2", b"second", 0, tmp_path)
    assert node_status(tmp_path).readings == 1 and node_status(tmp_path).received == 0
    (due,) = Outbox(queue, "PACS").due()
    assert not recall_reading("1.9.2", tmp_path)  # it may be on its way
    assert [path.read_bytes() for path in Outbox(queue, "PACS").paths(due)] == [b"second"]
    Outbox(queue, "PACS").mark_delivered(due)
    status = node_status(tmp_path)
    assert (status.readings, status.sent_readings, status.delivered) == (0, 1, 0)
    assert queue.is_result("1.9.2") and not list(tmp_path.rglob("*.dcm"))
    assert sum(node_latencies(tmp_path)["delivery"].images.values()) == 0
    queue.want_readings(False)
    assert not readings_wanted(tmp_path)
    queue.close()
