"""The light of the monitor on audit logs that are steady, change, are too short, old or damaged."""

import sqlite3
import subprocess
import time
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.figures.monitor import control_charts
from core.images import Image
from core.inference import AuditLog, HumanReading, ModelIdentity, ModelOutput, Prediction, Reading
from core.monitor import AMBER, GREEN, RED, SHARES, TOO_FEW, watch
from core.monitor.expected_rates import CAVEAT
from core.site import MeasuredSet, write_criteria
from core.weights import ModelRecord
from tests.monitor.logged_results import MODEL, NOON, WITHHELD, add_results, steady


@pytest.fixture
def log(own_home):
    return AuditLog()


def test_without_a_log_nothing_is_said_and_none_is_created(log):
    watched = watch(MODEL, log)
    assert watched.light == TOO_FEW and "There is no audit log" in watched.reason()
    assert watched.values()["light"] == TOO_FEW and not log.path.exists()


def test_too_few_results_say_nothing_and_those_of_other_models_do_not_count(log):
    add_results(log, [*steady(23), *({"model": "other"} for _ in range(500))])
    watched = watch(MODEL, log)
    assert watched.light == TOO_FEW
    assert watched.reason() == f"23 of 150 results of {MODEL}; nothing can be said yet."
    assert watched.sentences()[0] == "Results of other models, which do not count: 500."
    assert "low" not in watched.control_limits("flagged")


def test_steady_results_are_green_and_the_rest_of_a_block_waits(log):
    add_results(log, steady(320))
    watched = watch(MODEL, log)
    assert watched.light == GREEN and len(watched.rows.blocks) == 4
    assert watched.sentences() == [
        "The last 20 results are not judged yet: 50 are compared at once, and 30 more are missing.",
        "Not watched, because known of too few of the results: Contrast, Area of the lungs, Distinctness of "
        "the lungs, Distance from the training images.",
        "Expected from the model's own probabilities: sensitivity 60%, specificity 96% (results 1 to "
        f"100), then sensitivity 60%, specificity 96% (results 201 to 300). {CAVEAT}",
        "No agreement or disagreement recorded yet.",
    ]
    assert list(watched.rows.blocks[-1].index[[0, -1]]) == [251, 300]


def test_a_light_that_knows_nothing_of_warnings_and_grey_levels_says_so(log):
    """The first results are of a version that did not record them, the later ones all conspicuous."""
    old = ({**row, "warned": None, "brightness": None} for row in steady(100))
    add_results(log, [*old, *({**row, "warned": 1, "brightness": 200} for row in steady(100))])
    watched = watch(MODEL, log)
    assert (
        watched.headline()
        == "Green. The last results are as the first 100 led to expect, as far as is known."
    )
    assert watched.sentences()[0].startswith(
        "Not watched, because known of too few of the results: Results with a warning, Brightness, "
    )


@pytest.mark.parametrize(
    ("name", "changed", "text"),
    [
        (
            "withheld",
            WITHHELD,
            "Results withheld: 20 of 50 in results 151 to 200; expected 0 to 2 (first results: 0 of 100)",
        ),
        ("warned", {"warned": 1}, "Results with a warning: 23 of 50"),
        ("flagged", {"finding": "Pneumonia"}, "Pneumonia found: 28 of 50"),
        ("score", {"probability": 0.95}, "Score: median "),
        ("brightness", {"brightness": 200}, "Brightness: median "),
    ],
)
def test_a_block_far_from_the_first_results_turns_the_light_red(log, name, changed, text):
    turned = 26 if name in ("score", "brightness") else 20
    add_results(log, [*steady(150), *({**row, **changed} for row in steady(turned)), *steady(50 - turned)])
    watched = watch(MODEL, log)
    assert watched.light == RED
    assert name in {signal.name for signal in watched.raised}
    assert any(sentence.startswith(text) for sentence in [watched.reason(), *watched.sentences()])


