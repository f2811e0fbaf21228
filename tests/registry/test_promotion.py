import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from promotions import promote_unchecked
from short_runs import tiny_settings

from core import config
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.inference import Reader
from core.registry import (
    ACTIVE,
    CANDIDATE,
    RETIRED,
    PromotionCheck,
    acknowledge,
    active_model,
    active_registered_model,
    answering_models,
    change_operating_point,
    checklist,
    events,
    find_model,
    list_models,
    promote,
    register_operating_point,
    register_temperature,
    registers_version,
    retire,
    rollback,
)
from core.runs import Run, create_run
from core.weights import read_record, update_record

PROJECT = Path(__file__).resolve().parents[2]
PASSED = [PromotionCheck("Measured", True, "")]
FAILED = [PromotionCheck("Trained on real data", False, "Trained on SYNTHETIC images.")]


@pytest.fixture
def candidate(trained, own_home, monkeypatch) -> Run:
    """A home with the bundled model and one finished run that nobody has promoted."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    target = config.runs_folder() / "mine"
    target.parent.mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, target], check=True)  # hard links
    return Run(target)


def digests() -> dict[str, str]:
    return {item.title: item.state for item in list_models()}


def test_a_finished_run_answers_nobody_until_it_is_promoted(candidate):
    assert active_model().model.bundled
    assert digests() == {
        "bundled/3": ACTIVE,
        "mine/1": CANDIDATE,
        "mine/2": CANDIDATE,
        "mine/3": CANDIDATE,
    }
    item = promote_unchecked("mine/3", who="somebody", reason="a test")
    assert (item.title, item.state) == ("mine/3@1", ACTIVE)
    assert find_model("mine/3").state == ACTIVE
    assert active_model().model.record == read_record(candidate.weights_path(3))
    assert [model.stage.number for model in answering_models()] == [1, 2, 3]
    assert active_model().model.identity.name == "mine/3" and active_model().model.identity.version == 1
    (event,) = events()
    assert (event.action, event.title, event.who, event.reason) == (
        "promote",
        "mine/3@1",
        "somebody",
        "a test",
    )


def test_the_promoted_model_outlives_its_run(candidate):
    promote_unchecked("mine/3")
    subprocess.run(["rm", "-r", candidate.path], check=True)
    model = active_model().model
    assert model.identity.name == "mine/3" and not model.notices
    assert Reader.of(model).reference is not None


def test_a_failed_check_needs_an_override_with_a_reason_and_every_answer_says_so(candidate):
    checks = checklist(find_model("mine/3"), active_registered_model())
    failed = [check.title for check in checks if not check.passed]
    others = [title for title in failed if title != "Trained on real data"]
    assert len(others) == len(failed) - 1 > 0
    for override, reason in (((), "because"), (failed, "  "), (others, "because")):
        with pytest.raises(UserError, match="these checks failed: Trained on real data"):
            promote("mine/3", "tests", reason, override)
    with pytest.raises(UserError) as refused:
        promote("mine/3", "tests", "because", failed[:1])  # one that was not shown is not overridden
    assert str(refused.value).count("; ") == len(others) - 1 and failed[0] not in str(refused.value)
    assert active_model().model.bundled and not events()
    promote("mine/3", "tests", "a demonstration", failed)
    assert any("Trained on real data" in sentence for sentence in active_model().model.warnings)
    logged = [(title, result == "passed") for title, result, _detail in events()[0].checks]
    assert logged == [(check.title, check.passed) for check in checks]


def test_rollback_goes_back_step_by_step(candidate):
    promote_unchecked("mine/3")
    promote_unchecked("mine/2")
    assert active_model().model.stage.number == 2
    assert rollback("tests").title == "mine/3@1"
    assert active_model().model.stage.number == 3
    assert rollback("tests").model.bundled and active_model().model.bundled
    with pytest.raises(UserError, match="no model to go back to: none was active before"):
        rollback("tests")
    assert [event.action for event in events()] == ["promote", "promote", "rollback", "rollback"]


def test_another_operating_point_is_another_version(candidate):
    promote_unchecked("mine/3")
    first = active_model().model
    changed = change_operating_point("mine/3", OperatingPoint("own", 0.25, "for a test"), "tests")
    assert changed.title == "mine/3@2" and active_model().model.record.threshold == 0.25
    assert read_record(first.path).threshold != 0.25  # nothing in a registered version changes
    assert rollback("tests").title == "mine/3@1"


def test_an_operating_point_is_registered_with_its_evidence_and_answers_once_promoted(candidate):
    promote_unchecked("mine/3")
    point = OperatingPoint("own", 0.25, "sensitivity of at least 90% on 400 images of site")
    check = {"title": "Threshold for a hospital", "passed": False, "detail": "Specificity 2%."}
    evidence = {"images": 400, "check": check}
    item = register_operating_point("mine/3", point, "tests", evidence)
    assert item.title == "mine/3@2" and find_model("mine/3@2").state == CANDIDATE
    kept = json.loads(item.model.path.with_name("evidence.json").read_text())
    assert kept == {"operating point": evidence}
    assert checklist(item, active_registered_model())[-1] == PromotionCheck(**check)
    assert active_registered_model().title == "mine/3@1" and events()[-1].action == "site operating point"
    promote_unchecked("mine/3@2")
    assert active_model().model.record.threshold_rule == point.rule
    assert active_model().model.record.threshold == 0.25
    assert "threshold has been changed since" in active_model().model.plain_test_sentence()


def test_a_version_of_the_bundled_model_tells_of_its_training_images_although_its_record_does_not(bundle):
    update_record(find_model("bundled/3").model.path, training_images=0)
    assert find_model("bundled/3").training_images > 0
    point = OperatingPoint("own", 0.25, "for a test")
    item = register_operating_point("bundled/3", point, "tests", {})
    assert item.training_images == find_model("bundled/3").training_images


def test_a_temperature_is_registered_beside_the_evidence_of_an_operating_point(candidate):
    promote_unchecked("mine/3")
    register_operating_point("mine/3", OperatingPoint("own", 0.25, "for a test"), "tests", {"images": 400})
    item = register_temperature("mine/3@2", 2.5, "on 400 images of site", "tests", {"images": 300})
    record = read_record(item.model.path)
    assert (record.temperature, record.threshold) == (2.5, 0.25) and events()[-1].action == "site temperature"
    assert json.loads(item.model.path.with_name("evidence.json").read_text()) == {
        "operating point": {"images": 400},
        "temperature": {"images": 300},
    }
    assert "calibrated on 400 images of site (temperature 2.50)" in item.model.calibration_sentence()
    promote_unchecked(item.title)
    changed = change_operating_point(item.title, OperatingPoint("own", 0.3, "for a test"), "tests")
    assert json.loads(changed.model.path.with_name("evidence.json").read_text()) == {
        "temperature": {"images": 300}
    }


def test_the_evidence_of_an_operating_point_goes_with_a_version_that_is_registered_again(candidate):
    promote_unchecked("mine/3")
    register_operating_point("mine/3", OperatingPoint("own", 0.25, "for a test"), "tests", {"images": 400})
    failed = [PromotionCheck("Loads", False, "For a test.")]
    item = promote_unchecked("mine/3@2", failed, "tests", "for a test", override=True)
    assert item.title == "mine/3@3"
    kept = json.loads(item.model.path.with_name("evidence.json").read_text())
    assert kept == {"operating point": {"images": 400}}


def test_a_version_is_registered_again_if_it_must_say_of_other_failed_checks(own_home, narrow_bundle):
    bundled = list_models()[0]
    assert bundled.model.bundled and not registers_version(bundled, FAILED)
    first = register_operating_point(bundled.title, OperatingPoint("own", 0.25, "for a test"), "tests", {})
    assert registers_version(first, FAILED) and not registers_version(first, PASSED)
    overridden = promote_unchecked(first.title, FAILED, "tests", "for a test", override=True)
    assert registers_version(overridden, PASSED) and not registers_version(overridden, FAILED)
    assert promote_unchecked(first.title).version == first.version
    assert promote_unchecked(overridden.title).version == overridden.version + 1


def test_only_a_registered_version_that_does_not_answer_can_be_retired(candidate):
    with pytest.raises(UserError, match="never promoted"):
        retire("mine/2", "tests")
    promote_unchecked("mine/3")
    with pytest.raises(UserError, match="active model"):
        retire("mine/3", "tests")
    rollback("tests")
    retire("mine/3@1", "tests", "old")
    assert digests()["mine/3@1"] == RETIRED


def test_a_retired_version_is_not_gone_back_to_and_promoted_again_only_against_a_check(candidate):
    promote_unchecked("mine/3")
    promote_unchecked("mine/2")
    retire("mine/3@1", "tests", "old")
    assert rollback("tests").model.bundled
    with pytest.raises(UserError, match="or all of them were retired"):
        rollback("tests")
    titles = [check.title for check in checklist(find_model("mine/3@1"), None) if not check.passed]
    assert titles[0] == "Not retired"
    assert "Not retired" not in [check.title for check in checklist(find_model("mine/2@1"), None)]


def test_a_rollback_never_goes_back_to_the_model_that_is_active(candidate):
    promote_unchecked("mine/3")
    promote_unchecked("mine/2")
    promote_unchecked("mine/3@1")
    retire("mine/2@1", "tests", "old")
    assert active_model().model.stage.number == 3
    assert rollback("tests").model.bundled and active_model().model.bundled


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_the_bundled_model_answers_and_says_so_where_the_active_file_is(candidate, damage):
    promote_unchecked("mine/3")
    path = active_model().model.path
    if damage == "gone":
        path.unlink()
    else:
        update_record(path, threshold=0.001)
    stand_in = active_model().model
    assert stand_in.bundled and "The bundled model answers" in stand_in.notices[0]
    assert "The bundled model answers" in stand_in.warnings[0]
    assert answering_models()[-1] == stand_in


def test_a_model_whose_registered_file_is_gone_is_promoted_again_as_another_version(candidate):
    promote_unchecked("mine/3")
    path = active_model().model.path
    path.unlink()
    assert promote_unchecked("mine/3").title == "mine/3@2"
    assert path.parent.exists() and active_model().model.identity.version == 2


def test_of_two_promotions_at_once_one_is_told_to_wait_or_both_come_one_after_the_other(candidate):
    def attempt(title: str) -> str:
        try:
            return promote_unchecked(title).name
        except UserError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, ["mine/2", "mine/3"]))
    promoted = [outcome for outcome in outcomes if outcome.startswith("mine/")]
    assert len(promoted) == len(events()) >= 1
    assert all("under way" in outcome for outcome in outcomes if outcome not in promoted)
    assert sum(item.state == ACTIVE for item in list_models()) == 1


def test_a_full_disk_changes_nothing(candidate, small_disk, monkeypatch):
    disk = small_disk("1m")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(disk))
    (disk / "runs").symlink_to(candidate.path.parent)
    with pytest.raises(UserError, match="full"):
        promote_unchecked("mine/3")
    assert active_model().model.bundled
    assert not list((disk / "registry" / "models").iterdir())


KILLED = """
import os, sys
from contextlib import suppress
from itertools import cycle
from core.errors import UserError
from core.registry import rollback
from tests.promotions import promote_unchecked
for _ in sys.stdin:  # imports are done: each line forks a process that promotes until it is killed
    child = os.fork()
    if child:
        print(child, flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)
        continue
    break
