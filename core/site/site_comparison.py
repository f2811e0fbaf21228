"""Several models on the same local images: side by side, and every pair tested for a difference."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from core.evaluation import PairwiseTest, Predictions, on_common_images, pairwise_tests
from core.sentence import Sentence
from core.site.measurement import SHOWN_METRICS, SiteMeasurement, metrics_by_patient

NO_COMMON_IMAGES = Sentence(
    "The models cannot be laid side by side: of the images on which all have a result, none "
    "or only one class is left. Each was measured on its own."
)


@dataclass(frozen=True, eq=False)
class SiteComparison:
    """Models that were measured on the same local images.

    Attributes:
        measurements: of each model, on all images with a result of its own; that of the active model first.
        models: predictions for the images on which each model has a result; none if those cannot be compared.
        metrics: of `models`, as those of a measurement, by name of the model.
        tests: of every pair of `models`.
        problem: why there is nothing side by side, in a sentence; "" if there is, or only one model.
        not_measured: why other models were not measured, one sentence each.
    """

    measurements: tuple[SiteMeasurement, ...]
    models: tuple[Predictions, ...] = ()
    metrics: dict[str, dict] | None = None
    tests: tuple[PairwiseTest, ...] = ()
    problem: str = ""
    not_measured: tuple[str, ...] = ()

    def named(self, names: Mapping[str, str]) -> "SiteComparison":
        """The same under other names of the models, to be shown; unchanged if two would share a name.

        Args:
            names: by the present ones, which others keep.
        """

        def name(model: str) -> str:
            return names.get(model, model)

        if len({name(item.readings.model) for item in self.measurements}) < len(self.measurements):
            return self
        return replace(
            self,
            measurements=tuple(item.named(name(item.readings.model)) for item in self.measurements),
            models=tuple(replace(model, name=name(model.name)) for model in self.models),
            metrics={name(model): metrics for model, metrics in (self.metrics or {}).items()} or None,
            tests=tuple(
                replace(test, first=name(test.first), second=name(test.second)) for test in self.tests
            ),
        )

    def notes(self) -> list[str]:
        """What is compared, and on which images, one sentence each."""
        several = self.measurements if len(self.measurements) > 1 else ()  # one alone is not to be compared
        without = [item.readings.model for item in several if item.predictions is None]
        sentences: list[str] = [
            Sentence("{model} has no result and is not compared.", model=model) for model in without
        ]
        sentences += self.not_measured
        if self.problem:
            return [*sentences, self.problem]
        if not self.models:
            return sentences
        count = len(self.models[0])
        sentences.insert(
            0, Sentence("{count:,} images have a result of each model; only these are compared.", count=count)
        )
        results = {item.readings.model: item.counts.results for item in self.measurements}
        more = [
            Sentence("{name} has {more:,} more.", name=name, more=results[name] - count)
            for name in self._names
            if results[name] > count
        ]
        return [*sentences, *more]

    def values(self) -> dict:
        """Everything as plain values; nothing in them tells a file or a patient."""
        shown = (*SHOWN_METRICS, "confusion_matrix")
        return {
            "images": len(self.models[0]) if self.models else 0,
            "models": {
                name: {key: metrics[key] for key in shown}
                | {"intervals": {key: metrics["intervals"][key] for key in SHOWN_METRICS}}
                for name, metrics in (self.metrics or {}).items()
            },
            "differences": [asdict(test) | {"sentence": test.sentence()} for test in self.tests],
            "notes": self.notes(),
        }

    @property
    def _names(self) -> list[str]:
        return [model.name for model in self.models]


def compare_models(
    measurements: Sequence[SiteMeasurement], not_measured: Sequence[str] = ()
) -> SiteComparison:
    """Lay models side by side that were measured on the same local images.

    Each is taken at its own decision threshold, on the images on which all of them have a result: a model
    that withholds the images it would misread does not look better for it. The tests are those of
    `core.evaluation.pairwise_tests`, which take images of one patient for independent.

    Args:
        measurements: that of the active model first.
        not_measured: why other models were not measured, one sentence each.
    """
    measured, told = tuple(measurements), tuple(not_measured)
    thresholds = {item.readings.model: item.readings.threshold for item in measured}
    models = [item.predictions for item in measured if item.predictions]
    if len(models) < 2:
        return SiteComparison(measured, not_measured=told)
    common = on_common_images(models)
    images = [set(model.table["path"]) for model in common]
    if any(other != images[0] for other in images[1:]):
        return SiteComparison(measured, problem=NO_COMMON_IMAGES, not_measured=told)
    metrics = {model.name: metrics_by_patient(model, thresholds[model.name]) for model in common}
    tests = tuple(pairwise_tests(common, thresholds))
    return SiteComparison(measured, tuple(common), metrics, tests, not_measured=told)
