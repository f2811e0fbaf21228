"""What a check of the audit reports, and the audit report as Markdown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from core.config import old_names
from core.dataset.dataset import Dataset
from core.dataset.shortcut_baselines import SHORTCUT_TITLES, CrossValidatedAuc
from core.sentence import Sentence

MAX_EXAMPLES = 12
INTERVAL = "interval_"  # in the name of a fact: the 95% interval of the AUC of the same name
TITLES = {  # of facts
    "across_splits": Sentence("Groups in more than one split"),
    "bare_numbers_in_test": Sentence("Patient numbers in test, whatever their prefix"),
    "bare_numbers_in_test_and_train": Sentence("Of these, also in train"),
    "by_label": Sentence("By label"),
    "by_split": Sentence("By split"),
    "height": Sentence("Height"),
    "images": Sentence("Images"),
    "images_scored": Sentence("Images scored"),
    "ratio": Sentence("Larger class divided by smaller"),
    "reasons": Sentence("Reasons"),
    "share_by_class": Sentence("Share by class"),
    "unknown_patients": Sentence("Images of unknown patients"),
    "validation_images": Sentence("Validation images"),
    "width": Sentence("Width"),
}


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: such as `byte_identical_groups`.
        title: a short title for people.
        count: number of issues; 0 when all is well.
        examples: paths, or lists of paths that belong together; a few.
        why: why it matters.
        remedy: what can be done about it.
        facts: further figures by name.
        issue: the key in `core.dataset.ISSUES` that lists all its images; "" if none does.
        exclusion: the field of `core.dataset.Exclusions` that leaves them out of training; "" if none does.
    """

    name: str
    title: str
    count: int
    examples: list[str] | list[list[str]] = field(default_factory=list)
    why: str = ""
    remedy: str = ""
    facts: dict = field(default_factory=dict)
    issue: str = ""
    exclusion: str = ""

    def to_json(self) -> dict:
        """Plain values without the name, also under the keys of 0.1.0."""
        values = {name: value for name, value in asdict(self).items() if name != "name"}
        values["facts"] = old_names.with_both(self.facts, old_names.AUDIT)
        return old_names.with_both(values, old_names.AUDIT)

    def lines(self) -> list[str]:
        """The facts as text, one line each; an AUC with its interval."""
        return [self._line(name) for name in self.facts if not name.startswith(INTERVAL)]

    def _line(self, name: str) -> str:
        bounds = self.facts.get(name.replace("auc_", INTERVAL, 1)) if name.startswith("auc_") else None
        value = _text(self.facts[name])
        if bounds:
            low, high = map("{:.3f}".format, bounds)
            value = Sentence("{value} ({low} to {high})", value=value, low=low, high=high)
        return Sentence("{title}: {value}", title=_title(name), value=value)


def auc_facts(aucs: Mapping[str, CrossValidatedAuc | None]) -> dict:
    """AUCs by name as facts: `auc_NAME`, and `interval_NAME` for those that have one."""
    return {f"auc_{name}": auc.value if auc else None for name, auc in aucs.items()} | {
        f"{INTERVAL}{name}": list(auc.interval) for name, auc in aucs.items() if auc and auc.interval
    }


def example_paths(dataset: Dataset, rows: np.ndarray) -> list[str]:
    """The paths of the first few of some images."""
    return list(dataset.table["path"].iloc[rows[:MAX_EXAMPLES]])


def share_by_class(dataset: Dataset, rows: np.ndarray) -> dict[str, float]:
    """Which share of the images of each class some rows are."""
    chosen = pd.Series(np.isin(np.arange(len(dataset.table)), rows))
    shares = chosen.groupby(dataset.table["label"]).mean().round(3)
    return {str(label): float(share) for label, share in shares.items()}


def report(dataset: Dataset, findings: list[Finding], left_out: str = "") -> str:
    """The findings of an audit as a Markdown document.

    Args:
        dataset: that was audited.
        findings: of all checks.
        left_out: which checks were left out and why, in a sentence; "" if none was.
    """
    lines = [
        f"# Audit of {dataset.name}",
        "",
        f"{len(dataset.table):,} readable images in {dataset.root}.",
        "",
        *([left_out, ""] if left_out else []),
    ]
    for finding in findings:
        lines += [f"## {finding.title}: {finding.count:,}", ""]
        lines += [f"{line}  " for line in finding.lines()]
        if finding.count:
            lines += ["", finding.why, "", f"*{finding.remedy}*", ""]
            lines += [f"- {', '.join(item) if isinstance(item, list) else item}" for item in finding.examples]
        lines.append("")
    return "\n".join(lines)


def _title(name: str) -> str:
    """The name of a fact for people.

    >>> _title("by_split"), _title("auc_frame")
    ('By split', 'AUC, border')
    """
    if name.startswith("auc_"):
        shortcut = name.removeprefix("auc_")
        return Sentence("AUC, {shortcut}", shortcut=SHORTCUT_TITLES.get(shortcut, shortcut))
    return TITLES[name]


def _text(value: object) -> str:
    if value is None:
        return Sentence("not computed: too few images")
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or Sentence("none")
    if isinstance(value, str):
        return value
    return f"{value:.3f}" if isinstance(value, float) else str(value)
