"""Tokens: created, shown once, stored as a digest, revoked."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.access import ENVIRONMENT, client_of, create_token, revoke_token, tokens
from core.cli.main import main
from core.config import environment
from core.errors import UserError


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.HOME.name, str(tmp_path))
    return tmp_path


def test_a_token_belongs_to_its_client_and_only_its_digest_is_stored(own_home):
    token = create_token("ris")
    assert client_of(token) == "ris" and client_of(token[:-1]) is None and client_of("") is None
    assert token not in (own_home / "tokens.json").read_text()
    assert [(entry.name, entry.revoked) for entry in tokens()] == [("ris", "")]


def test_a_revoked_token_is_refused_and_its_client_may_get_another():
    first = create_token("ris")
    assert revoke_token("ris").revoked
    assert client_of(first) is None
    second = create_token("ris")
    assert client_of(second) == "ris" and client_of(first) is None
    assert [bool(entry.revoked) for entry in tokens()] == [True, False]


def test_the_token_of_the_environment_is_valid_too(monkeypatch):
    monkeypatch.setenv(environment.TOKEN.name, "secret")
    assert client_of("secret") == ENVIRONMENT and client_of("secrets") is None and client_of("séc") is None


@pytest.mark.parametrize("name", ["", "-ris", "a b", "a/b", "ü", "a" * 65, ENVIRONMENT])
def test_what_cannot_name_a_client_is_refused(name):
    with pytest.raises(UserError, match="cannot be the name of a client"):
        create_token(name)
    assert tokens() == []


def test_a_second_token_of_a_client_and_an_unknown_one_are_refused():
    create_token("ris")
    with pytest.raises(UserError, match="ris already has a token"):
        create_token("ris")
    with pytest.raises(UserError, match="'pacs' has no valid token; clients with one: ris"):
        revoke_token("pacs")


def test_tokens_created_at_once_are_all_there():
    names = [f"client-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(create_token, names))
    assert [client_of(token) for token in created] == names


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"tokens": [{"name": "ris"}]}', '{"tokens": 1}', "\x00\xff"]
)
def test_a_damaged_file_accepts_nobody_and_says_so(own_home, text):
    token = create_token("ris")
    (own_home / "tokens.json").write_text(text)
    with pytest.raises(UserError, match="tokens.json cannot be read, so none is accepted"):
        client_of(token)


def test_the_terminal_creates_lists_and_revokes(capsys):
    def printed(*words: str) -> str:
        assert main(["tokens", *words]) == 0
        return capsys.readouterr().out

    created = json.loads(printed("create", "ris", "--json"))
    assert client_of(created["token"]) == "ris"
    pacs = printed("create", "pacs").strip()
    assert client_of(pacs) == "pacs"
    assert "The token of ris is refused" in printed("revoke", "ris")
    listed = {entry["name"]: entry for entry in json.loads(printed("list", "--json"))}
    assert listed["ris"]["revoked"] and not listed["pacs"]["revoked"]
    assert pacs not in printed("list")
