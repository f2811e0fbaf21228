"""The webhook is told once how a run has ended, and nothing that goes wrong with it stops anything."""

import pytest
from listening import SECRET, listening
from short_runs import tiny_settings

from core import webhook_request
from core.errors import UserError
from core.runs import create_run, jobs
from core.runs.webhook import tell_webhook


@pytest.fixture
def run(tmp_path):
    """A run that has failed."""
    run = create_run(tiny_settings(tmp_path), "first", tmp_path / "runs", tmp_path / "models")
    run.write_state(state="failed", message=f"{tmp_path} cannot be read.", started=1000.0, ended=1090.0)
    return run


@pytest.fixture
def addressed(monkeypatch):
    return lambda address: monkeypatch.setenv("PNEUMONIA_STUDIO_WEBHOOK", address)


def test_it_is_told_name_state_and_a_sentence_and_nothing_else(run, addressed):
    with listening() as (address, told):
        addressed(address)
        tell_webhook(run)
    text = "Run first failed after 0:01:30; the Training page says why."
    assert told == [{"run": "first", "state": "failed", "text": text}]
    assert not run.log_tail()


def test_without_an_address_nobody_is_told(run, addressed):
    addressed("")
    tell_webhook(run)
    assert not run.log_tail()


def test_a_redirect_is_not_followed(run, addressed):
    with listening() as (elsewhere, told_elsewhere), listening(307, location=elsewhere) as (address, told):
        addressed(address)
        tell_webhook(run)
    assert len(told) == 1 and not told_elsewhere
    assert (
        run.log_tail() == "The webhook on 127.0.0.1 could not be told that the run failed: it answered 307."
    )


def test_a_failure_is_a_sentence_in_the_log_without_the_secret_part_of_the_address(run, addressed):
    with listening(500) as (address, _):
        addressed(address)
        tell_webhook(run)
    tell_webhook(run)  # nobody listens any more
    first, second = run.log_tail().splitlines()
    assert first.endswith("could not be told that the run failed: it answered 500.")
    assert second.endswith("could not be told that the run failed: Connection refused.")
    assert SECRET not in run.log_tail()


def test_a_server_that_does_not_answer_is_left_after_the_limit(run, addressed, monkeypatch):
    monkeypatch.setattr(webhook_request, "LIMIT_S", 0.2)
    with listening(silent=True) as (address, _):
        addressed(address)
        tell_webhook(run)
    assert "could not be told that the run failed: " in run.log_tail()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://host/",
        "http:///x",
        "http://me:word@host",
        "http://a b",
        "http://hospital/ä",
    ],
)
def test_an_address_that_is_none_is_told_before_a_run_starts_and_kept_out_of_its_log(run, addressed, address):
    addressed(address)
    with pytest.raises(
        UserError, match="PNEUMONIA_STUDIO_WEBHOOK is .* give an ASCII address that begins with"
    ):
        jobs.start(run)
    tell_webhook(run)
    assert "nobody was told" in run.log_tail() and address not in run.log_tail()
