"""Two servers behind nginx, as docs/operations.md tells: programs ask either, a visitor stays with one."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from dicom_peers import home_with
from playwright.sync_api import expect

from benchmarks.api_client import predict, synthetic_image
from benchmarks.app import free_port, running
from benchmarks.nginx import nginx

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed"),
]


def test_two_servers_answer_behind_one_address(trained, page, tmp_path):
    home = home_with(trained.model_folder(), tmp_path / "home")
    ports = [free_port(), free_port()]
    with ExitStack() as both:
        first = ExitStack()
        alone = first.enter_context(running(home, ports[0]))
        both.enter_context(running(home, ports[1]))
        front = both.enter_context(nginx(ports))
        with first:
            images = [synthetic_image(number) for number in range(2)]
            expected = [result["probability"] for result in predict(alone, images)["results"]]
            for _ in range(4):
                again = [result["probability"] for result in predict(front, images)["results"]]
                assert again == pytest.approx(expected, abs=1e-6)
            assert len({_cookie(front) for _ in range(5)}) == 5  # visitors are told apart
            assert _cookie(front, {"studio": "mine"}) == "mine"
            page.goto(f"{front}/diagnosis")
            expect(page.get_by_role("button", name="Try an example")).to_be_visible()
            image = {"name": "image.jpeg", "mimeType": "image/jpeg", "buffer": images[0]}
            page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(image)
            expect(page.locator(".st-key-result").get_by_text("image.jpeg", exact=True)).to_be_visible()
        assert [result["file"] for result in predict(front, images)["results"]] == [
            "0.jpeg",
            "1.jpeg",
        ]  # one is gone


class EndsConnections(BaseHTTPRequestHandler):
    """Answers the first request of a connection and ends it at the next one, as if it had just been idle."""

    protocol_version = "HTTP/1.1"
    answers = 1

    def do_GET(self) -> None:
        self.answers -= 1
        if self.answers < 0:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_arguments) -> None:
        """Tell nobody."""


class Ends(EndsConnections):
    """Ends every connection with a request in it, as a server that ends itself."""

    answers = 0


@contextmanager
def _answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server; yields its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("other", [EndsConnections, Ends])
def test_a_request_is_answered_although_a_server_ends_its_connection(other):
    with _answering(EndsConnections) as one, _answering(other) as two, nginx([one, two]) as front:
        # Four by turns: each server is asked twice, or would be.
        statuses = [requests.post(f"{front}/api/predict", data=b"image", timeout=60) for _ in range(4)]
        assert [response.status_code for response in statuses] == [200] * 4


def _cookie(address: str, cookies: dict | None = None) -> str:
    return requests.get(address, cookies=cookies, timeout=60).cookies["studio"]
