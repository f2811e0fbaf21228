"""`python -m benchmarks.behind_nginx HOME`: two servers behind nginx against one, at one thread each.

The servers are started on the runs and weights in HOME, with the configuration in docs/nginx.conf.
"""

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from benchmarks.app import PROJECT, came_up, free_port, running
from benchmarks.load import ask, drawn_film

CONFIGURATION = PROJECT / "docs" / "nginx.conf"
PORTS = {"servers": ("8501", "8502"), "front": "8500"}
BATCH = 8  # films


@contextmanager
def nginx(servers: list[int]) -> Iterator[str]:
    """nginx with docs/nginx.conf in front of servers on two ports; gives its address."""
    front = free_port()
    text = CONFIGURATION.read_text().replace(f":{PORTS['front']};", f":{front};")
    for known, port in zip(PORTS["servers"], servers, strict=True):
        text = text.replace(f"127.0.0.1:{known};", f"127.0.0.1:{port};")
    assert len(re.findall("server 127", text)) == 2 * len(servers)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "nginx.conf"
        path.write_text(text)
        os.chmod(place, 0o755)  # started by root, nginx works as somebody else
        process = subprocess.Popen(["nginx", "-p", place, "-c", str(path), "-g", "daemon off;"])
        try:
            address = f"http://127.0.0.1:{front}"
            if not came_up(process, f"{address}/api/health"):
                raise RuntimeError("nginx did not come up; what it says stands above.")
            yield address
        finally:
            process.terminate()
            process.wait(20)


@click.command()
@click.argument("home", type=click.Path(exists=True, path_type=Path))
@click.option("--clients", default=4, show_default=True)
@click.option("--seconds", default=20, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(home: Path, clients: int, seconds: int, rounds: int) -> None:
    """Ask one of the servers, then both through nginx, in turn."""
    os.environ["PNEUMONIA_STUDIO_THREADS"] = "1"
    films = [drawn_film(number) for number in range(BATCH)]
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        servers = [stack.enter_context(running(home, port)) for port in ports]
        front = stack.enter_context(nginx(ports))
        for address in servers:
            ask(address, films)  # the model is loaded
        for number in range(rounds):
            alone = _rate(servers[0], films, clients, seconds)
            both = _rate(front, films, clients, seconds)
            print(
                f"round {number + 1}: one {alone:.1f} films/s, two behind nginx {both:.1f}, "
                f"{both / alone:.2f}x"
            )


def _rate(address: str, films: list[bytes], clients: int, seconds: int) -> float:
    """Films answered a second, asked for in batches by several clients at once."""
    end = time.monotonic() + seconds
    answered = []

    def client() -> None:
        while time.monotonic() < end:
            answered.append(len(ask(address, films)["results"]))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
