"""A server that asks who you are, with an OpenID Connect provider of its own."""

import warnings

import pytest
from playwright.sync_api import expect

from benchmarks.app import free_port, running
from core.config import environment

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the provider says of its own parts
    import oidc_provider_mock

TRAINER = "ida@example.org"
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "only for a test"
client_id = "studio"
client_secret = "only for a test"
server_metadata_url = "http://127.0.0.1:{provider}/.well-known/openid-configuration"
"""


@pytest.fixture
def server(tmp_path, trained, home, port, monkeypatch):
    monkeypatch.setenv(environment.TRAINERS.name, TRAINER)
    provider = free_port()
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS.format(port=port, provider=provider))
    options = ["--secrets.files", str(secrets)]
    with (
        oidc_provider_mock.run_server_in_thread(provider),
        running(home, port, options) as address,
    ):
        yield address


def test_a_stranger_gets_nothing_until_she_has_signed_in(server, page, trained):
    run_zip = f"{server}/studio/runs/{trained.name}.zip"
    for path, status in [(run_zip, 403), (f"{server}/api/models", 401), (f"{server}/api/health", 401)]:
        assert page.request.get(path).status == status
    page.goto(f"{server}/dataset")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="Dataset")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(TRAINER)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{server}/**")
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(5)
    expect(page.get_by_text(f"{TRAINER} · trainer")).to_be_visible()
    page.goto(f"{server}/dataset")
    expect(page.get_by_role("heading", name="Dataset")).to_be_visible()
    page.goto(f"{server}/training?view=Runs")
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    link = page.get_by_role("link", name="Download").get_attribute("href")
    downloaded = page.request.get(f"{server}{link}")
    assert downloaded.status == 200 and downloaded.body().startswith(b"PK")
    assert page.request.get(run_zip).status == 403  # not by its name alone
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # of the provider
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
