"""Webhook and mail are told when the light turns, once, and again if they could not be told."""

import json

import pytest
from listening import SECRET, listening
from mail_server import mail_server

from core.errors import UserError
from core.inference import AuditLog
from core.monitor import tell_change, watch
from tests.monitor.logged_results import MODEL, WITHHELD, add_results, steady


@pytest.fixture
def addressed(own_home, monkeypatch):
    return lambda address: monkeypatch.setenv("PNEUMONIA_STUDIO_WEBHOOK", address)


def test_only_a_change_is_told_and_without_anything_of_an_image(addressed):
    add_results(AuditLog(), steady(150))
    with listening() as (address, told):
        addressed(address)
        assert "was green before" in tell_change(watch(MODEL)) and not told
        add_results(AuditLog(), [WITHHELD] * 50)
        assert tell_change(watch(MODEL)).endswith("was told that the light turned from green to red.")
        assert "was red before" in tell_change(watch(MODEL))
        add_results(AuditLog(), steady(100))
        tell_change(watch(MODEL))
    assert [(item["before"], item["light"]) for item in told] == [("green", "red"), ("red", "green")]
    assert told[0] == {"model": MODEL, "light": "red", "before": "green", "text": told[0]["text"]}
    assert told[0]["text"].startswith("Red. Results withheld: 50 of 50")


def test_what_could_not_be_told_is_told_by_the_next_call(addressed):
    add_results(AuditLog(), [*steady(100), *[WITHHELD] * 50])
    with listening(500) as (address, _):
        addressed(address)
        with pytest.raises(
            UserError, match="could not be told that the light is red: it answered 500"
        ) as error:
            tell_change(watch(MODEL))
    assert SECRET not in str(error.value)
    with listening() as (address, told):
        addressed(address)
        tell_change(watch(MODEL))
    assert len(told) == 1


def test_mail_tells_what_a_webhook_that_fails_does_not_hear_and_each_hears_it_once(addressed, monkeypatch):
    add_results(AuditLog(), [*steady(100), *[WITHHELD] * 50])
    with mail_server() as mailbox, listening(500) as (address, _):
        addressed(address)
        monkeypatch.setenv("PNEUMONIA_STUDIO_MAIL_SERVER", mailbox.server)
        monkeypatch.setenv("PNEUMONIA_STUDIO_MAIL_TO", "ada@example.org")
        for _ in range(2):
            with pytest.raises(UserError, match="could not be told that the light is red: it answered 500"):
                tell_change(watch(MODEL))
    (message,) = mailbox.messages
    assert message["Subject"] == "Pneumonia studio: the light turned from green to red"
    assert message.get_content().startswith("Red. Results withheld: 50 of 50")
    with listening() as (address, told):
        addressed(address)
        assert "the mail server 127.0.0.1 was not told" in tell_change(watch(MODEL))
    assert len(told) == 1


def test_mail_that_cannot_be_sent_is_told_in_a_sentence(addressed, monkeypatch):
    add_results(AuditLog(), steady(150))
    monkeypatch.setenv("PNEUMONIA_STUDIO_MAIL_SERVER", "smtp://127.0.0.1:9")
    with listening() as (address, told):
        addressed(address)
        with pytest.raises(UserError, match="set PNEUMONIA_STUDIO_MAIL_TO to the addresses.* was green"):
            tell_change(watch(MODEL))
        add_results(AuditLog(), [WITHHELD] * 50)
        with pytest.raises(UserError, match="set PNEUMONIA_STUDIO_MAIL_TO.* from green to red"):
            tell_change(watch(MODEL))
    assert len(told) == 1
    addressed("")
    monkeypatch.setenv("PNEUMONIA_STUDIO_MAIL_TO", "ada@example.org")
    with pytest.raises(
        UserError, match="127.0.0.1 could not be told that the light is red: Connection refused"
    ):
        tell_change(watch(MODEL))


def test_without_webhook_and_mail_nobody_can_be_told(addressed):
    addressed("")
    with pytest.raises(UserError, match="PNEUMONIA_STUDIO_WEBHOOK"):
        tell_change(watch(MODEL))


def test_what_was_told_before_there_was_mail_counts(addressed, own_home):
    add_results(AuditLog(), [*steady(100), *[WITHHELD] * 50])
    (own_home / "monitor-light.json").write_text(json.dumps({"model": MODEL, "light": "red"}))
    with listening() as (address, told):
        addressed(address)
        assert "The light was red before" in tell_change(watch(MODEL)) and not told
