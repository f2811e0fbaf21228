"""Delivery to a remote AE that refuses: what is given up, what is tried without end, what arrives."""

import socketserver
import sqlite3
import struct
import threading
import time
from contextlib import closing, contextmanager

import pytest
from dicom_peers import dicom_image, eventually
from dicomweb_server import file_of, honest, server
from pydicom.uid import ComprehensiveSRStorage, SecondaryCaptureImageStorage
from pynetdicom import AE, evt

from core.dicom_node import (
    ImageQueue,
    NodeSettings,
    Outbox,
    Receiver,
    RemoteAE,
    ScpSettings,
    activity,
    delivery,
    node_status,
    queue_reading,
    retry_given_up,
)
from core.dicom_node.tables import PROCESSED, REFUSED
from core.reports import KINDS

OUT_OF_RESOURCES = 0xA700


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Two images of one study: a report each, and a heat map of the second."""
    monkeypatch.setattr(delivery, "MAX_REFUSALS", 2)
    monkeypatch.setattr(activity, "FIRST_RETRY_S", 0.05)
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
    try:
        yield RemoteAE("PACS", "127.0.0.1", peer.server_address[1]), stored
    finally:
        peer.shutdown()


@contextmanager
def nonsense():
    """An AE that accepts each context of an association without naming a transfer syntax."""
    accepted = b"".join(item(0x21, bytes((number, 0, 0, 0))) for number in range(1, 11, 2))
    body = struct.pack(">H2x16s16s32x", 1, b"PACS".ljust(16), b"NODE".ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + accepted
    body += item(0x50, item(0x51, struct.pack(">I", 16384)))

    class Peer(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65536)
            self.request.sendall(struct.pack(">HI", 0x0200, len(body)) + body)

    with socketserver.TCPServer(("127.0.0.1", 0), Peer) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield RemoteAE("PACS", *server.server_address)
        finally:
            server.shutdown()


def item(kind, content):
    """A variable item of an A-ASSOCIATE-AC PDU, DICOM PS3.8 9.3.3."""
    return struct.pack(">BxH", kind, len(content)) + content


@contextmanager
def delivering(queue, *receivers):
    """The node's delivery as a thread for each receiver; those that are a remote alone get what is there."""
    receivers = tuple(
        receiver if isinstance(receiver, Receiver) else Receiver(receiver, KINDS) for receiver in receivers
    )
    stop, settings = threading.Event(), NodeSettings(ScpSettings("NODE"), receivers)
    threads = [
        threading.Thread(target=delivery.deliver_results, args=(receiver, settings, queue, stop))
        for receiver in receivers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_what_the_remote_ae_does_not_store_is_given_up_and_kept_and_all_else_arrives(queue, tmp_path):
    with remote(ComprehensiveSRStorage) as (receiver, stored), delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).refused == 1)
    status = node_status(tmp_path)
    assert (status.delivered, status.pending, status.delivery_error) == (1, 0, "")
    assert status.refusals == {f"{receiver} does not store overlay": 1}
    assert len(stored) == 3  # the report of the first image, and twice that of the second
    assert sorted(path.name for path in tmp_path.glob("results/*/*")) == ["finding.dcm", "overlay.dcm"]
    assert retry_given_up(tmp_path) == 1 and retry_given_up(tmp_path) == 0
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


