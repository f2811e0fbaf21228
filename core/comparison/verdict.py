"""What a comparison comes to, in a few sentences: which model is better, by how much, how sure that is."""

from core.comparison.model_comparison import ModelComparison
from core.evaluation import METRICS, PairwiseTest, only_label

RANKING = "auc"


def verdict(comparison: ModelComparison, metrics: dict[str, dict], tests: list[PairwiseTest]) -> list[str]:
    """Sentences, the most important one first.

    Models are ranked by ROC AUC, which depends on no threshold; the best is held against the next best.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
        tests: every pair of the models.
    """
    ranked = [name for name in metrics if metrics[name][RANKING] is not None]
    ranked.sort(key=lambda name: metrics[name][RANKING], reverse=True)
    if not ranked:
        return []
    best, *others = ranked
    images = f"{metrics[best]['n']:,} {comparison.split} images"
    ranking = (
        _of_two(best, others[0], metrics, tests, images)
        if others
        else f"{best} has a ROC AUC of {_text(RANKING, metrics[best])} on {images}."
    )
    return [ranking, _at_threshold(best, metrics[best])] + [
        f"{name} predicts {label} for every image."
        for name in metrics
        if (label := only_label(metrics[name]["confusion_matrix"]))
    ]


def _of_two(best: str, next_best: str, metrics: dict, tests: list[PairwiseTest], images: str) -> str:
    """The best model against the next best."""
    (test,) = [
        test for test in tests if test.measure == RANKING and {test.first, test.second} == {best, next_best}
    ]
    if test.reason:
        return test.sentence()
    values = [METRICS[RANKING].text(metrics[name][RANKING]) for name in (best, next_best)]
    if test.significant:
        opening = f"{best} ranks {images} better than {next_best}, the next best"
    else:
        opening = f"Neither {best} nor {next_best}, the two best, is shown to rank {images} better"
    difference = f"the difference of {test.amount} has a 95% interval of {test.bounds} ({test.p_value})"
    return f"{opening}: ROC AUC {values[0]} against {values[1]}; {difference}. {test.caution}".rstrip()


def _at_threshold(name: str, metrics: dict) -> str:
    sensitivity, specificity = (_text(rate, metrics) for rate in ("sensitivity", "specificity"))
    return (
        f"At its decision threshold of {metrics['threshold']:.3f}, {name} has a sensitivity of {sensitivity} "
        f"and a specificity of {specificity}."
    )


def _text(name: str, metrics: dict) -> str:
    return METRICS[name].text(metrics[name], metrics["intervals"][name])
