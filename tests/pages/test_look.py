"""The style is a part of the HTML page, whichever way the page is asked for, and of nothing else."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.look import STYLE, Look

PAGE = "<html><head></head><body>" + "page " * 1000 + "</body></html>"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "index.html").write_text(PAGE)
    routes = [
        Route("/", lambda request: FileResponse(tmp_path / "index.html")),
        Route("/data", lambda request: JSONResponse({"html": "</body>"})),
        Route("/gone", lambda request: FileResponse(tmp_path / "index.html", status_code=404)),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Look), Middleware(GZipMiddleware)]))


def test_a_page_has_the_style_at_its_end_and_what_is_no_page_does_not(client):
    answer = client.get("/", headers={"Accept": "text/html", "If-None-Match": "*"})
    assert answer.text == PAGE.replace("</body>", f"{STYLE}</body>")
    assert int(answer.headers["content-length"]) == len(answer.content) and "etag" not in answer.headers
    assert client.get("/data", headers={"Accept": "text/html"}).json() == {"html": "</body>"}
    assert client.get("/gone", headers={"Accept": "text/html"}).text == PAGE
    assert client.get("/", headers={"Accept": "*/*"}).text == PAGE
