"""`python -m benchmarks.load HOME`: the API under load, and what it adds to the predictor's own time.

The server is started on the runs and weights in HOME; films are drawn, so any model will do.
"""

import io
import threading
import time
from pathlib import Path
from statistics import median

import click
import numpy as np
import psutil
import requests
from PIL import Image

from benchmarks.app import running
from core.dataset.demo import draw_chest
from core.diagnosis import published_models, shared_predictor
from core.images import decode_safely

FILMS = 40
REPEATS = 15


@click.command()
@click.argument("home", type=click.Path(exists=True, path_type=Path))
@click.option("--clients", default=20, show_default=True)
@click.option("--seconds", default=60, show_default=True)
def main(home: Path, clients: int, seconds: int) -> None:
    """Ask one at a time, in batches, and by many clients at once."""
    films = [drawn_film(number) for number in range(FILMS)]
    with running(home) as address:
        server = _server()
        expected = [ask(address, [film])["results"][0]["probability"] for film in films]
        _alone(address, home, films)
        before = server.memory_info().rss
        answers, errors, wrong, times = _together(address, films, expected, clients, seconds)
        after = server.memory_info().rss
    print(
        f"{clients} clients for {seconds} s: {answers} answers, {answers / seconds:.1f} a second, "
        f"{errors} errors, {wrong} with another film's answer; median {median(times):.2f} s, longest "
        f"{max(times):.2f} s; server {before / 2**20:.0f} MiB before, {after / 2**20:.0f} after"
    )


def _alone(address: str, home: Path, films: list[bytes]) -> None:
    """Times of one at a time, in turn with the predictor's own on the same film."""
    predictor = shared_predictor(published_models(home / "model_weights")[-1].path)
    decoded = [decode_safely(film, "film") for film in films]
    took = {name: [] for name in ("predictor", "API", "API with heat map")}
    for number in range(REPEATS):
        film = number % FILMS
        took["predictor"].append(_timed(lambda film=film: predictor.predict([decoded[film]])))
        took["API"].append(_timed(lambda film=film: ask(address, [films[film]])))
        took["API with heat map"].append(_timed(lambda film=film: ask(address, [films[film]], heatmap=1)))
    batch = [_timed(lambda: predictor.predict(decoded[:32])) / 32 for _ in range(3)]
    whole = [_timed(lambda: ask(address, films[:32])) / 32 for _ in range(3)]
    for name, times in took.items():
        print(
            f"{name}: median {1000 * median(times):.0f} ms, {median(times) / median(took['predictor']):.2f}x"
        )
    print(
        f"32 films: predictor {1000 * median(batch):.0f} ms a film, API {1000 * median(whole):.0f} ms, "
        f"{median(whole) / median(batch):.2f}x"
    )


def _together(address: str, films: list[bytes], expected: list[float], clients: int, seconds: int):
    """Answers, errors, answers of another film, and seconds of each answer."""
    end = time.monotonic() + seconds
    times, errors, wrong = [], [], []

    def client(first: int) -> None:
        number = first
        while time.monotonic() < end:
            number = (number + 7) % FILMS
            began = time.monotonic()
            try:
                found = ask(address, [films[number]])["results"][0]["probability"]
            except requests.RequestException as error:
                errors.append(error)
                continue
            times.append(time.monotonic() - began)
            if abs(found - expected[number]) > 1e-6:
                wrong.append(number)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times), len(errors), len(wrong), times


def drawn_film(number: int) -> bytes:
    """A drawn film as a JPEG file, of one of the three causes in turn."""
    pixels = draw_chest(np.random.default_rng([55, number]), ("bacteria", "virus", "none")[number % 3])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def ask(address: str, films: list[bytes], **switches: int) -> dict:
    """What the API says of films; raises requests.RequestException when it says no."""
    parts = [("file", (f"{number}.jpeg", film)) for number, film in enumerate(films)]
    answer = requests.post(
        f"{address}/api/predict", files=parts, params={"anyway": 1, **switches}, timeout=60
    )
    answer.raise_for_status()
    return answer.json()


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _server() -> psutil.Process:
    """The process that `running` started."""
    return next(child for child in psutil.Process().children() if "streamlit" in " ".join(child.cmdline()))


if __name__ == "__main__":
    main()
