"""The API under load, and how much time it adds to the predictor's own.

python -m experiments.api_load HOME

The server uses the runs and weights in HOME; the images are synthetic, so any model will do.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click
import psutil
import requests

from benchmarks.api_client import predict, synthetic_image
from benchmarks.app import running
from core.images import decode_safely
from core.inference import BATCH, published_models, shared_predictor

IMAGES = 40
REPEATS = 15
BATCH_REPEATS = 3
TOLERANCE = 1e-6  # of a probability


@dataclass
class Load:
    """What the clients saw.

    Attributes:
        seconds: of each response.
        errors: of failed requests.
        mismatches: numbers of the images whose response belonged to another image.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    mismatches: list[int] = field(default_factory=list)


@click.command()
@click.argument("home", type=click.Path(exists=True, path_type=Path))
@click.option("--clients", default=20, show_default=True, help="Clients at a time.")
@click.option("--seconds", default=60, show_default=True, help="Duration of the load.")
def main(home: Path, clients: int, seconds: int) -> None:
    """Send single images, batches, and requests of many clients at a time."""
    images = [synthetic_image(number) for number in range(IMAGES)]
    with running(home) as address:
        server = _server()
        expected = [predict(address, [image])["results"][0]["probability"] for image in images]
        _compare_with_predictor(address, home, images)
        before = server.memory_info().rss
        load = _load(address, images, expected, clients, seconds)
        after = server.memory_info().rss
    responses = len(load.seconds)
    print(
        f"{clients} clients for {seconds} s: {responses} responses, {responses / seconds:.1f} per second, "
        f"{len(load.errors)} errors, {len(load.mismatches)} for another image; median "
        f"{median(load.seconds):.2f} s, longest {max(load.seconds):.2f} s; server {before / 2**20:.0f} MiB "
        f"before, {after / 2**20:.0f} after"
    )


def _compare_with_predictor(address: str, home: Path, images: list[bytes]) -> None:
    """Print the time of a request, alternating with the predictor's own for the same image."""
    predictor = shared_predictor(published_models(home / "model_weights")[-1].path)
    decoded = [decode_safely(image, "image") for image in images]
    seconds = {name: [] for name in ("predictor", "API", "API with heat map")}
    for number in range(REPEATS):
        image = images[number % IMAGES]
        seconds["predictor"].append(
            _timed(lambda number=number: predictor.predict([decoded[number % IMAGES]]))
        )
        seconds["API"].append(_timed(lambda image=image: predict(address, [image])))
        seconds["API with heat map"].append(_timed(lambda image=image: predict(address, [image], heatmap=1)))
    batch = [_timed(lambda: predictor.predict(decoded[:BATCH])) / BATCH for _ in range(BATCH_REPEATS)]
    request = [_timed(lambda: predict(address, images[:BATCH])) / BATCH for _ in range(BATCH_REPEATS)]
    for name, times in seconds.items():
        ratio = median(times) / median(seconds["predictor"])
        print(f"{name}: median {1000 * median(times):.0f} ms, {ratio:.2f}x")
    print(
        f"{BATCH} images: predictor {1000 * median(batch):.0f} ms per image, API "
        f"{1000 * median(request):.0f} ms, {median(request) / median(batch):.2f}x"
    )


def _load(address: str, images: list[bytes], expected: list[float], clients: int, seconds: int) -> Load:
    """Send single images from many clients at a time and compare the responses with `expected`."""
    end = time.monotonic() + seconds
    load = Load()

    def client(first: int) -> None:
        number = first
        while time.monotonic() < end:
            number = (number + 7) % IMAGES
            began = time.monotonic()
            try:
                probability = predict(address, [images[number]])["results"][0]["probability"]
            except requests.RequestException as error:
                load.errors.append(error)
                continue
            load.seconds.append(time.monotonic() - began)
            if abs(probability - expected[number]) > TOLERANCE:
                load.mismatches.append(number)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load


def _timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _server() -> psutil.Process:
    """The server process that `running` started."""
    return next(child for child in psutil.Process().children() if "streamlit" in " ".join(child.cmdline()))


if __name__ == "__main__":
    main()
