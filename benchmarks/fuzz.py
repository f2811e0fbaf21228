"""`python -m benchmarks.fuzz FOLDER`: thousands of damaged films, each read as an upload is.

A file may be read or refused by the module's own error. Anything else counts: another exception, a process
that died or was ended, or more than two seconds.
"""

import io
import shutil
import subprocess
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from PIL import Image

from core.images import ImageError, decode_safely

SLOW_S = 2.0
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF)
Mutation = Callable[[bytearray, np.random.Generator], bytes]


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--each", default=5000, show_default=True, help="Damaged files of each format.")
@click.option("--seed", default=0, show_default=True)
def main(folder: Path, each: int, seed: int) -> None:
    """Damage JPEG, PNG, TIFF and DICOM files made from the films in FOLDER, and read them."""
    random = np.random.default_rng(seed)
    films = sorted(folder.rglob("*.jp*g"))[:: max(1, len(list(folder.rglob("*.jp*g"))) // 8)][:8]
    worst = 0
    for kind, make in FORMATS.items():
        originals = [data for film in films for data in make(film)]
        if not originals:
            print(f"{kind}: not made, dcmtk is missing")
            continue
        counts, slowest = Counter(), 0.0
        for number in range(each):
            data = bytearray(originals[number % len(originals)])
            damaged = MUTATIONS[number % len(MUTATIONS)](data, random)
            if kind == "png" and number % 2:
                damaged = _checked(damaged)
            began = time.perf_counter()
            try:
                decode_safely(damaged, f"damaged.{kind}")
                counts["read"] += 1
            except ImageError as error:
                ended = "breaks what reads it" in str(error)
                counts["ended by its limits or died" if ended else "refused"] += 1
            except Exception as error:
                counts[f"ANOTHER ERROR {type(error).__name__}"] += 1
            took = time.perf_counter() - began
            slowest = max(slowest, took)
            counts[f"OVER {SLOW_S:.0f} s"] += took > SLOW_S
        said = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if count)
        print(f"{kind}: {each:,} files of {len(originals)} originals; {said}; slowest {slowest:.2f} s")
        worst += sum(count for name, count in counts.items() if name.startswith(("ANOTHER", "OVER")))
    raise SystemExit(bool(worst))


def _saved(kind: str, **options) -> Callable[[Path], list[bytes]]:
    def save(film: Path) -> list[bytes]:
        buffer = io.BytesIO()
        Image.open(film).convert("L").save(buffer, kind, **options)
        return [buffer.getvalue()]

    return save


def _deep(kind: str) -> Callable[[Path], list[bytes]]:
    """Eight and sixteen bits of a lossless format."""

    def save(film: Path) -> list[bytes]:
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(Image.open(film).convert("L")).astype(np.uint16) * 16).save(buffer, kind)
        return [*_saved(kind)(film), buffer.getvalue()]

    return save


def _dicom(film: Path) -> list[bytes]:
    """The film as dcmtk writes it: uncompressed and in its compressions."""
    if not shutil.which("img2dcm"):
        return []
    with tempfile.TemporaryDirectory() as place:
        bitmap, plain, packed = (Path(place) / name for name in ("film.bmp", "plain.dcm", "packed.dcm"))
        Image.open(film).convert("L").save(bitmap)
        subprocess.run(["img2dcm", "-i", "BMP", bitmap, plain], check=True)
        subprocess.run(["dcmodify", "-nb", "-i", "Modality=CR", plain], check=True)
        found = [plain.read_bytes()]
        for command in (["dcmcjpeg"], ["dcmcjpeg", "+eb"], ["dcmcrle"], ["dcmcjpls"]):
            subprocess.run([*command, plain, packed], check=True)
            found.append(packed.read_bytes())
        return found


FORMATS = {
    "jpeg": _saved("JPEG", quality=90),
    "png": _deep("PNG"),
    "tiff": _deep("TIFF"),
    "dicom": _dicom,
}


def _place(data: bytearray, random: np.random.Generator) -> int:
    """Half of all places lie in the header, where they do most."""
    return int(random.integers(0, min(len(data), 1200) if random.random() < 0.5 else len(data)))


def _flipped(data: bytearray, random: np.random.Generator) -> bytes:
    for _ in range(int(random.integers(1, 20))):
        data[_place(data, random)] ^= 1 << int(random.integers(0, 8))
    return bytes(data)


def _extreme(data: bytearray, random: np.random.Generator) -> bytes:
    for _ in range(int(random.integers(1, 8))):
        place, length = _place(data, random), int(random.choice([1, 2, 4]))
        data[place : place + length] = bytes([int(random.choice(EXTREMES))]) * length
    return bytes(data)


def _cut(data: bytearray, random: np.random.Generator) -> bytes:
    return bytes(data[: _place(data, random)])


def _spliced(data: bytearray, random: np.random.Generator) -> bytes:
    """A piece of the file put elsewhere in it."""
    start, target = _place(data, random), _place(data, random)
    piece = data[start : start + int(random.integers(1, 400))]
    return bytes(data[:target] + piece + data[target:])


def _removed(data: bytearray, random: np.random.Generator) -> bytes:
    start = _place(data, random)
    return bytes(data[:start] + data[start + int(random.integers(1, 200)) :])


def _checked(data: bytes) -> bytes:
    """A PNG with the checksums of its chunks put right, so that damage reaches the decoder behind them."""
    found, place = bytearray(data[:8]), 8
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4])
        body = data[place + 4 : place + 8 + length]
        found += data[place : place + 4] + body + zlib.crc32(body).to_bytes(4)
        place += length + 12
    return bytes(found)


MUTATIONS: list[Mutation] = [_flipped, _extreme, _cut, _spliced, _removed]

if __name__ == "__main__":
    main()
