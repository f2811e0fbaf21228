import io
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images import ImageError, decode, decode_safely, files, read, sandbox

RANDOM = np.random.default_rng(0)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


FILM = png(RANDOM.integers(0, 256, (90, 120)).astype(np.uint8))


@pytest.fixture
def worker():
    """A process of our own, away from the shared ones."""
    made = sandbox._Worker()
    yield made
    made.end()


def test_another_process_gives_the_same_film():
    here, there = decode(FILM, "film.png"), decode_safely(FILM, "film.png")
    assert np.array_equal(here.pixels, there.pixels)
    assert {**vars(here), "pixels": 0} == {**vars(there), "pixels": 0}


def test_refusals_are_those_of_the_decoder_and_the_process_goes_on(worker):
    for data in (b"", b"nothing", FILM[:200]):
        with pytest.raises(ImageError) as here:
            decode(data, "bad.png")
        with pytest.raises(ImageError) as there:
            worker.decode(data, "bad.png")
        assert str(here.value) == str(there.value)
    assert worker.decode(FILM, "film.png").width == 120


def test_an_image_that_needs_too_much_memory_is_refused():
    deep = png(RANDOM.integers(0, 65536, (6300, 6300), np.uint16))  # 40 megapixels: 480 MB as floats
    began = time.monotonic()
    with pytest.raises(ImageError, match="memory"):
        decode_safely(deep, "deep.png")
    assert time.monotonic() - began < sandbox.MOST_WALL_S
    assert decode_safely(FILM, "film.png").width == 120


def test_a_killed_process_is_replaced(worker, monkeypatch):
    assert worker.decode(FILM, "film.png").width == 120
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    places = sandbox.queue.Queue()
    places.put(worker)
    monkeypatch.setattr(sandbox, "_idle", places)
    assert decode_safely(FILM, "film.png").width == 120
    assert places.get_nowait().process.pid != worker.process.pid


def test_a_process_that_takes_too_long_is_ended(worker, monkeypatch):
    monkeypatch.setattr(sandbox, "MOST_WALL_S", 1)
    os.kill(worker.process.pid, signal.SIGSTOP)
    places = sandbox.queue.Queue()
    places.put(worker)
    monkeypatch.setattr(sandbox, "_idle", places)
    with pytest.raises(ImageError, match="takes more than 500 MiB or 2 s"):
        decode_safely(FILM, "slow.png")
    assert worker.process.poll() is not None and places.get_nowait() is None


def test_the_process_can_write_no_file_and_ends_with_its_input(worker):
    assert worker.decode(FILM, "a.png").width == 120
    limits = Path(f"/proc/{worker.process.pid}/limits").read_text()
    size = next(line for line in limits.splitlines() if line.startswith("Max file size"))
    assert size.split()[3] == "0"
    worker.process.stdin.close()
    assert worker.process.wait(5) == 0


def test_many_at_once_get_their_own_films_back():
    films = [png(np.full((64 + number, 64), number, np.uint8)) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(decode_safely, films, map(str, range(40))))
    assert [(film.height, int(film.pixels[0, 0])) for film in found] == [(64 + n, n) for n in range(40)]


def test_dicom_files_on_disk_are_read_in_the_other_process(tmp_path, monkeypatch):
    """Its decoders crash on some damaged files: `python -m benchmarks.fuzz` met three among 5,000."""
    asked = []
    monkeypatch.setattr(files, "decode_safely", lambda data, name: asked.append(name) or decode(FILM, name))
    (tmp_path / "film.png").write_bytes(FILM)
    (tmp_path / "film").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 100)
    assert read(tmp_path / "film.png").width == read(tmp_path / "film").width == 120
    assert asked == ["film"]
