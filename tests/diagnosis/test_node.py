"""The DICOM node as its peers meet it: the process itself, over the wire."""

import io
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest
from dicom_world import PROJECT, Node, eventually, film, home_with
from PIL import Image
from pydicom import uid as uids
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pynetdicom import AE, _config
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
    Verification,
)

from core.cli.main import main
from core.diagnosis import node_status
from core.diagnosis.dicom_objects import MAKER
from core.diagnosis.node_queue import FilmQueue, ReceivedFilm
from core.images import decode

SYNTAXES = (
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.JPEG2000Lossless,
    uids.JPEGLSLossless,
    uids.RLELossless,
)
ALLOWED = ("--allow", "MODALITY=127.0.0.1", "--allow", "ELSEWHERE=192.0.2.1")


@pytest.fixture(scope="module")
def node(trained, tmp_path_factory):
    """A node that returns nothing, so that all it makes can be looked at."""
    home = home_with(trained.model_folder(), tmp_path_factory.mktemp("node"))
    found = Node(home, "--quiet", "0", *ALLOWED).start()
    yield found
    assert found.stop() == 0


def associate(port: int, title: str = "MODALITY", called: str = "PNEUMONIA", syntax=None, **options):
    """An association with the node."""
    entity = AE(title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = 20
    entity.add_requested_context(Verification)
    for kind in (
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        SecondaryCaptureImageStorage,
        CTImageStorage,
    ):
        entity.add_requested_context(kind, syntax or uids.ExplicitVRLittleEndian)
    return entity.associate("127.0.0.1", port, ae_title=called, **options)


def sent(port: int, *films: FileDataset, syntax=None) -> list[int]:
    """The status that each film got."""
    association = associate(port, syntax=syntax)
    assert association.is_established
    found = [association.send_c_store(item).Status for item in films]
    association.release()
    return found


def status(node: Node):
    return node_status(node.home / "node")


@pytest.mark.parametrize(
    "kind",
    [
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        SecondaryCaptureImageStorage,
    ],
    ids=["CR", "DX", "SC"],
)
def test_a_film_is_kept_and_judged(node, kind):
    before = status(node)
    one = film(1000 + len(kind), kind=kind)
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = uids.generate_uid()
    assert sent(node.port, one) == [0x0000]
    eventually(lambda: status(node).judged == before.judged + 1)
    assert status(node).waiting == before.waiting + 1  # no archive was named


@pytest.mark.skipif(not shutil.which("dcmconv"), reason="dcmtk is not installed")
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_every_transfer_syntax_holds_the_same_film(node, syntax, tmp_path):
    one = film(2000 + SYNTAXES.index(syntax))
    pixels = one.pixel_array
    path = tmp_path / "film.dcm"
    if syntax == uids.JPEG2000Lossless:  # pydicom has no encoder for it here
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG2000", no_jp2=True)
        one.PixelData = encapsulate([buffer.getvalue()])
        one["PixelData"].is_undefined_length = True
        one.file_meta.TransferSyntaxUID = syntax
    elif syntax.is_compressed:
        one.compress(syntax, generate_instance_uid=False)
    one.save_as(path, enforce_file_format=True)
    if not syntax.is_compressed:
        kind = "+ti" if syntax.is_implicit_VR else "+tb"
        subprocess.run(["dcmconv", kind, path, path], check=True)
    one = pydicom.dcmread(path)
    assert sent(node.port, one, syntax=syntax) == [0x0000]
    (row,) = [
        item
        for item in (node.home / "node/received").glob("*.dcm")
        if one.SOPInstanceUID.encode() in item.read_bytes()
    ]
    assert np.array_equal(decode(row.read_bytes(), "film").pixels, pixels)


def test_strangers_are_turned_away(node):
    for title, called in (("STRANGER", "PNEUMONIA"), ("ELSEWHERE", "PNEUMONIA"), ("MODALITY", "OTHER")):
        assert associate(node.port, title, called).is_rejected, (title, called)
    association = associate(node.port)
    assert association.send_c_echo().Status == 0
    association.release()


def test_what_is_no_film_is_not_offered_a_place(node):
    association = associate(node.port)
    accepted = {context.abstract_syntax for context in association.accepted_contexts}
    association.release()
    assert CTImageStorage not in accepted and ComputedRadiographyImageStorage in accepted


def test_a_result_that_comes_back_is_taken_and_never_judged(node):
    before = status(node).received
    own = film(3000, kind=SecondaryCaptureImageStorage)
    own.Manufacturer = MAKER
    assert sent(node.port, own) == [0x0000]
    assert status(node).received == before


def test_a_film_that_is_sent_again_gives_the_same_result(node):
    one = film(4000)
    result = node.home / "node/results" / ReceivedFilm(one.SOPInstanceUID, "", 0).key / "finding.dcm"
    made = []
    for _ in range(2):
        received = status(node).received
        assert sent(node.port, one) == [0x0000]
        eventually(result.exists)
        made.append(pydicom.dcmread(result).SOPInstanceUID)
        result.unlink()
    assert made[0] == made[1] and status(node).received == received


def test_what_cannot_be_judged_fails_with_its_reason(node):
    one = film(5000)
    one.PixelData = one.PixelData[:1000]
    assert sent(node.port, one) == [0x0000]
    eventually(lambda: status(node).failed == 1)
    assert list(status(node).reasons) == ["The film is damaged or cut short. Export or copy it again."]
    assert node.status()["failed"] == 1


def raw(port: int, tmp_path: Path, data: bytes, number: int) -> int | None:
    """The status that a data set of any bytes gets; None when the node broke off."""
    one = film(number)
    one.PixelData = b"\0\0"
    path = tmp_path / "raw.dcm"
    one.save_as(path, enforce_file_format=True)
    whole = path.read_bytes()
    length = struct.unpack("<L", whole[140:144])[0]  # of the meta information
    path.write_bytes(whole[: 144 + length] + data)
    association = associate(port)
    assert association.is_established
    answer = association.send_c_store(path)
    association.release()
    return answer.Status if "Status" in answer else None


@pytest.fixture
def unparsed(monkeypatch):
    """Send the bytes of a file as they are."""
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)


