"""Who may do what: roles by list and by claim, and doors that refuse the lower ones."""

import pytest

from core import roles
from core.config import environment
from core.dataset import import_zip, remove_imported_set, save_exclusions
from core.errors import UserError
from core.registry import make_shadow, promote, register_ensemble, retire, rollback
from core.roles import Role, ask_for_roles, may, role_of, who_may
from core.runs import create_run, housekeeping, jobs, queue

FOR_OWNERS = (promote, rollback, retire, make_shadow, register_ensemble)
FOR_TRAINERS = (create_run, jobs.start, jobs.stop, housekeeping.delete, queue.clear)
FOR_TRAINERS += (import_zip, remove_imported_set, save_exclusions)


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setenv(environment.OWNERS.name, "Eva@clinic.example, x@clinic.example")
    monkeypatch.setenv(environment.TRAINERS.name, "ida@clinic.example")


@pytest.fixture
def caller(monkeypatch):
    """Says which role the caller has, until the test ends."""
    monkeypatch.setattr(roles, "_role_of_caller", roles._role_of_caller)
    return lambda role: ask_for_roles(lambda: role)


@pytest.mark.parametrize(
    "address, role",
    [
        ("eva@clinic.example", Role.OWNER),
        ("IDA@clinic.example", Role.TRAINER),
        ("jo@clinic.example", Role.READER),
        ("", Role.READER),
    ],
)
def test_a_list_gives_roles_by_address(address, role):
    assert role_of({"email": address}) is role


def test_an_unverified_address_is_on_no_list():
    for unverified in (False, "false"):
        assert role_of({"email": "eva@clinic.example", "email_verified": unverified}) is Role.READER
    assert role_of({"email": "eva@clinic.example", "email_verified": True}) is Role.OWNER


def test_a_claim_gives_the_highest_role_that_it_or_the_list_names(monkeypatch):
    assert role_of({"roles": ["owner"]}) is Role.READER  # nobody said that this claim counts
    monkeypatch.setenv(environment.ROLE_CLAIM.name, "roles")
    assert role_of({"roles": ["staff", "Trainer", "reader"]}) is Role.TRAINER
    assert role_of({"roles": "owner"}) is Role.OWNER
    assert role_of({"roles": "owners"}) is Role.READER
    assert role_of({"roles": ["reader"], "email": "eva@clinic.example"}) is Role.OWNER


def test_each_role_may_do_what_the_lower_ones_may(caller):
    for role in Role:
        caller(role)
        assert [may(action) for action in FOR_TRAINERS] == [role >= Role.TRAINER] * len(FOR_TRAINERS)
        assert [may(action) for action in FOR_OWNERS] == [role is Role.OWNER] * len(FOR_OWNERS)


def test_a_role_that_is_too_low_changes_nothing(caller, tmp_path):
    queue.add(tmp_path, "waiting")
    caller(Role.READER)
    with pytest.raises(UserError, match="role of trainer or owner, and yours is reader"):
        queue.clear(tmp_path)
    caller(Role.TRAINER)
    queue.clear(tmp_path)
    assert queue.names(tmp_path) == []
    with pytest.raises(UserError, match="role of owner, and yours is trainer"):
        rollback("ida")
    assert who_may(rollback).startswith("This takes the role of owner")
