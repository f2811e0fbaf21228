"""The Storage SCP over the wire: formats it accepts, and peers it refuses or limits."""

import io
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest
from dicom_peers import Node, connect, dicom_image, eventually, home_with, store
from PIL import Image
from pydicom import uid as uids
from pydicom.encaps import encapsulate
from pydicom.uid import ComputedRadiographyImageStorage, CTImageStorage
from pynetdicom import _config

from core.images import decode

SYNTAXES = (
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.JPEG2000Lossless,
    uids.JPEGLSLossless,
    uids.RLELossless,
)


@pytest.mark.skipif(not shutil.which("dcmconv"), reason="dcmtk is not installed")
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_every_transfer_syntax_carries_the_same_image(node, syntax, tmp_path):
    image = dicom_image(2000 + SYNTAXES.index(syntax))
    pixels = image.pixel_array
    path = tmp_path / "image.dcm"
    if syntax == uids.JPEG2000Lossless:  # pydicom has no encoder for it here
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG2000", no_jp2=True)
        image.PixelData = encapsulate([buffer.getvalue()])
        image["PixelData"].is_undefined_length = True
        image.file_meta.TransferSyntaxUID = syntax
    elif syntax.is_compressed:
        image.compress(syntax, generate_instance_uid=False)
    image.save_as(path, enforce_file_format=True)
    if not syntax.is_compressed:
        kind = "+ti" if syntax.is_implicit_VR else "+tb"
        subprocess.run(["dcmconv", kind, path, path], check=True)
    image = pydicom.dcmread(path)
    assert store(node.port, image, syntax=syntax) == [0x0000]
    (stored,) = [
        item
        for item in (node.home / "node/received").glob("*.dcm")
        if image.SOPInstanceUID.encode() in item.read_bytes()
    ]
    assert np.array_equal(decode(stored.read_bytes(), "image").pixels, pixels)


def test_unknown_peers_are_rejected(node):
    for title, called in (("STRANGER", "PNEUMONIA"), ("ELSEWHERE", "PNEUMONIA"), ("MODALITY", "OTHER")):
        assert connect(node.port, title, called).is_rejected, (title, called)
    association = connect(node.port)
    assert association.send_c_echo().Status == 0
    association.release()


def test_other_sop_classes_are_not_accepted(node):
    association = connect(node.port)
    accepted = {context.abstract_syntax for context in association.accepted_contexts}
    association.release()
    assert CTImageStorage not in accepted and ComputedRadiographyImageStorage in accepted


def store_raw(port: int, tmp_path: Path, data: bytes, number: int) -> int | None:
    """Status of the response to a data set of any bytes; None if the node closed the association."""
    image = dicom_image(number)
    image.PixelData = b"\0\0"
    path = tmp_path / "raw.dcm"
    image.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    length = struct.unpack("<L", content[140:144])[0]  # of the meta information
    path.write_bytes(content[: 144 + length] + data)
    association = connect(port)
    assert association.is_established
    response = association.send_c_store(path)
    association.release()
    return response.Status if "Status" in response else None


@pytest.fixture
def unparsed(monkeypatch):
    """Send the bytes of a file as they are."""
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)


def test_wrong_headers_are_refused(node, tmp_path, unparsed):
    other = dicom_image(6001)
    other.PixelData = b"\0\0"
    other.save_as(tmp_path / "other.dcm", enforce_file_format=True)
    content = (tmp_path / "other.dcm").read_bytes()
    body = content[144 + struct.unpack("<L", content[140:144])[0] :]
    assert store_raw(node.port, tmp_path, body, 6000) == 0xA900  # another instance than was announced
    assert store_raw(node.port, tmp_path, b"garbage" * 100, 6000) == 0xC000
    assert store_raw(node.port, tmp_path, body.replace(b"\x08\0\x16\0", b"\x08\0\x17\0", 1), 6001) == 0xC000
    assert store_raw(node.port, tmp_path, b"", 6000) == 0xC000


def test_the_node_survives_fuzzed_data_sets(node, tmp_path, unparsed):
    """`PNEUMONIA_STUDIO_FUZZ=5000` sends more."""
    random = np.random.default_rng(7)
    image = dicom_image(7000)
    image.save_as(tmp_path / "good.dcm", enforce_file_format=True)
    content = (tmp_path / "good.dcm").read_bytes()
    start = 144 + struct.unpack("<L", content[140:144])[0]
    good = np.frombuffer(content[start : start + 900] + bytes(2000), np.uint8)
    association, statuses = None, []
    for _ in range(int(os.environ.get("PNEUMONIA_STUDIO_FUZZ", "100"))):
        if association is None or not association.is_established:
            association = connect(node.port)
            assert association.is_established
        bad = good[: random.integers(1, len(good))].copy()
        for index in random.integers(0, len(bad), random.integers(1, 30)):
            bad[index] = random.integers(0, 256)
        path = tmp_path / "bad.dcm"
        path.write_bytes(content[:start] + bad.tobytes())
        statuses.append(association.send_c_store(path).get("Status"))
    association.release()
    assert None not in statuses, "the node closed the association"
    assert set(statuses) <= {0x0000, 0xA900, 0xC000}
    eventually(lambda: node.counts().pending == node.counts().processed - node.counts().delivered)
    assert store(node.port, dicom_image(7001)) == [0x0000]


def test_silent_slow_oversized_and_garbage_connections_delay_nobody(node):
    process = psutil.Process(node.pid)
    before = process.memory_info().rss
    peers = []
    for number in range(40):
        peer = socket.create_connection(("127.0.0.1", node.port))
        peers.append(peer)
        if number % 4 == 1:
            peer.sendall(b"\x01\x00\x00\x00\x01\x00half a PDU")
        elif number % 4 == 2:
            peer.sendall(b"\x01\x00" + struct.pack(">L", 300 * 2**20))
        elif number % 4 == 3:
            peer.sendall(os.urandom(2000))
    huge = peers[2]
    with pytest.raises(OSError):  # its connection is closed, long before it has sent what it announced
        for _ in range(300):
            huge.sendall(bytes(2**20))
    with socket.create_connection(("127.0.0.1", node.port)) as silent:
        assert store(node.port, dicom_image(8000)) == [0x0000]
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):  # it is still connected: nobody waited for its end
            silent.recv(10)
    assert process.memory_info().rss - before < 300 * 2**20
    peers[0].settimeout(30)
    assert peers[0].recv(10) == b""  # silent peers are disconnected
    for peer in peers:
        peer.close()


def test_images_that_a_full_disk_cannot_hold_are_not_acknowledged(trained, tmp_path, small_disk):
    small = small_disk("3m")
    home = home_with(trained.model_folder(), tmp_path / "home")
    (home / "node").symlink_to(small, target_is_directory=True)
    node = Node(home, "--study-timeout", "600").start()
    try:
        statuses = store(node.port, *(dicom_image(number) for number in range(30)))
        acknowledged = statuses.count(0x0000)
        assert set(statuses) == {0x0000, 0xA700} and 3 < acknowledged < 20
        assert len(list((small / "received").glob("*.dcm"))) == node.counts().received == acknowledged
        assert "disk is full" in node.log()
    finally:
        assert node.stop() == 0