def test_headers_that_lie_are_refused(node, tmp_path, unparsed):
    other = film(6001)
    other.PixelData = b"\0\0"
    other.save_as(tmp_path / "other.dcm", enforce_file_format=True)
    whole = (tmp_path / "other.dcm").read_bytes()
    body = whole[144 + struct.unpack("<L", whole[140:144])[0] :]
    assert raw(node.port, tmp_path, body, 6000) == 0xA900  # another instance than was announced
    assert raw(node.port, tmp_path, b"garbage" * 100, 6000) == 0xC000
    assert raw(node.port, tmp_path, body.replace(b"\x08\0\x16\0", b"\x08\0\x17\0", 1), 6001) == 0xC000
    assert raw(node.port, tmp_path, b"", 6000) == 0xC000


def test_fuzzed_data_sets_never_hurt_the_node(node, tmp_path, unparsed):
    """`PNEUMONIA_STUDIO_FUZZ=5000` sends more."""
    random = np.random.default_rng(7)
    one = film(7000)
    one.save_as(tmp_path / "good.dcm", enforce_file_format=True)
    whole = (tmp_path / "good.dcm").read_bytes()
    start = 144 + struct.unpack("<L", whole[140:144])[0]
    good = np.frombuffer(whole[start : start + 900] + bytes(2000), np.uint8)
    association, answers = None, []
    for _ in range(int(os.environ.get("PNEUMONIA_STUDIO_FUZZ", "100"))):
        if association is None or not association.is_established:
            association = associate(node.port)
            assert association.is_established
        bad = good[: random.integers(1, len(good))].copy()
        for place in random.integers(0, len(bad), random.integers(1, 30)):
            bad[place] = random.integers(0, 256)
        path = tmp_path / "bad.dcm"
        path.write_bytes(whole[:start] + bad.tobytes())
        answers.append(association.send_c_store(path).get("Status"))
    association.release()
    assert None not in answers, "the node broke off"
    assert set(answers) <= {0x0000, 0xA900, 0xC000}
    eventually(lambda: status(node).waiting == status(node).judged - status(node).delivered)
    assert sent(node.port, film(7001)) == [0x0000]


def test_silent_slow_oversized_and_garbage_connections_hold_nobody_up(node):
    process = psutil.Process(node.pid)
    before = process.memory_info().rss
    held = []
    for number in range(40):
        peer = socket.create_connection(("127.0.0.1", node.port))
        held.append(peer)
        if number % 4 == 1:
            peer.sendall(b"\x01\x00\x00\x00\x01\x00half a PDU")
        elif number % 4 == 2:
            peer.sendall(b"\x01\x00" + struct.pack(">L", 300 * 2**20))
        elif number % 4 == 3:
            peer.sendall(os.urandom(2000))
    huge = held[2]
    with pytest.raises(OSError):  # its connection is closed, long before it has sent what it announced
        for _ in range(300):
            huge.sendall(bytes(2**20))
    began = time.monotonic()
    assert sent(node.port, film(8000)) == [0x0000]
    assert time.monotonic() - began < 5
    assert process.memory_info().rss - before < 300 * 2**20
    held[0].settimeout(30)
    assert held[0].recv(10) == b""  # who says nothing is sent away
    for peer in held:
        peer.close()