def test_two_blocks_slightly_off_are_amber_and_one_is_green(log):
    off = [*({**row, "warned": 1} for row in steady(9)), *steady(41)]
    add_results(log, [*steady(150), *off])
    assert watch(MODEL, log).light == GREEN
    add_results(log, off)
    watched = watch(MODEL, log)
    assert watched.light == AMBER and watched.reason().startswith("Results with a warning: 14 of 50")
    add_results(log, steady(50))
    assert watch(MODEL, log).light == GREEN


def test_inverted_images_turn_the_light_red(log):
    random = np.random.default_rng(1)
    record, identity = ModelRecord(stage=3, run="r"), ModelIdentity("r/3", 1, "0123abcd")
    add_results(log, [row | {"brightness": random.normal(90, 15)} for row in steady(100)])
    for number in range(50):
        pixels = 255 - random.normal(90, 15, (32, 32)).clip(0, 255).astype(np.uint8)
        output = ModelOutput(Prediction("NORMAL", 0.2, 0.2), pixels, np.zeros(1), np.zeros(1))
        log.add_result(Reading(Image("x.png", pixels, str(number), {}), output), record, identity)
    watched = watch(MODEL, log)
    assert watched.light == RED and watched.reason().startswith("Brightness: median 16")


def test_readers_notes_count_from_the_first_result_of_the_model_on(log):
    def note(sha256: str, agreement: str, version: int = 1) -> None:
        identity = ModelIdentity("r/3", version, "0123abcd")
        log.add_human_reading(sha256, ModelRecord(stage=3, run="r"), identity, HumanReading(agreement))

    note("b", "disagree")  # before it was read here
    add_results(log, [{"time": time.time()}])
    note("a", "agree")
    note("a", "disagree", version=2)
    assert watch(MODEL, log).sentences()[-1].startswith("Readers agreed with 1 of 1 results")
    with closing(sqlite3.connect(log.path)) as database, database:
        database.execute("UPDATE notes SET model = ''")  # as versions before 0.2.0 logged them
    assert watch(MODEL, log).sentences()[-1].startswith("Readers agreed with 0 of 1 results")
    note("a", "agree")
    assert watch(MODEL, log).sentences()[-1].startswith("Readers agreed with 1 of 1 results")


def test_more_withheld_than_the_criterion_allows_is_red_even_if_it_always_was_so(log):
    write_criteria(None, None, None, 0.05, "Ada")
    often = [*steady(40), *[WITHHELD] * 10]
    add_results(log, often * 3)
    watched = watch(MODEL, log)
    assert watched.light == RED and not watched.raised
    assert watched.headline() == "Red. Results withheld at most 0.05: 0.200 (0.112 to 0.330), missed."
    write_criteria(None, None, None, 0.3, "Ada")
    watched = watch(MODEL, log)
    assert watched.light == GREEN and "0.200 (0.112 to 0.330), not shown." in " ".join(watched.sentences())


