"""Shadow models beside the active one: agreement, changed labels, how often each predicted pneumonia."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation import wilson
from core.registry import Shadow, find_version, shadows, shadows_named
from core.sentence import Sentence
from core.shadow.store import ShadowStore

SHOWN_DIGITS = 12  # of an image's SHA-256, where a report is shown


@dataclass(frozen=True, eq=False)
class ShadowComparison:
    """A shadow beside one active model, on the images that both have read.

    Attributes:
        active: identity of the active model.
        answers: a row for each image, the oldest first: `time` in seconds since 1970, `sha256`, and label
            and calibrated probability of pneumonia of both: `active_label`, `shadow_probability`, ...
    """

    active: str
    answers: pd.DataFrame

    @property
    def images(self) -> int:
        """How many images both have read."""
        return len(self.answers)

    @property
    def changed(self) -> pd.DataFrame:
        """The images that the shadow gives another label, the newest first."""
        return self.answers[self.answers["active_label"] != self.answers["shadow_label"]][::-1]

    @property
    def agreed(self) -> int:
        """How many images have the same label from both."""
        return self.images - len(self.changed)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the agreement; there is at least one image."""
        interval = wilson(self.agreed, self.images)
        assert interval is not None  # there are images
        return interval

    def predicted_positive(self, model: str) -> int:
        """How many images `active` or `shadow` predicts to be pneumonia."""
        return int((self.answers[f"{model}_label"] == CLASS_NAMES[POSITIVE]).sum())

    def sentences(self) -> list[str]:
        """The figures in words."""
        low, high = self.interval
        to_pneumonia = int((self.changed["shadow_label"] == CLASS_NAMES[POSITIVE]).sum())
        return [
            f"{self.images:,} images read by both. Same label: {self.agreed:,}, "
            f"{self.agreed / self.images:.1%} (95% interval {low:.1%} to {high:.1%}).",
            f"Pneumonia: active model {self._share('active')}, shadow {self._share('shadow')}.",
            f"Label changed: {len(self.changed):,}; {to_pneumonia:,} to pneumonia, "
            f"{len(self.changed) - to_pneumonia:,} to normal.",
        ]

    def to_json(self) -> dict[str, Any]:
        """The figures and the images whose label changed as plain values."""
        return {
            "active": self.active,
            "images": self.images,
            "agreed": self.agreed,
            "agreement_interval": list(self.interval),
            "active_predicted_positive": self.predicted_positive("active"),
            "shadow_predicted_positive": self.predicted_positive("shadow"),
            "changed": self.changed.drop(columns=["active", "shadow"]).to_dict("records"),
        }

    def _share(self, model: str) -> str:
        count = self.predicted_positive(model)
        return f"{count:,} ({count / self.images:.1%})"


@dataclass(frozen=True, eq=False)
class ShadowReport:
    """All that is known of a shadow.

    Attributes:
        shadow: identity of the model.
        running: whether it reads now.
        comparisons: with each model that was active meanwhile, the latest first.
        missed: how many images it did not read, by reason.
    """

    shadow: str
    running: bool
    comparisons: tuple[ShadowComparison, ...]
    missed: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "shadow": self.shadow,
            "running": self.running,
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "missed": self.missed,
        }


def shadow_reports(title: str = "") -> list[ShadowReport]:
    """Reports of the shadow models, or of one model that is or was a shadow.

    Args:
        title: name, or name and version, of a model; "" for the shadows of today. A name alone is that of
            all its shadows, or if it has none, of its newest version.

    Raises:
        UserError: there is no such model, it never was a shadow, or what was kept cannot be read.
    """
    running = shadows_named(title) if title else shadows()
    if running or not title:
        return [_report(shadow, True) for shadow in running]
    shadow = Shadow.of(find_version(title))
    report = _report(shadow, False)
    if not (report.comparisons or report.missed):
        raise UserError(
            Sentence(
                "{title} never was a shadow. Make it one on the Comparison page under Promotion.",
                title=shadow.title,
            ),
            command="python -m core models shadow NAME",
        )
    return [report]


def _report(shadow: Shadow, running: bool) -> ShadowReport:
    store, identity = ShadowStore(), str(shadow.identity)
    answers = store.answers(identity)
    last_first = answers["active"][::-1].unique()
    comparisons = (ShadowComparison(active, answers[answers["active"] == active]) for active in last_first)
    return ShadowReport(identity, running, tuple(comparisons), store.missed(identity))
