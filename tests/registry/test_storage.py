"""The registry on disk: which folder is of which model, and what a damaged one does to the others."""

import shutil

import pytest
from promotions import promote_unchecked

from core import config
from core.errors import UserError
from core.registry import (
    active_model,
    events,
    find_model,
    list_models,
    make_shadow,
    retire,
    rollback,
)
from core.registry.storage import folder_name, next_version, version_folder
from core.shadow import shadow_reports
from core.weights import file_digest, update_record


@pytest.fixture
def mine(narrow_files, narrow_bundle, own_home):
    """A home with the bundled model and one finished run."""
    run = shutil.copytree(narrow_files / "narrow", config.runs_folder() / "mine")
    update_record(run / "weights" / "vgg_unfrozen.h5", run="mine")


def test_the_versions_of_a_name_that_begins_another_are_counted_alone(own_home):
    for name, version in (("ensemble/a-b", 7), ("seed-3/1", 5), ("seed/3", 1)):
        version_folder(folder_name(name, version)).mkdir(parents=True)
    assert [next_version(name) for name in ("ensemble/a", "seed/3", "seed-3/1")] == [1, 2, 6]


@pytest.mark.parametrize("content", ["null", "[]", "{", '{"file": 3}'])
def test_a_damaged_version_hides_no_model_and_the_bundled_one_answers(mine, content):
    folder = promote_unchecked("mine/3").model.path.parent
    (folder / "model.json").write_text(content)
    assert [item.title for item in list_models()] == ["bundled/3", "mine/3"]
    assert active_model().model.bundled and "mine-3-1" in active_model().model.notices[0]


def test_a_run_trained_anew_is_what_its_name_promotes_not_the_version_of_the_earlier_one(mine):
    first = promote_unchecked("mine/3")
    weights = config.runs_folder() / "mine" / "weights" / "vgg_unfrozen.h5"
    update_record(weights, created="2026-11-02T10:00:00+00:00")
    assert [item.title for item in list_models()] == ["mine/3@1", "bundled/3", "mine/3"]
    second = promote_unchecked("mine/3")
    assert second.title == "mine/3@2" and second.model.record.network != first.model.record.network
    assert find_model("mine/3").title == "mine/3@2"  # the network that is there is registered by now


def test_where_only_versions_are_meant_a_name_is_that_of_its_newest_version(mine):
    promote_unchecked("mine/3")
    rollback("tests")
    weights = config.runs_folder() / "mine" / "weights" / "vgg_unfrozen.h5"
    update_record(weights, created="2026-11-02T10:00:00+00:00")
    assert find_model("mine/3").version == 0
    with pytest.raises(UserError, match="mine/3@1 never was a shadow"):
        shadow_reports("mine/3")
    assert retire("mine/3", "tests").title == "mine/3@1"


def test_the_log_names_the_weights_of_the_bundled_model_whatever_is_decided_on_it(mine):
    promote_unchecked("mine/3")
    make_shadow("bundled/3", "tests")
    promote_unchecked("bundled/3")
    promote_unchecked("mine/3@1")
    rollback("tests")
    digest = file_digest(find_model("bundled/3").model.path)
    logged = [(event.action, event.sha256) for event in events() if event.model == "bundled/3"]
    assert logged == [(action, digest) for action in ("shadow", "promote", "rollback")]
