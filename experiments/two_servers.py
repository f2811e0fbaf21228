"""Throughput of two servers behind nginx compared with one, at one thread each.

python -m experiments.two_servers HOME

The servers use the runs and weights in HOME, nginx the configuration in docs/nginx.conf.
"""

import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks.api_client import predict, synthetic_image
from benchmarks.app import free_port, running
from benchmarks.nginx import nginx

BATCH = 8  # images per request


@click.command()
@click.argument("home", type=click.Path(exists=True, path_type=Path))
@click.option("--clients", default=4, show_default=True, help="Clients at a time.")
@click.option("--seconds", default=20, show_default=True, help="Of each measurement.")
@click.option("--rounds", default=3, show_default=True, help="Measurements of each, alternating.")
def main(home: Path, clients: int, seconds: int, rounds: int) -> None:
    """Send requests to one of the servers, then to both through nginx, alternating."""
    os.environ["PNEUMONIA_STUDIO_THREADS"] = "1"
    images = [synthetic_image(number) for number in range(BATCH)]
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        servers = [stack.enter_context(running(home, port)) for port in ports]
        front = stack.enter_context(nginx(ports))
        for address in servers:
            predict(address, images)  # loads the model
        for number in range(rounds):
            one = _images_per_second(servers[0], images, clients, seconds)
            two = _images_per_second(front, images, clients, seconds)
            print(f"round {number + 1}: one {one:.1f} images/s, two behind nginx {two:.1f}, {two / one:.2f}x")


def _images_per_second(address: str, images: list[bytes], clients: int, seconds: int) -> float:
    """Throughput when several clients send the same batch again and again."""
    end = time.monotonic() + seconds
    counts = []

    def client() -> None:
        while time.monotonic() < end:
            counts.append(len(predict(address, images)["results"]))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
