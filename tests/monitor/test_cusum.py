"""A self-starting CUSUM of the monitor's shares."""

import numpy as np
import pytest
from scipy.stats import betabinom, norm

from core.inference import AuditLog
from core.monitor.cusum import ALLOWANCE, LATER_LIMIT, LIMIT, cusum
from core.monitor.limits import Count
from core.monitor.watch import BASELINE, BLOCK, watch
from tests.monitor.logged_results import MODEL, add_results, steady


@pytest.fixture
def log(tmp_path) -> AuditLog:
    return AuditLog(tmp_path / "audit.sqlite")


def test_the_sums_are_those_of_normal_scores_by_another_librarys_distribution():
    random = np.random.default_rng(0)
    count, n, sums = int(random.binomial(BASELINE, 0.3)), BASELINE, np.zeros(2)
    blocks = [int(block) for block in random.binomial(BLOCK, 0.4, 20)]
    total = cusum(Count(count, n), [Count(block, BLOCK) for block in blocks], 101, 1100)
    for block in blocks:
        usual = betabinom(BLOCK, count + 1 / 2, n - count + 1 / 2)  # by Jeffreys' prior
        score = norm.ppf((usual.cdf(block - 1) + usual.cdf(block)) / 2)
        sums = np.maximum(0, sums + np.array([score, -score]) - ALLOWANCE)
        count, n = count + block, n + BLOCK
    assert (total.up, total.down) == pytest.approx(sums)


def test_a_block_counts_by_its_mid_p_value_less_the_allowance():
    """After 0 of 1, the next counts with probability 1/4 (Jeffreys): mid-p 7/8, normal score 1.1503."""
    total = cusum(Count(0, 1), [Count(1, 1)], 2, 2)
    assert (total.up, total.down) == (pytest.approx(1.15035 - ALLOWANCE, abs=1e-4), 0.0)


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
    total = watched.signals[0].cusum
    assert (total.first, total.limit) == (BASELINE + 10 * BLOCK + 1, LATER_LIMIT)


def test_only_the_last_blocks_add_up_beside_all_results_before_them(log):
    """Twenty of thirty blocks, each beside SciPy's beta-binomial distribution of everything before it."""
    random = np.random.default_rng(1)
    flagged = random.random(BASELINE + 30 * BLOCK) < 0.3
    add_results(log, [{"finding": "Pneumonia"} if one else {} for one in flagged])
    sums = np.zeros(2)
    for end in range(BASELINE + 11 * BLOCK, len(flagged) + 1, BLOCK):
        before, count = flagged[: end - BLOCK], flagged[end - BLOCK : end].sum()
        usual = betabinom(BLOCK, before.sum() + 1 / 2, (~before).sum() + 1 / 2)
        score = norm.ppf((usual.cdf(count - 1) + usual.cdf(count)) / 2)
        sums = np.maximum(0, sums + np.array([score, -score]) - ALLOWANCE)
    total = watch(MODEL, log).signals[0].cusum
    assert (total.up, total.down) == pytest.approx(sums)
