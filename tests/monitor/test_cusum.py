"""A self-starting CUSUM of the monitor's shares."""

import numpy as np
import pytest

from core.inference import AuditLog
from core.monitor.cusum import ALLOWANCE, LIMIT, cusum
from core.monitor.limits import Count
from core.monitor.watch import BASELINE, BLOCK, watch
from experiments.self_starting import _sums
from tests.monitor.logged_results import MODEL, add_results, steady


@pytest.fixture
def log(tmp_path) -> AuditLog:
    return AuditLog(tmp_path / "audit.sqlite")


def test_the_sums_are_those_of_the_simulated_hospitals():
    random = np.random.default_rng(0)
    first, blocks = random.binomial(BASELINE, 0.3, (1, 5)), random.binomial(BLOCK, 0.4, (1, 5, 20))
    expected = _sums(first, blocks)[0, :, -1]
    for hospital, total in enumerate(expected):
        counts = [Count(int(count), BLOCK) for count in blocks[0, hospital]]
        found = cusum(Count(int(first[0, hospital]), BASELINE), counts, 101, 1100)
        assert max(found.up, found.down) == pytest.approx(total)


def test_a_block_counts_by_its_mid_p_value_less_the_allowance():
    """After 0 of 1, the next counts with probability 1/4 (Jeffreys): mid-p 7/8, normal score 1.1503."""
    found = cusum(Count(0, 1), [Count(1, 1)], 2, 2)
    assert (found.up, found.down) == (pytest.approx(1.15035 - ALLOWANCE, abs=1e-4), 0.0)


def growing(blocks: int) -> list[dict]:
    """Steady results of which, from block to block, fewer and fewer find pneumonia: 25% to 9%."""
    rows = []
    for number in range(blocks):
        kept = round(12 * (1 - number / 30))
        block = steady(4 * kept) + [{"warned": 0, "brightness": 3}] * (BLOCK - 4 * kept)
        rows += block
    return rows


def test_a_share_that_changes_little_by_little_is_amber_although_no_block_is(log):
    add_results(log, steady(BASELINE))
    add_results(log, growing(20))
    watched = watch(MODEL, log)
    flagged = watched.signals[0]
    assert flagged.cusum.beyond and flagged.light == "amber"
    assert (flagged.cusum.first, flagged.cusum.last) == (101, 1100)
    assert "Pneumonia found: " in watched.reason() or any("Pneumonia found" in s for s in watched.sentences())
    assert watched.values()["signals"]["flagged"]["cusum"]["down"] > LIMIT


def test_what_came_before_the_blocks_counts_as_usual(log):
    add_results(log, steady(BASELINE + 30 * BLOCK))
    watched = watch(MODEL, log)
    assert watched.light == "green" and watched.rows.before["results"] == BASELINE + 10 * BLOCK
    assert watched.rows.before["flagged"] == (BASELINE + 10 * BLOCK) / 4
    assert watched.rows.before["warned_known"] == watched.rows.before["results"]
    assert watched.signals[0].cusum.first == BASELINE + 10 * BLOCK + 1
