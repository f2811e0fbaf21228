import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from core.errors import UserError
from core.evaluation import delong, holm, mcnemar, paired_rate
from core.evaluation.paired_tests import newcombe_paired


def two_models(n=60):
    """Labels and two correlated models' probabilities, with ties."""
    random = np.random.default_rng(1988)
    labels = (np.arange(n) % 3 == 0).astype(int)
    first = np.round(np.clip(random.normal(0.4 + 0.2 * labels, 0.2), 0, 1), 2)
    second = 0.5 * first + 0.5 * random.normal(0.35 + 0.35 * labels, 0.2)
    return labels, first, np.round(np.clip(second, 0, 1), 2)


def test_delong_agrees_with_pROC():
    # pROC 1.18.0 in R: roc.test(a, b, method="delong", paired=TRUE) on these very numbers.
    labels, first, second = two_models()
    assert roc_auc_score(labels, first) == pytest.approx(0.845)
    assert roc_auc_score(labels, second) == pytest.approx(0.928125)
    difference = delong(labels, first, second)
    assert difference.value == pytest.approx(0.928125 - 0.845)
    assert difference.p_value == pytest.approx(0.1020849105, rel=1e-6)
    assert difference.interval == pytest.approx((-0.016531913, 0.182781913), rel=1e-6)


def test_a_model_does_not_differ_from_itself():
    labels, first, _ = two_models()
    assert delong(labels, first, first).p_value == 1.0
    assert mcnemar(labels, first > 0.5, first > 0.5).p_value == 1.0


def test_mcnemar_agrees_with_statsmodels():
    labels, first, second = two_models()
    one, other = first > 0.5, second > 0.5
    right_one, right_other = one == labels, other == labels
    table = [
        [np.sum(right_one & right_other), np.sum(right_one & ~right_other)],
        [np.sum(~right_one & right_other), np.sum(~right_one & ~right_other)],
    ]
    difference = mcnemar(labels, one, other)
    assert difference.p_value == pytest.approx(reference_mcnemar(table, exact=True).pvalue)
    assert difference.value == pytest.approx(right_other.mean() - right_one.mean())
    assert difference.interval[0] <= difference.value <= difference.interval[1]


@pytest.mark.parametrize(
    ("table", "interval"),
    [
        # Newcombe, Statistics in Medicine 1998, 17:2635, table II, method 10.
        ((36, 12, 2, 0), (0.0569, 0.3404)),
        ((0, 0, 0, 30), (-0.1135, 0.1135)),
    ],
)
def test_paired_intervals_are_newcombes(table, interval):
    assert newcombe_paired(*table) == pytest.approx(interval, abs=6e-4)


def test_rates_are_compared_on_their_own_class():
    labels = np.array([1, 1, 1, 1, 0, 0])
    first, second = np.array([1, 0, 0, 0, 0, 0]), np.array([1, 1, 1, 0, 1, 0])
    assert paired_rate(labels, first, second, "sensitivity").value == 0.5
    assert paired_rate(labels, first, second, "specificity").value == -0.5


def test_holm_agrees_with_statsmodels():
    p_values = [0.02, 0.7, 0.013, 0.04]
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_undefined_differences_are_refused():
    with pytest.raises(UserError, match="two images of each class"):
        delong(np.array([0, 1, 1]), np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3]))
    with pytest.raises(UserError, match="no images to compute the specificity"):
        paired_rate(np.array([1, 1]), np.array([1, 0]), np.array([1, 1]), "specificity")
