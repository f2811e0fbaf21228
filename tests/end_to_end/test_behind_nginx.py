"""Two servers behind nginx, as docs/operations.md tells: programs ask either, a visitor stays with one."""

import shutil
from contextlib import ExitStack

import pytest
import requests
from playwright.sync_api import expect

from benchmarks.app import free_port, running
from benchmarks.behind_nginx import nginx
from benchmarks.load import ask, drawn_film

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed"),
]


def test_two_servers_answer_behind_one_address(trained, page, tmp_path):
    (tmp_path / "model_weights").symlink_to(trained.model_folder(), target_is_directory=True)
    ports = [free_port(), free_port()]
    with ExitStack() as both:
        first = ExitStack()
        alone = first.enter_context(running(tmp_path, ports[0]))
        both.enter_context(running(tmp_path, ports[1]))
        front = both.enter_context(nginx(ports))
        with first:
            films = [drawn_film(number) for number in range(2)]
            expected = [result["probability"] for result in ask(alone, films)["results"]]
            for _ in range(4):
                found = [result["probability"] for result in ask(front, films)["results"]]
                assert found == pytest.approx(expected, abs=1e-6)
            assert len({_cookie(front) for _ in range(5)}) == 5  # visitors are told apart
            assert _cookie(front, {"studio": "mine"}) == "mine"
            page.goto(f"{front}/diagnosis")
            expect(page.get_by_text("Drop one or several X-rays here")).to_be_visible()
            film = {"name": "film.jpeg", "mimeType": "image/jpeg", "buffer": films[0]}
            page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(film)
            expect(page.get_by_text("film.jpeg ·").first).to_be_visible()
        assert [result["file"] for result in ask(front, films)["results"]] == [
            "0.jpeg",
            "1.jpeg",
        ]  # one is gone


def _cookie(address: str, cookies: dict | None = None) -> str:
    return requests.get(address, cookies=cookies, timeout=10).cookies["studio"]
