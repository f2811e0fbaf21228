import io
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from core.images import DecoderBusy, ImageError, decode, decode_safely, files, read_image, sandbox
from tests.images.dicom_files import CHEST, sample, written

RANDOM = np.random.default_rng(0)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


IMAGE = png(RANDOM.integers(0, 256, (90, 120)).astype(np.uint8))


@pytest.fixture
def worker():
    """A process of our own, away from the shared ones."""
    made = sandbox._Worker()
    yield made
    made.kill()


def test_another_process_gives_the_same_image():
    here, there = decode(IMAGE, "image.png"), decode_safely(IMAGE, "image.png")
    assert np.array_equal(here.pixels, there.pixels)
    assert {**vars(here), "pixels": 0} == {**vars(there), "pixels": 0}


def test_refusals_are_those_of_the_decoder_and_the_process_goes_on(worker):
    for data in (b"", b"nothing", IMAGE[:200]):
        with pytest.raises(ImageError) as here:
            decode(data, "bad.png")
        with pytest.raises(ImageError) as there:
            worker.decode(data, "bad.png")
        assert str(here.value) == str(there.value)
    assert worker.decode(IMAGE, "image.png").width == 120


def test_an_image_that_needs_too_much_memory_is_refused():
    wide = png(np.zeros((6300, 6300, 4), np.uint8))  # 40 megapixels with transparency, in a small file
    assert len(wide) < 2**20
    began = time.monotonic()
    with pytest.raises(ImageError, match="memory"):
        decode_safely(wide, "wide.png")
    assert time.monotonic() - began < sandbox.SMALL_FILE.wall_s
    assert decode_safely(IMAGE, "image.png").width == 120


@pytest.mark.slow
def test_22_large_images_are_read_in_full():
    """4,280 x 3,520 pixels of 14 bits as lossless JPEG 2000, and 40 million pixels."""
    chest = Image.fromarray(CHEST).resize((3520, 4280), Image.Resampling.BICUBIC)
    values = np.asarray(chest).astype(np.uint16) * 64 + RANDOM.integers(0, 40, (4280, 3520), np.uint16)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "JPEG2000", irreversible=False)
    file = sample(values, BitsStored=14, PixelData=encapsulate([buffer.getvalue()]))
    file.file_meta.TransferSyntaxUID = JPEG2000Lossless
    file["PixelData"].is_undefined_length = True
    found = decode_safely(written(file), "compressed.dcm")
    assert (found.height, found.width) == values.shape
    assert np.abs(found.pixels[::50, ::50].astype(int) - np.asarray(chest)[::50, ::50]).mean() < 4
    plain = sample(np.resize(values, (6250, 6400)), BitsStored=14)
    assert decode_safely(written(plain), "plain.dcm").width == 6400


def test_limits_grow_with_the_file_up_to_a_bound():
    assert sandbox.limits(10_000).memory < 501 * 2**20 and sandbox.limits(10_000).cpu_s < 2.1
    assert sandbox.limits(200 * 2**20) == sandbox.MAX


def test_a_killed_process_is_replaced(worker, monkeypatch):
    assert worker.decode(IMAGE, "image.png").width == 120
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    places = sandbox.queue.Queue()
    places.put(worker)
    monkeypatch.setattr(sandbox, "_idle", places)
    assert decode_safely(IMAGE, "image.png").width == 120
    assert places.get_nowait().process.pid != worker.process.pid


def test_a_process_that_ends_before_it_has_the_file_does_not_count_against_the_image(worker, monkeypatch):
    """The first is killed while it waits for the file, as by a system without memory; the second at once."""
    worker.decode(IMAGE, "image.png")  # so that it has started
    os.kill(worker.process.pid, signal.SIGSTOP)
    ending = threading.Timer(1, os.kill, (worker.process.pid, signal.SIGKILL))
    places = sandbox.queue.Queue()
    places.put(worker)
    monkeypatch.setattr(sandbox, "_idle", places)
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    ending.start()
    with pytest.raises(DecoderBusy, match="image.png was not read: this computer is too busy"):
        decode_safely(IMAGE, "image.png")
    monkeypatch.undo()
    assert places.get_nowait() is None
    assert decode_safely(IMAGE, "image.png").width == 120


def test_files_that_come_one_after_another_share_a_process(monkeypatch):
    places = type(sandbox._idle)()
    for _ in range(sandbox.WORKERS):
        places.put(None)
    monkeypatch.setattr(sandbox, "_idle", places)
    for _ in range(3):
        assert decode_safely(IMAGE, "image.png").width == 120
    workers = [place for _ in range(sandbox.WORKERS) if (place := places.get_nowait())]
    for worker in workers:
        worker.kill()
    assert len(workers) == 1


def test_a_process_that_takes_too_long_is_ended(worker, monkeypatch):
    worker.decode(IMAGE, "image.png")  # so that it has started
    monkeypatch.setattr(sandbox, "MAX_WALL_FACTOR", 0.5)
    os.kill(worker.process.pid, signal.SIGSTOP)
    places = sandbox.queue.Queue()
    places.put(worker)
    monkeypatch.setattr(sandbox, "_idle", places)
    with pytest.raises(DecoderBusy, match="slow.png was not read: this computer is too busy"):
        decode_safely(IMAGE, "slow.png")
    assert worker.process.poll() is not None and places.get_nowait() is None


def test_a_process_that_starts_slowly_goes_on_for_the_next_file(never_ready, monkeypatch):
    places = sandbox.queue.Queue()
    places.put(None)
    monkeypatch.setattr(sandbox, "_idle", places)
    with pytest.raises(DecoderBusy):
        decode_safely(IMAGE, "image.png")
    monkeypatch.undo()
    worker = places.get_nowait()
    assert worker.decode(IMAGE, "image.png").width == 120
    worker.kill()


def test_a_process_that_never_starts_is_ended_after_the_second_file(worker, never_ready, monkeypatch):
    places = sandbox.queue.Queue()
    monkeypatch.setattr(sandbox, "_idle", places)
    for left in (worker, None):
        places.put(worker)
        with pytest.raises(DecoderBusy):
            decode_safely(IMAGE, "image.png")
        assert places.get_nowait() is left
    assert worker.process.poll() is not None


def test_the_process_can_write_no_file_and_ends_with_its_input(worker):
    assert worker.decode(IMAGE, "a.png").width == 120
    limits = Path(f"/proc/{worker.process.pid}/limits").read_text()
    size = next(line for line in limits.splitlines() if line.startswith("Max file size"))
    assert size.split()[3] == "0"
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


def test_many_at_once_get_their_own_images_back():
    images = [png(np.full((64 + number, 64), number, np.uint8)) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(decode_safely, images, map(str, range(40))))
    assert [(image.height, int(image.pixels[0, 0])) for image in found] == [(64 + n, n) for n in range(40)]


def test_dicom_files_on_disk_are_read_in_the_other_process(tmp_path, monkeypatch):
    """Its decoders crash on some damaged files: `python -m experiments.fuzz` met three among 5,000."""
    asked = []
    monkeypatch.setattr(files, "decode_safely", lambda data, name: asked.append(name) or decode(IMAGE, name))
    (tmp_path / "image.png").write_bytes(IMAGE)
    (tmp_path / "image").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 100)
    assert read_image(tmp_path / "image.png").width == read_image(tmp_path / "image").width == 120
    assert asked == ["image"]