else:
    sys.exit()
for title in cycle(("mine/2", "mine/3", "mine/1")):
    with suppress(UserError):  # it is active already
        promote_unchecked(title)
    if title == "mine/1":
        rollback("tests")
"""


def test_a_kill_at_any_moment_leaves_exactly_one_active_model(candidate):
    for stage in (1, 2, 3):  # one golden image: a promotion mostly writes, and rarely computes
        table = candidate.results.predictions(stage, "test")
        candidate.results.write_predictions(stage, "test", table.iloc[:1])
    promote_unchecked("mine/3")
    started = time.monotonic()
    promote_unchecked("mine/2")
    duration = time.monotonic() - started  # of one that compiles nothing for the first time
    chance = random.Random(0)
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for _ in range(20):
        print("promote", file=parent.stdin, flush=True)
        child = int(parent.stdout.readline())
        time.sleep(chance.uniform(0, 2 * duration))
        os.kill(child, signal.SIGKILL)
        assert parent.stdout.readline() == "gone\n"
        assert sum(item.state == ACTIVE for item in list_models()) == 1
        assert not active_model().model.notices
        assert events()[-1].model == active_model().model.identity.name
        if len(events()) == 2:  # none was finished: the machine has more to do by now
            duration *= 1.2
    parent.stdin.close()
    parent.wait()
    assert len(events()) > 2  # some of the promotions were finished


def test_the_checklist_names_what_a_synthetic_run_lacks(candidate):
    checks = {check.title: check for check in checklist(find_model("mine/3"), active_registered_model())}
    failed = [title for title, check in checks.items() if not check.passed]
    assert "Trained on real data" in failed and "At least 500 training images" in failed
    assert checks["Evaluated on test images"].passed
    assert checks["Gives its recorded probabilities on this computer, within 0.01"].passed
    assert "different images" in next(check.detail for title, check in checks.items() if "ROC AUC" in title)


def test_a_model_is_compared_with_the_active_one_on_the_same_images(candidate):
    promote_unchecked("mine/3")
    checks = checklist(find_model("mine/2"), active_registered_model(), margin=0.5)
    details = [check.detail for check in checks if "active model" in check.title]
    assert len(details) == 2 and all("interval" in detail and "test images" in detail for detail in details)


def earlier_home(candidate: Run, synthetic: bool) -> None:
    """Published files as a version before the registry left them."""
    folder = config.model_folder()
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        path = folder / candidate.stage(number).file
        path.write_bytes(candidate.weights_path(number).read_bytes())
        update_record(path, training_images=0, synthetic=synthetic, run="earlier")


def test_a_home_from_before_keeps_the_model_that_answered_if_its_data_were_real(candidate):
    earlier_home(candidate, synthetic=False)
    active = active_model()
    assert active.model.record.run == "earlier" and "goes on answering" in active.notice
    acknowledge()
    assert not active_model().notice and active_model().model.record.run == "earlier"
    assert events()[0].action == "migrate"


def test_a_home_from_before_with_a_synthetic_model_gets_the_bundled_one(candidate):
    earlier_home(candidate, synthetic=True)
    active = active_model()
    assert active.model.bundled and "SYNTHETIC" in active.notice
    assert "published/3" in digests()


def test_a_damaged_file_of_the_active_model_does_not_stop_the_answers(candidate):
    promote_unchecked("mine/3")
    (config.home() / "registry" / "active.json").write_text("{")
    assert active_model().model.bundled and "cannot be read" in active_model().model.notices[0]
    assert find_model("bundled/3").state == ACTIVE
    promote_unchecked("mine/2")  # the way out that the notice names
    assert active_model().model.stage.number == 2 and not active_model().model.notices


def test_a_run_on_synthetic_images_leaves_every_answer_as_it_was(candidate, demo):
    before = active_model().model.identity
    run = create_run(replace(tiny_settings(demo), stages=(1,)), "later")
    assert json.loads((run.path / "settings.json").read_text())["publish"]
    published = config.model_folder() / run.stage(1).file
    published.parent.mkdir(parents=True, exist_ok=True)
    published.write_bytes(candidate.weights_path(1).read_bytes())  # what the stage's end does
    assert active_model().model.identity == before and not events()
