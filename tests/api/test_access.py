"""Who may use the API, and the headers of every answer."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.access import create_token, revoke_token
from core.api import SecurityHeaders, api_routes
from core.config import environment

MODELS = "/api/models"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.HOME.name, str(tmp_path))


def client(protected: bool = False) -> TestClient:
    app = Starlette(routes=api_routes(protected=lambda: protected), middleware=[Middleware(SecurityHeaders)])
    return TestClient(app, "http://127.0.0.1")


def with_token(token: str) -> dict:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def test_without_sign_in_and_tokens_anyone_on_this_computer_may_ask():
    assert client().get(MODELS).status_code == 200


def test_where_people_sign_in_programs_need_a_token():
    asking = client(protected=True)
    for path in (MODELS, "/api/health", "/api/openapi.json", "/api/nothing"):
        refused = asking.get(path)
        assert refused.status_code == 401 and "tokens create" in refused.json()["error"]
    assert asking.post("/api/predict").status_code == 401
    assert asking.get(MODELS, **with_token(create_token("ris"))).status_code == 200


def test_the_first_token_closes_the_door_and_a_revoked_one_opens_it_no_more():
    asking, token = client(), create_token("ris")
    assert asking.get(MODELS).status_code == 401
    assert asking.get(MODELS, **with_token("wrong")).status_code == 401
    assert asking.get(MODELS, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert asking.get(MODELS, headers={"Authorization": f"bearer  {token} "}).status_code == 200
    revoke_token("ris")
    assert asking.get(MODELS, **with_token(token)).status_code == 401


def test_damaged_tokens_let_nobody_in(tmp_path):
    token = create_token("ris")
    (tmp_path / "tokens.json").write_text("{")
    answer = client().get(MODELS, **with_token(token))
    assert answer.status_code == 503 and "tokens.json cannot be read" in answer.json()["error"]


def test_each_client_has_its_own_rate(monkeypatch):
    monkeypatch.setenv(environment.RATE.name, "3")
    asking, first, second = client(), create_token("first"), create_token("second")
    statuses = [asking.get(MODELS, **with_token(first)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = asking.get(MODELS, **with_token(first))
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 and "first has sent" in refused.json()["error"]
    assert asking.get(MODELS, **with_token(second)).status_code == 200
    monkeypatch.setenv(environment.RATE.name, "0")
    assert asking.get(MODELS, **with_token(first)).status_code == 200


def test_other_hosts_and_pages_of_other_sites_are_refused():
    for path in (MODELS, "/api/nothing"):
        assert client().get(path, headers={"Host": "evil.example"}).status_code == 400
        assert client().get(path, headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("path", [MODELS, "/api/nothing"])
def test_an_answer_is_never_a_page(path):
    headers = client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_no_other_site_frames_a_page():
    assert client().get("/diagnosis").headers["Content-Security-Policy"] == "frame-ancestors 'self'"
