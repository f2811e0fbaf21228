"""Figures for Prometheus, read by its own parser."""

import logging
import uuid

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.access import create_token
from core.api import api_routes
from core.dicom_node import ImageQueue, Outbox
from core.metrics import metrics_text
from pages.diagnosis.examples import examples
from tests.pages.opened_page import opened

pytestmark = pytest.mark.usefixtures("own_home", "narrow_bundle")


def values(text: bytes) -> dict[tuple, float]:
    """Values by name and labels, without the prefix."""
    return {
        (sample.name.removeprefix("pneumonia_studio_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=api_routes()), "http://127.0.0.1")


def test_images_of_the_node_are_counted_by_state_and_time():
    queue = ImageQueue()
    for number in range(3):
        queue.store(f"1.2.{number}", "1.2", "MUELLER", (b"image",))
    first, second, _ = queue.complete_studies(0, 10)
    queue.add_results(first, {"finding.dcm": ("9.9", b"result")})
    Outbox(queue, "PACS").mark_delivered(first)
    queue.mark_failed(second, "No image of Mueller.")
    text = metrics_text()
    found = values(text)
    states = {state: found["node_images", state] for state in ("pending", "delivered", "failed")}
    assert states == {"pending": 1, "delivered": 1, "failed": 1}
    for step in ("result", "delivery"):
        assert found["node_seconds_count", step] == found["node_seconds_bucket", "10.0", step] == 1
    assert found["node_errors_total", "delivery"] == 0
    queue.count_error("delivery")
    assert values(metrics_text())["node_errors_total", "delivery"] == 1
    assert b"ueller" not in text and b"MUELLER" not in text and b"1.2.0" not in text
    queue.store("1.2.0", "1.2", "MUELLER", (b"again",))  # counts of answers never fall
    assert values(metrics_text())["node_seconds_count", "delivery"] == 1
    queue.close()


def test_what_the_api_answers_is_counted_by_outcome(client):
    before = values(metrics_text())
    files = [("file", ("bad.dcm", b"x" * 500)), ("file", ("good.png", examples()[0].data()))]
    answer = client.post("/api/predict?anyway=1", files=files)
    assert answer.status_code == 200
    found = values(client.get("/metrics").content)
    for outcome in ("answered", "failed"):
        key = "images_total", *sorted(["api", outcome])
        assert found[key] == before.get(key, 0) + 1
    assert found["requests_total", "200"] == before.get(("requests_total", "200"), 0) + 1
    assert found["answer_seconds_count", "api"] == before.get(("answer_seconds_count", "api"), 0) + 1
    model = answer.json()["model"]
    labels = sorted([model["name"], str(model["version"]), model["weights"]])
    assert found["model_info", *labels] == 1


@pytest.mark.slow
def test_what_a_page_answers_is_counted_once():
    def answers() -> tuple[float, float]:
        found = values(metrics_text())
        images = (found.get(("images_total", outcome, "pages"), 0) for outcome in ("answered", "withheld"))
        return sum(images), found.get(("answer_seconds_count", "pages"), 0)

    before = answers()
    app = opened("diagnosis")
    app.file_uploader[0].set_value([("chest.png", examples()[0].data(), "image/png")]).run()
    app.run()  # shows what it has read
    assert not app.exception
    assert answers() == (before[0] + 1, before[1] + 1)


def test_figures_need_a_token_where_the_api_does(client):
    assert client.get("/metrics").status_code == 200
    token = create_token("prometheus")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 400


def test_a_scrape_is_neither_counted_nor_logged_as_a_request(client, caplog):
    caplog.set_level(logging.INFO, "pneumonia.api")
    before = values(client.get("/metrics").content)
    after = values(client.get("/metrics").content)
    counts = [{key: found[key] for key in found if key[0] == "requests_total"} for found in (before, after)]
    assert counts[0] == counts[1] and not caplog.text


def test_a_request_is_logged_under_the_identifier_that_its_answer_carries(client, caplog):
    caplog.set_level(logging.INFO, "pneumonia.api")
    given = str(uuid.uuid4())
    assert client.get("/api/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    assert f"request {given}: GET 200" in caplog.text
    answer = client.get("/api/nothing/Mueller", headers={"X-Request-ID": "Mueller"})
    assert uuid.UUID(answer.headers["X-Request-ID"])
    assert (
        f"request {answer.headers['X-Request-ID']}: GET 404" in caplog.text and "Mueller" not in caplog.text
    )
