import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import cohens_kappa as reference
from statsmodels.stats.inter_rater import fleiss_kappa as fleiss_reference

from core.evaluation import cohens_kappa, fleiss_kappa


def labels(table) -> tuple[list[str], list[str]]:
    """Both readers' labels from the numbers of images by both."""
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return [str(i) for i, _ in pairs], [str(j) for _, j in pairs]


@pytest.mark.parametrize(
    "table",
    [
        [[88, 14, 18], [10, 40, 10], [2, 6, 12]],  # Fleiss, Cohen and Everitt 1969, table 1 of 200
        [[20, 5], [10, 15]],
        [[1, 9, 3], [8, 0, 2], [4, 7, 1]],  # worse than chance
    ],
)
def test_kappa_and_interval_agree_with_scikit_learn_and_statsmodels(table):
    kappa = cohens_kappa(*labels(table))
    expected = reference(np.array(table))
    assert kappa.value == pytest.approx(cohen_kappa_score(*labels(table)))
    assert kappa.interval == pytest.approx((expected.kappa_low, expected.kappa_upp))
    assert kappa.images == np.sum(table) and kappa.agreed == np.trace(table)


def test_the_order_of_readers_does_not_matter():
    first, second = labels([[8, 5], [1, 6]])
    assert cohens_kappa(first, second).interval == pytest.approx(cohens_kappa(second, first).interval)


def test_readers_who_disagree_about_everything_are_told_so():
    kappa = cohens_kappa("PN" * 10, "NP" * 10)
    assert (
        kappa.value == pytest.approx(-1)
        and kappa.interval is None
        and "no better than chance" in kappa.sentence()
    )
    one_each = cohens_kappa("P" * 10, "N" * 10)
    assert one_each.value == 0 and "agree on 0 of 10" in one_each.sentence()


def test_without_a_second_label_there_is_no_kappa():
    assert "kappa is undefined" in cohens_kappa("PPP", "PPP").sentence()
    assert cohens_kappa("", "").sentence() == "no image has a label of both"


def test_perfect_agreement_promises_no_certainty():
    kappa = cohens_kappa("PPPNN", "PPPNN")
    assert kappa.value == 1 and kappa.interval is None and "100% (57% to 100%)" in kappa.sentence()


@pytest.mark.parametrize("readers", [2, 3, 6])
def test_fleiss_kappa_agrees_with_statsmodels(readers):
    random = np.random.default_rng(readers)
    truth = random.choice(list("PNU"), (40, 1))
    labels = np.where(random.random((40, readers)) < 0.7, truth, random.choice(list("PNU"), (40, readers)))
    assert fleiss_kappa(labels.tolist()) == pytest.approx(fleiss_reference(aggregate_raters(labels)[0]))


def test_fleiss_kappa_of_labels_that_are_all_the_same_is_undefined():
    assert fleiss_kappa(["PPP", "PPP"]) is None and fleiss_kappa([]) is None
