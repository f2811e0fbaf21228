"""Two servers behind nginx, as docs/operations.md tells: programs ask either, a visitor stays with one."""

import shutil
from contextlib import ExitStack

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
                found = [result["probability"] for result in predict(front, images)["results"]]
                assert found == pytest.approx(expected, abs=1e-6)
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


def _cookie(address: str, cookies: dict | None = None) -> str:
    return requests.get(address, cookies=cookies, timeout=10).cookies["studio"]
