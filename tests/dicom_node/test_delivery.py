"""Delivery to a remote AE that refuses: what is given up, what is tried without end, what arrives."""

import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest
from dicom_peers import dicom_image, eventually
from dicomweb_server import file_of
from pydicom.uid import ComprehensiveSRStorage, SecondaryCaptureImageStorage
from pynetdicom import AE, evt

from core.dicom_node import (
    ImageQueue,
    NodeSettings,
    RemoteAE,
    ScpSettings,
    delivery,
    node_status,
    queue_reading,
    retry_refused,
)

OUT_OF_RESOURCES = 0xA700


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Two images of one study: a report each, and a heat map of the second."""
    monkeypatch.setattr(delivery, "MAX_REFUSALS", 2)
    monkeypatch.setattr(delivery, "FIRST_RETRY_S", 0.05)
    queue = ImageQueue(tmp_path)
    for number in (1, 2):
        image = queue.store(f"1.2.{number}", "1.2", "MODALITY", (b"",))
        results = {"finding.dcm": ("1.3", file_of(dicom_image(number, sop_class=ComprehensiveSRStorage)))}
        if number == 2:
            results["overlay.dcm"] = ("1.4", file_of(dicom_image(3, sop_class=SecondaryCaptureImageStorage)))
        queue.add_results(image, results)
    yield queue
    queue.close()


@contextmanager
def remote(*sop_classes, status=lambda: 0x0000):
    """An AE that stores some classes of objects; those that it has stored."""
    stored, entity = [], AE("PACS")

    def on_store(event):
        stored.append(event.request.AffectedSOPClassUID)
        return status()

    for sop_class in sop_classes:
        entity.add_supported_context(sop_class)
    peer = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)])
    yield RemoteAE("PACS", "127.0.0.1", peer.server_address[1]), stored
    peer.shutdown()


@contextmanager
def delivering(queue, receiver):
    """The node's delivery as a thread."""
    stop = threading.Event()
    arguments = (receiver, NodeSettings(ScpSettings("NODE"), receiver), queue, stop)
    thread = threading.Thread(target=delivery.deliver_results, args=arguments)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_what_the_remote_ae_does_not_store_is_given_up_and_kept_and_all_else_arrives(queue, tmp_path):
    with remote(ComprehensiveSRStorage) as (receiver, stored), delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).refused == 1)
    status = node_status(tmp_path)
    assert (status.delivered, status.pending, status.delivery_error) == (1, 0, "")
    assert status.refusals == {f"{receiver} does not store overlay": 1}
    assert len(stored) == 3  # the report of the first image, and twice that of the second
    assert sorted(path.name for path in tmp_path.glob("results/*/*")) == ["finding.dcm", "overlay.dcm"]
    assert retry_refused(tmp_path) == 1 and retry_refused(tmp_path) == 0
    both = ComprehensiveSRStorage, SecondaryCaptureImageStorage
    with remote(*both) as (receiver, stored), delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).delivered == 2)
    assert len(stored) == 2 and not list(tmp_path.glob("results/*/*"))


def test_a_remote_ae_without_room_is_tried_without_end(queue, tmp_path):
    classes, room = (ComprehensiveSRStorage, SecondaryCaptureImageStorage), [OUT_OF_RESOURCES] * 5
    stays_full = remote(*classes, status=lambda: room.pop() if room else 0)
    with stays_full as (receiver, _), delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).delivered == 2)
    assert node_status(tmp_path).refused == 0 and not room


def test_a_receiver_that_was_away_for_weeks_is_still_tried(queue, tmp_path):
    with closing(sqlite3.connect(tmp_path / "node.sqlite")) as database, database:
        database.execute("UPDATE images SET tries = 5000")
    with delivering(queue, RemoteAE("PACS", "127.0.0.1", 1)):
        eventually(lambda: "does not answer" in node_status(tmp_path).delivery_error)
    assert node_status(tmp_path).pending == 2


def test_what_was_refused_long_ago_is_deleted(queue, tmp_path):
    """From the day on which it was given up, however long it had waited; never a reader's finding."""
    queue_reading("1.2.3", "1.2", b"reading", 0, tmp_path)
    with closing(sqlite3.connect(tmp_path / "node.sqlite")) as database, database:
        database.execute("UPDATE images SET received = received - 31 * 86400")
    (first, second, reading) = sorted(queue.due_for_delivery(), key=lambda image: image.uid)
    for image in (second, reading):
        queue.give_up(image, "PACS does not store it")
    assert queue.delete_failed(1) == 0 and queue.delete_failed(0) == 1
    status = node_status(tmp_path)
    assert (status.refused, status.deleted, status.failed) == (2, 1, 0)
    assert queue.result_paths(first) and queue.result_paths(reading) and not queue.result_paths(second)