def test_a_full_disk_is_said_and_nothing_is_acknowledged(trained, tmp_path, small_disk):
    small = small_disk("3m")
    home = home_with(trained.model_folder(), tmp_path / "home")
    (home / "node").symlink_to(small, target_is_directory=True)
    found = Node(home, "--quiet", "600").start()
    try:
        answers = sent(found.port, *(film(number) for number in range(30)))
        kept = answers.count(0x0000)
        assert set(answers) == {0x0000, 0xA700} and 3 < kept < 20
        assert len(list((small / "received").glob("*.dcm"))) == status(found).received == kept
        assert "disk is full" in found.log()
    finally:
        assert found.stop() == 0


def test_a_folder_or_port_that_is_taken_is_said(node, tmp_path):
    def said(home, *options: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "core", "node", *options],
            env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    assert "Another node is at work" in said(node.home, "--port", "0")
    other = home_with(node.home / "model_weights", tmp_path / "home")
    assert f"cannot listen on 127.0.0.1:{node.port}" in said(other, "--port", str(node.port))


@pytest.mark.parametrize(
    "options, reason",
    [
        (["--host", "0.0.0.0"], "Name who may by --allow"),
        (["--allow", "MODALITY"], "is not AET=HOST"),
        (["--allow", "MODALITY=no.such.host.invalid"], "there is no host"),
        (["--return-to", "ORTHANC:4242"], "is not AET@HOST:PORT"),
        (["--aet", "A NAME OF MORE THAN SIXTEEN"], "is no AE title"),
        (["--tls", __file__, __file__, __file__], "cannot be used for TLS"),
    ],
)
def test_an_option_that_cannot_be_meant_so_is_said(options, reason, own_home, capsys):
    assert main(["node", *options]) == 2
    assert reason in capsys.readouterr().err


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """An authority and what it signed."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=folder)

    authority = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", *authority, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    openssl("req", *authority, "-keyout", "no.key", "-out", "no.pem", "-subj", "/CN=nobody")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ask", "-subj", "/CN=us")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "ask", "-out", "cert.pem", *signing)
    return folder


def test_by_tls_only_who_shows_a_certificate_is_heard(trained, tmp_path, certificates):
    home = home_with(trained.model_folder(), tmp_path / "home")
    files = [certificates / name for name in ("cert.pem", "key.pem", "ca.pem")]
    found = Node(home, "--quiet", "600", "--tls", *files).start()
    try:
        silent = [socket.create_connection(("127.0.0.1", found.port)) for _ in range(8)]  # no handshake
        echo = ["echoscu", "-aec", "PNEUMONIA", "127.0.0.1", str(found.port)]
        good = ["+tls", certificates / "key.pem", certificates / "cert.pem", "+cf", certificates / "ca.pem"]
        nobody = ["+tls", certificates / "no.key", certificates / "no.pem", "+cf", certificates / "ca.pem"]
        began = time.monotonic()
        assert subprocess.run([*echo, *good]).returncode == 0
        assert time.monotonic() - began < 5
        assert subprocess.run([*echo, *nobody], capture_output=True).returncode != 0
        assert subprocess.run(["timeout", "20", *echo], capture_output=True).returncode != 0
        assert subprocess.run([*echo, *good]).returncode == 0
        for peer in silent:
            peer.close()
    finally:
        assert found.stop() == 0


def test_films_that_were_stored_are_found_by_the_next_process(tmp_path):
    queue = FilmQueue(tmp_path)
    queue.store("1.2.3", "1.2", "SENDER", (b"one", memoryview(b"two")))
    queue.close()
    again = FilmQueue(tmp_path)
    (one,) = again.quiet(0, 10)
    assert again.data(one) == b"onetwo"
    assert again.quiet(60, 10) == []
    again.failed(one, "No film.")
    assert again.quiet(0, 10) == []
    again.close()


def test_a_film_sent_anew_while_it_is_judged_is_judged_again(tmp_path):
    queue = FilmQueue(tmp_path)
    queue.store("1.2.3", "1.2", "SENDER", (b"old",))
    (old,) = queue.quiet(0, 10)
    queue.store("1.2.3", "1.2", "SENDER", (b"new",))
    queue.judged(old, {"finding.dcm": ("9.9", b"result")})
    (new,) = queue.quiet(0, 10)
    assert queue.data(new) == b"new" and new.received > old.received
    queue.delivered(old, keep=False)
    assert queue.data(new) == b"new"
    assert queue.is_result("9.9") and not queue.is_result("1.2.3")
    queue.close()