def test_a_remote_ae_that_answers_nonsense_does_not_end_delivery(queue, tmp_path):
    with nonsense() as receiver, delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).refused == 2)
    status = node_status(tmp_path)
    assert status.errors == {"delivery": 4} and status.pending == 0  # for each image, twice
    (reason,) = status.refusals
    assert reason.startswith(f"Sending to {receiver} failed: unexpected IndexError in ")
    assert retry_given_up(tmp_path) == 2
    everything = remote(ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    with everything as (receiver, _), delivering(queue, receiver):
        eventually(lambda: node_status(tmp_path).delivered == 2)


@pytest.mark.slow
def test_delivery_goes_on_when_the_database_can_be_written_again(queue, tmp_path, caplog):
    everything = remote(ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    gone = Outbox(queue, "GONE")
    gone.postpone(gone.due(), "GONE does not answer", 0)  # so that the start has something to write
    with everything as (receiver, _), closing(sqlite3.connect(tmp_path / "node.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with delivering(queue, receiver):
            eventually(lambda: "delivery: database is locked; next attempt" in caplog.text)
            other.rollback()
            eventually(lambda: node_status(tmp_path).delivered == 2)


def test_each_receiver_gets_its_kinds_of_results_and_none_waits_for_another(queue, tmp_path):
    """One gets reports by C-STORE, one the heat map by STOW-RS; and a third has gone."""
    finding, overlay, gone = ("finding",), ("overlay",), RemoteAE("GONE", "127.0.0.1", 1)
    with remote(ComprehensiveSRStorage) as (pacs, stored), server(honest) as (web, asked):
        with delivering(queue, Receiver(pacs, finding), Receiver(web, overlay), Receiver(gone, finding)):
            eventually(lambda: len(stored) == 2 and len(asked) >= 2)
            eventually(lambda: node_status(tmp_path).delivery_error == f"{gone} does not answer")
            assert node_status(tmp_path).pending == 2
        assert set(stored) == {ComprehensiveSRStorage}
        with delivering(queue, Receiver(pacs, finding), Receiver(web, overlay)):
            eventually(lambda: node_status(tmp_path).delivered == 2)
        assert len(stored) == 2 and len(asked) == 4  # the report where there is no heat map
    assert not list(tmp_path.glob("results/*/*"))


def test_results_of_a_study_that_were_ready_one_by_one_are_tried_again_together(queue, monkeypatch):
    outbox = Outbox(queue, "AWAY")
    first, second = outbox.due()
    outbox.postpone([first], "AWAY does not answer", 200)
    outbox.postpone([second], "AWAY does not answer", 600)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 300)
    assert not outbox.due(), "the first waits for the second"
    monkeypatch.setattr(time, "time", lambda: now + 600)
    assert len(outbox.due()) == 2


def test_what_one_receiver_refuses_is_given_up_for_it_alone(queue, tmp_path):
    both = remote(ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    with remote(ComprehensiveSRStorage) as (small, _), both as (pacs, stored):
        with delivering(queue, small, pacs):
            eventually(lambda: (status := node_status(tmp_path)).refused == 1 and not status.pending)
        status = node_status(tmp_path)
        assert (status.delivered, status.pending, len(stored)) == (1, 0, 3)
        assert status.refusals == {f"{small} does not store overlay": 1}
        assert retry_given_up(tmp_path) == 1
        with delivering(queue, pacs):  # which has all, and there is no other any more
            eventually(lambda: node_status(tmp_path).delivered == 2)
        assert len(stored) == 3 and not list(tmp_path.glob("results/*/*"))


def test_a_damaged_result_is_given_up_and_holds_up_no_other(queue, tmp_path):
    (damaged,) = tmp_path.glob("results/*/overlay.dcm")
    damaged.write_bytes(b"damaged")
    everything = remote(ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    with everything as (pacs, stored), delivering(queue, pacs):
        eventually(lambda: node_status(tmp_path).refused == 1)
    assert node_status(tmp_path).delivered == 1 and damaged.exists()
    (image,) = queue.images.where("state = ?", REFUSED)
    assert image.uid == "1.2.2" and ComprehensiveSRStorage in stored
    retry_given_up(tmp_path)
    with server(honest) as (web, _), delivering(queue, web):
        eventually(lambda: node_status(tmp_path).refused == 1)
    (reason,) = node_status(tmp_path).refusals
    assert reason.startswith(f"Sending to {web} failed: unexpected InvalidDicomError")


def test_a_result_that_cannot_be_read_is_tried_without_end_and_holds_up_no_other(queue, tmp_path):
    (unreadable,) = tmp_path.glob("results/*/overlay.dcm")
    unreadable.unlink()
    unreadable.mkdir()
    everything = remote(ComprehensiveSRStorage, SecondaryCaptureImageStorage)
    with everything as (pacs, _), delivering(queue, pacs):
        eventually(lambda: node_status(tmp_path).delivered == 1)
        eventually(lambda: queue.images.where("state = ? AND reason != ''", PROCESSED))
    assert not node_status(tmp_path).refused


def test_what_one_receiver_refused_is_told_and_tried_again_while_another_is_away(queue, tmp_path):
    away = Outbox(queue, "AWAY", ["SMALL"])
    small = Outbox(queue, "SMALL", ["AWAY"])
    refused, other = small.due()
    small.give_up(refused, "SMALL does not store it")
    small.mark_delivered(other)
    away.postpone(away.due(), "AWAY does not answer", 0)
    status = node_status(tmp_path)
    assert (status.refused, status.pending, status.processed) == (1, 2, 2)
    assert status.refusals == {"SMALL does not store it": 1}
    assert retry_given_up(tmp_path) == 1 and retry_given_up(tmp_path) == 0
    assert [image.uid for image in small.due()] == [refused.uid] and not node_status(tmp_path).refused


def test_what_a_receiver_refused_that_has_gone_is_kept_until_it_is_tried_again(queue, tmp_path):
    pacs, small = Outbox(queue, "PACS", ["SMALL"]), Outbox(queue, "SMALL", ["PACS"])
    small.give_up(small.due()[0], "SMALL does not store it")
    pacs = Outbox(queue, "PACS")  # the next start has no other
    pacs.settle()
    for image in pacs.due():
        pacs.mark_delivered(image)
    status = node_status(tmp_path)
    assert (status.delivered, status.refused, status.pending) == (1, 1, 0)
    assert list(tmp_path.glob("results/*/*"))
    assert retry_given_up(tmp_path) == 1
    pacs.settle()  # of the node that runs
    assert node_status(tmp_path).delivered == 2 and not list(tmp_path.glob("results/*/*"))


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        pytest.param("overlay.dcm", None, id="none of them, in a queue of an earlier version"),
        pytest.param("finding.dcm", ("finding",), id="some of them"),
    ],
)
def test_an_image_is_processed_again_for_a_receiver_that_has_other_kinds_by_now(tmp_path, made, kinds):
    """And only once, although the image has no overlay, such as where its result is withheld."""
    queue = ImageQueue(tmp_path)
    image = queue.store("1.2.1", "1.2", "MODALITY", (b"image",))
    report = file_of(dicom_image(1, sop_class=ComprehensiveSRStorage))
    queue.add_results(image, {made: ("1.3.1", report)}, kinds)
    wanted = "finding", "overlay"
    with remote(ComprehensiveSRStorage) as (pacs, stored), delivering(queue, Receiver(pacs, wanted)):
        eventually(lambda: queue.complete_studies(0, 10))
        assert not stored
        queue.add_results(image, {"finding.dcm": ("1.3.2", report)}, wanted)
        eventually(lambda: node_status(tmp_path).delivered == 1)
    assert stored == [ComprehensiveSRStorage]
    queue.close()


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
    outbox = Outbox(queue, "PACS")
    (first, second, reading) = sorted(outbox.due(), key=lambda image: image.uid)
    for image in (second, reading):
        outbox.give_up(image, "PACS does not store it")
    assert queue.delete_failed(1) == 0 and queue.delete_failed(0) == 1
    status = node_status(tmp_path)
    assert (status.refused, status.deleted, status.failed) == (2, 1, 0)
    assert outbox.paths(first) and outbox.paths(reading) and not outbox.paths(second)
