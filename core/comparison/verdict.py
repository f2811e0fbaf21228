"""What a comparison comes to, in a few sentences: which model is better, by how much, how sure that is."""

from core.comparison.model_comparison import ModelComparison
from core.evaluation import METRICS, PairwiseTest, only_label
from core.sentence import Sentence, joined, template

RANKING = "auc"
IMAGES = {
    "test": template("{count:,} test images"),
    "validation": template("{count:,} validation images"),
}
BETTER = template(
    "{best} ranks {images} better than {next_best}, the next best: ROC AUC {auc} against {next_auc}; the "
    "difference of {amount} has a 95% interval of {bounds} ({p})."
)
NEITHER = template(
    "Neither {best} nor {next_best}, the two best, is shown to rank {images} better: ROC AUC {auc} against "
    "{next_auc}; the difference of {amount} has a 95% interval of {bounds} ({p})."
)


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
    images = Sentence(IMAGES[comparison.split], count=metrics[best]["n"])
    ranking = (
        _of_two(best, others[0], metrics, tests, images)
        if others
        else Sentence(
            "{model} has a ROC AUC of {auc} on {images}.",
            model=best,
            auc=_text(RANKING, metrics[best]),
            images=images,
        )
    )
    return [ranking, _at_threshold(best, metrics[best])] + [
        Sentence("{model} predicts {label} for every image.", model=name, label=label)
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
    parts = {
        "best": best,
        "next_best": next_best,
        "images": images,
        "auc": values[0],
        "next_auc": values[1],
        "amount": test.amount,
        "bounds": test.bounds,
        "p": test.p_value,
    }
    ranking = Sentence(BETTER, **parts) if test.significant else Sentence(NEITHER, **parts)
    return joined([ranking, test.caution], " ") if test.caution else ranking


def _at_threshold(name: str, metrics: dict) -> str:
    sensitivity, specificity = (_text(rate, metrics) for rate in ("sensitivity", "specificity"))
    return Sentence(
        "At its decision threshold of {threshold:.3f}, {model} has a sensitivity of {sensitivity} and a "
        "specificity of {specificity}.",
        threshold=metrics["threshold"],
        model=name,
        sensitivity=sensitivity,
        specificity=specificity,
    )


def _text(name: str, metrics: dict) -> str:
    return METRICS[name].text(metrics[name], metrics["intervals"][name])