def test_days_are_those_of_the_clock_with_limits_for_as_many_results(log):
    add_results(
        log, [{**row, "time": NOON + 86_400 * (number // 80)} for number, row in enumerate(steady(240))]
    )
    days = watch(MODEL, log).rows.days
    assert list(days["day"]) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert list(days["results"]) == [80] * 3 and list(days["flagged"]) == [20] * 3
    limits = watch(MODEL, log).control_limits("flagged")
    assert (limits["low"] < limits["share"]).all() and (limits["share"] < limits["high"]).all()
    assert (limits["lowest"] < limits["low"]).all() and (limits["high"] < limits["highest"]).all()


def test_without_a_day_on_which_a_share_is_known_there_are_no_limits(log):
    later = ({**WITHHELD, "time": NOON + 400 * 86_400} for _ in range(50))
    add_results(log, [*steady(150), *later])
    watched = watch(MODEL, log)
    assert watched.control_limits("warned").empty and "low" in watched.control_limits("withheld")
    figure = control_charts(watched.rows.days, {name: watched.control_limits(name) for name in SHARES})
    assert len(figure.layout.annotations) == 1 + len(SHARES)
    bands = list(figure.select_traces({"fill": "toself"}))
    assert bands and all(trace.mode == "lines" for trace in bands)  # and each day has its width
    assert pd.Timestamp(bands[0].x[1]) - pd.Timestamp(bands[0].x[0]) == pd.Timedelta(days=1)


def test_a_read_only_log_of_an_earlier_version_says_what_to_do(small_disk):
    log = AuditLog(small_disk("1m") / "audit.sqlite")
    add_results(log, steady(150))
    with closing(sqlite3.connect(log.path)) as database:
        database.execute("ALTER TABLE answers DROP COLUMN contrast")
    subprocess.run(["mount", "-o", "remount,ro", str(log.path.parent)], check=True)
    with pytest.raises(UserError, match="earlier version .*contrast.* Make the file and its folder writable"):
        watch(MODEL, log)
    subprocess.run(["mount", "-o", "remount,rw", str(log.path.parent)], check=True)
    assert watch(MODEL, log).light == GREEN


def test_a_log_that_is_none_or_damaged_is_told(log):
    log.path.parent.mkdir()
    log.path.write_bytes(b"no database" * 100)
    with pytest.raises(UserError, match="cannot be used"):
        watch(MODEL, log)
    log.path.unlink()
    add_results(log, steady(2000))
    content = bytearray(log.path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    log.path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be used: database disk image is malformed"):
        watch(MODEL, log)


def local_images(per_class: int = 40) -> MeasuredSet:
    """A set of which half are pneumonias, of one brightness and score by class."""
    labels = np.repeat(["NORMAL", "PNEUMONIA"], per_class)
    positive = labels == "PNEUMONIA"
    table = {
        "label": labels,
        "probability": np.where(positive, 0.9, 0.2),
        "brightness": np.tile(np.arange(per_class) % 7.0, 2),
    }
    return MeasuredSet("ward", "accepted", "Roe", "2026-01-01T12:00:00+00:00", pd.DataFrame(table))


def test_images_are_compared_with_the_accepted_ones_from_the_first_block_on(log):
    add_results(log, steady(50))
    watched = watch(MODEL, log, measured=local_images())
    assert watched.light == GREEN  # although a quarter of these are pneumonias, and half of the accepted
    assert watched.headline().startswith("Green. The last results are as the images of ward led to expect")
    assert "the 80 images of ward on which the model was accepted (2026-01-01, by Roe)" in watched.baseline()
    assert watched.values()["compared_with"] == watched.baseline()
    assert "Pneumonia found" in watched.sentences()[0]  # too few results for shares
    assert "low" not in watched.control_limits("flagged")
    add_results(log, steady(270))
    watched = watch(MODEL, log, measured=local_images())
    assert watched.light == GREEN and len(watched.rows.blocks) == 6
    assert "low" in watched.control_limits("flagged") and watched.rows.pending == 20


def test_images_unlike_the_accepted_ones_are_red_at_once_and_shares_after_a_hundred(log):
    add_results(log, [row | {"brightness": 200} for row in steady(50)])
    watched = watch(MODEL, log, measured=local_images())
    assert watched.light == RED
    assert (
        "Brightness: median 200 in results 1 to 50; 3 (NORMAL) and 3 (PNEUMONIA) in the images of ward"
        in (watched.headline())
    )
    assert watch(MODEL, log).light == TOO_FEW
    add_results(log, [row | {"brightness": 3} for row in [*steady(50), *[WITHHELD] * 100]])
    watched = watch(MODEL, log, measured=local_images())
    assert watched.light == RED and "Results withheld: 50 of 50" in watched.headline()


def test_too_few_accepted_images_of_a_class_leave_the_first_results(log):
    add_results(log, steady(150))
    watched = watch(MODEL, log, measured=local_images(19))
    assert watched.measured is None and watched.baseline().endswith("compared with the first 100.")
