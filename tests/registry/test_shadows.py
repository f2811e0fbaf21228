"""A shadow is a state of its own: who became one, when and why is in the log, and it never answers."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from promotions import promote_unchecked

from core import config
from core.cli.main import main
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.registry import (
    ACTIVE,
    CANDIDATE,
    RETIRED,
    SHADOW,
    PromotionCheck,
    active_model,
    change_operating_point,
    events,
    list_models,
    make_shadow,
    retire,
    rollback,
    shadows,
    stop_shadow,
)
from core.weights import update_record

PASSED = [PromotionCheck("Measured", True, "")]
FAILED = [PromotionCheck("Trained on real data", False, "Trained on SYNTHETIC images.")]


@pytest.fixture(autouse=True)
def finished_run(trained, own_home, monkeypatch):
    """A home with the bundled model, which is active, and one finished run."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)  # hard links


def states() -> dict[str, str]:
    return {item.title: item.state for item in list_models()}


def titles() -> list[str]:
    return [shadow.title for shadow in shadows()]


def test_a_shadow_is_a_registered_version_and_answers_nobody():
    item = make_shadow("mine/3", "somebody", "to compare")
    make_shadow("mine/2", "somebody")
    assert (item.title, item.state) == ("mine/3@1", SHADOW)
    assert titles() == ["mine/3@1", "mine/2@1"] and states()["mine/3@1"] == SHADOW
    assert active_model().model.bundled and states()["bundled/3"] == ACTIVE
    first = events()[0]
    assert (first.action, first.title, first.who, first.reason) == (
        "shadow",
        "mine/3@1",
        "somebody",
        "to compare",
    )
    assert shadows()[0].model().model.path == item.model.path


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("yours/3", "There is no model 'yours/3'"),
        ("bundled/3", "bundled/3 is the active model"),
        ("mine/3", "mine/3@1 is a shadow already"),
    ],
)
def test_what_cannot_become_a_shadow_is_refused_in_a_sentence(title, reason):
    make_shadow("mine/3", "tests")
    with pytest.raises(UserError, match=reason):
        make_shadow(title, "tests")
    assert titles() == ["mine/3@1"] and len(events()) == 1


def test_a_version_whose_weights_have_changed_becomes_no_shadow():
    stop_shadow(make_shadow("mine/3", "tests").title, "tests")
    path = next(item.model.path for item in list_models() if item.title == "mine/3@1")
    update_record(path, threshold=0.001)
    with pytest.raises(UserError, match="has changed since mine/3@1 was registered"):
        make_shadow("mine/3@1", "tests")
    assert not titles()


def test_of_two_at_once_one_is_told_to_wait_or_both_come_one_after_the_other():
    def attempt(title: str) -> str:
        try:
            return make_shadow(title, "tests").title
        except UserError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, ["mine/2", "mine/3"]))
    made = [outcome for outcome in outcomes if outcome.startswith("mine/")]
    assert sorted(made) == sorted(titles()) and made
    assert all("under way" in outcome for outcome in outcomes if outcome not in made)


def test_a_shadow_goes_back_to_candidate_or_is_retired():
    make_shadow("mine/3", "tests")
    make_shadow("mine/2", "tests")
    stop_shadow("mine/3@1", "tests", "seen enough")
    retire("mine/2@1", "tests")
    assert not titles() and states()["mine/3@1"] == CANDIDATE and states()["mine/2@1"] == RETIRED
    with pytest.raises(UserError, match="There is no shadow 'mine/3@1'. Shadows here: none"):
        stop_shadow("mine/3@1", "tests")


def test_a_retired_version_becomes_no_shadow():
    make_shadow("mine/3", "tests")
    retire("mine/3@1", "tests")
    with pytest.raises(UserError, match="mine/3@1 is retired. Name another version or model."):
        make_shadow("mine/3@1", "tests")
    assert not titles() and states()["mine/3@1"] == RETIRED


def test_a_name_is_enough_to_stop_its_only_shadow(capsys):
    main(["models", "shadow", "mine/3"])
    assert main(["models", "shadow", "mine/3", "--stop"]) == 0
    assert "mine/3@1 is a candidate now." in capsys.readouterr().out and not titles()
    assert main(["models", "shadow", "mine/3", "--stop"]) == 2
    assert "There is no shadow 'mine/3'. Shadows here: none." in capsys.readouterr().err


def test_a_name_with_several_shadows_must_come_with_a_version_to_stop_one(capsys):
    promote_unchecked("mine/3")
    change_operating_point("mine/3@1", OperatingPoint("own", 0.25, "for a test"), "tests")
    promote_unchecked("mine/2")
    for title in ("mine/3@1", "mine/3@2"):
        make_shadow(title, "tests")
    assert main(["models", "shadow", "mine/3", "--stop"]) == 2
    sentence = "mine/3 has 2 shadows: mine/3@1, mine/3@2. Name one with its version."
    assert sentence in capsys.readouterr().err
    assert main(["models", "shadow-report", "mine/3"]) == 0
    report = capsys.readouterr().out
    assert "mine/3 v1" in report and "mine/3 v2" in report
    assert main(["models", "shadow", "mine/3@1", "--stop"]) == 0 and titles() == ["mine/3@2"]


def test_a_shadow_whose_files_are_gone_cannot_read_but_can_be_stopped():
    make_shadow("mine/3", "tests").model.path.unlink()
    with pytest.raises(UserError):
        shadows()[0].model()
    stop_shadow("mine/3@1", "tests")
    assert not titles()


def test_the_bundled_model_can_be_a_shadow_of_the_one_that_replaced_it():
    promote_unchecked("mine/3")
    assert make_shadow("bundled/3", "tests").state == SHADOW
    assert titles() == ["bundled/3"] and shadows()[0].model().model.bundled
    assert rollback("tests").title == "bundled/3"  # from shadow to active: it no longer reads beside itself
    assert not titles() and states()["bundled/3"] == ACTIVE


@pytest.mark.parametrize("checks", [PASSED, FAILED], ids=["passed", "overridden"])
def test_a_shadow_that_is_promoted_is_a_shadow_no_more(checks):
    make_shadow("mine/3", "tests")
    item = promote_unchecked("mine/3", checks, "tests", "better", override=True)
    assert not titles() and states()[item.title] == ACTIVE
    assert rollback("tests").model.bundled and not titles()
