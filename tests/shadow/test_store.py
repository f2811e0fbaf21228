"""What shadow models said is kept once for each image and pair of models, and never changed."""

import sqlite3
from contextlib import closing

import pytest

from core.errors import UserError
from core.registry import shadows
from core.registry.history import Event, add_event
from core.shadow import ShadowStore, shadow_reports

BUNDLED, NEWER, SHADOW = "bundled/3 (11111111)", "mine/3 v1 (22222222)", "mine/2 v1 (33333333)"


@pytest.fixture
def store(own_home) -> ShadowStore:
    return ShadowStore()


def test_the_first_answer_stays(store):
    for probability in (0.2, 0.9):
        store.add("a" * 64, (BUNDLED, "NORMAL", 0.1), (SHADOW, "NORMAL", probability))
    assert list(store.answers(SHADOW)["shadow_probability"]) == [0.2]
    assert store.is_known("a" * 64, BUNDLED, SHADOW) and not store.is_known("a" * 64, NEWER, SHADOW)


def test_what_was_not_read_is_counted_by_reason(store):
    store.add_missed(SHADOW, "full", 3)
    store.add_missed(SHADOW, "full", 2)
    store.add_missed(SHADOW, "changed")
    assert store.missed(SHADOW) == {"full": 5, "changed": 1} and store.missed(BUNDLED) == {}


def test_the_store_holds_digests_labels_and_probabilities_alone(store):
    store.add("a" * 64, (BUNDLED, "NORMAL", 0.1), (SHADOW, "NORMAL", 0.2))
    with closing(sqlite3.connect(store.path)) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(answers)")}
    assert columns == {"time", "sha256"} | {
        f"{model}{what}" for model in ("active", "shadow") for what in ("", "_label", "_probability")
    }


def test_looking_creates_nothing(store):
    assert store.answers(SHADOW).empty and store.missed(SHADOW) == {} and not store.path.exists()


def test_a_damaged_store_is_reported_in_a_sentence(store):
    store.path.parent.mkdir()
    store.path.write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match=r"shadow\.sqlite cannot be used"):
        store.answers(SHADOW)


def test_a_report_counts_agreement_changed_labels_and_predicted_pneumonias_for_each_active_model(store):
    add_event(Event("shadow", "mine/2", 1, "33333333" + "0" * 56, "tests", "", time=1.0))
    assert str(shadows()[0].identity) == SHADOW
    for number, (active, shadow) in enumerate([(0.1, 0.2), (0.9, 0.8), (0.3, 0.7), (0.8, 0.4), (0.2, 0.9)]):
        labels = ["PNEUMONIA" if value >= 0.5 else "NORMAL" for value in (active, shadow)]
        store.add(f"{number}" * 64, (BUNDLED, labels[0], active), (SHADOW, labels[1], shadow))
    store.add("a" * 64, (NEWER, "NORMAL", 0.1), (SHADOW, "NORMAL", 0.2))
    (report,) = shadow_reports()
    assert [comparison.active for comparison in report.comparisons] == [NEWER, BUNDLED]  # the latest first
    comparison = report.comparisons[1]
    assert (comparison.images, comparison.agreed, len(comparison.changed)) == (5, 2, 3)
    assert (comparison.predicted_positive("active"), comparison.predicted_positive("shadow")) == (2, 3)
    assert comparison.interval == pytest.approx((0.1176, 0.7693), abs=1e-4)  # Wilson, 2 of 5
    assert list(comparison.changed["sha256"].str[0]) == ["4", "3", "2"]
    assert comparison.sentences() == [
        "5 images read by both. Same label: 2, 40.0% (95% interval 11.8% to 76.9%).",
        "Pneumonia: active model 2 (40.0%), shadow 3 (60.0%).",
        "Label changed: 3; 2 to pneumonia, 1 to normal.",
    ]
