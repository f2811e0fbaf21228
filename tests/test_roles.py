"""Who may do what: roles by list and by claim, and doors that refuse the lower ones."""

from importlib import import_module

import pytest

from core import config, roles
from core.config import environment
from core.errors import UserError
from core.registry import rollback
from core.roles import Role, ask_for_roles, may, role_of
from core.runs import queue

FOR_OWNERS = {
    "registry.active": ("acknowledge",),
    "registry.ensembles": ("register_ensemble",),
    "registry.promotion": ("change_operating_point", "promote", "retire", "rollback"),
    "registry.shadows": ("make_shadow", "stop_shadow"),
    "registry.site_versions": ("register_operating_point", "register_temperature", "register_zones"),
    "site.criteria": ("write_criteria",),
    "site.measured_set": ("accept", "keep_measured_set"),
}
FOR_TRAINERS = {
    "anatomy.mask_import": ("import_masks", "remove_masks"),
    "dataset.cohorts": ("delete_cohort", "save_cohort"),
    "dataset.download": ("download_pneumoniamnist",),
    "dataset.exclusions": ("save_exclusions",),
    "dataset.imported_sets": ("remove_imported_set",),
    "dataset.joined_sets": ("join_datasets",),
    "dataset.label_reviews": ("review_label", "withdraw_reviews"),
    "dataset.synthetic": ("write_synthetic_dataset",),
    "dataset.table_import": ("import_table",),
    "dataset.zip_import": ("import_zip",),
    "inference.network_cache": ("clear",),
    "runs.cached_activations": ("clear",),
    "runs.create": ("create_run",),
    "runs.folder": ("Run.write_note",),
    "runs.housekeeping": ("delete", "rename"),
    "runs.imported": ("import_weights",),
    "runs.jobs": ("start", "stop"),
    "runs.queue": ("clear", "move", "remove"),
    "runs.strategies": ("forget", "save"),
}
EXPECTED = {
    (f"core.{module}", name): role
    for role, functions in ((Role.OWNER, FOR_OWNERS), (Role.TRAINER, FOR_TRAINERS))
    for module, names in functions.items()
    for name in names
}


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


@pytest.mark.parametrize("claim", [None, 3, True, {"owner": 1}, [{"name": "owner"}, 3, None], b"owner"])
def test_a_claim_that_is_neither_text_nor_a_list_of_texts_gives_no_role(claim, monkeypatch):
    monkeypatch.setenv(environment.ROLE_CLAIM.name, "roles")
    assert role_of({"roles": claim}) is Role.READER
    assert role_of({"roles": [claim, "trainer"]}) is Role.TRAINER


@pytest.fixture(scope="module")
def reserved():
    """Every function that takes a role, by module and name."""
    for path in sorted(config.PROJECT.glob("core/*/**/*.py")):
        if "@takes(" in path.read_text(encoding="utf-8"):
            import_module(".".join(path.relative_to(config.PROJECT).with_suffix("").parts))
    return {(action.__module__, action.__qualname__): action for action in roles._needed}


def test_every_function_that_takes_a_role_is_listed_here(reserved):
    assert set(reserved) == set(EXPECTED)


@pytest.mark.parametrize("module, name", EXPECTED)
def test_a_function_is_open_to_its_role_and_those_above_it(module, name, reserved, caller):
    action, needed = reserved[module, name], EXPECTED[module, name]
    for role in Role:
        caller(role)
        assert may(action) is (role >= needed)
        if role < needed:
            with pytest.raises(UserError, match=f"requires the role of .*; yours is {role}"):
                action()  # refused before it looks at what it was given


def test_a_role_that_is_too_low_changes_nothing(caller, tmp_path):
    queue.add(tmp_path, "waiting")
    caller(Role.READER)
    with pytest.raises(UserError, match="role of trainer or owner; yours is reader"):
        queue.clear(tmp_path)
    caller(Role.TRAINER)
    queue.clear(tmp_path)
    assert queue.names(tmp_path) == []
    with pytest.raises(UserError, match="^This requires the role of owner; yours is trainer"):
        rollback("ida")
