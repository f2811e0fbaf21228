"""What is wrong with a data set, or will deceive who trains on it: findings with examples and a way out."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from core.dataset import problems, shortcuts
from core.dataset.doubts import label_doubts
from core.dataset.duplicates import identical_groups, near_identical_groups
from core.dataset.index import Dataset
from core.dataset.pixels import Progress
from core.dataset.split import patients_in_training_and_test

MOST_EXAMPLES = 12
MOST_DOUBTED = 20
TINY = 50  # images of a class in a split
IMBALANCE = 2.0  # images of one class for one of the other
BARE_NUMBER = re.compile(r"(?:bacteria|virus)-(\d+)")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: such as `byte_identical_groups`.
        title: a few words for people.
        count: how many; 0 when all is well.
        examples: paths, or lists of paths that belong together; a few.
        why: why it matters.
        remedy: what can be done.
        facts: further numbers by name.
        problem: which of `core.dataset.problems.PROBLEMS` gives all its films; "" if none does.
        choice: which field of `core.dataset.Choices` leaves them out of training; "" if none does.
    """

    name: str
    title: str
    count: int
    examples: list = field(default_factory=list)
    why: str = ""
    remedy: str = ""
    facts: dict = field(default_factory=dict)
    problem: str = ""
    choice: str = ""

    def to_json(self) -> dict:
        """Plain values, without the name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}

    def lines(self) -> list[str]:
        """The facts in words, a line each."""
        return [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in self.facts.items()]


def audit(dataset: Dataset, progress: Progress | None = None) -> list[Finding]:
    """Look at everything. Changes nothing.

    Args:
        dataset: an opened set.
        progress: called with (looks done, looks in all).
    """
    looks = (_files, _identical, _near, _patients, _balance, _looks, _sizes, _labels, _shortcuts, _splits)
    found = []
    for done, look in enumerate(looks, start=1):
        found += look(dataset)
        if progress:
            progress(done, len(looks))
    return found


def report(dataset: Dataset, findings: list[Finding]) -> str:
    """The audit as Markdown, to be kept as a file."""
    lines = [
        f"# Audit of {dataset.name}",
        "",
        f"{len(dataset.table):,} readable images in {dataset.root}.",
        "",
    ]
    for finding in findings:
        lines += [f"## {finding.title}: {finding.count:,}", ""]
        lines += [f"{line}  " for line in finding.lines()]
        if finding.count:
            lines += ["", finding.why, "", f"*{finding.remedy}*", ""]
            lines += [f"- {', '.join(item) if isinstance(item, list) else item}" for item in finding.examples]
        lines.append("")
    return "\n".join(lines)


def _shown(value) -> str:
    if value is None:
        return "not told: too few images"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _files(dataset: Dataset) -> Iterator[Finding]:
    bad = [problem for problem in dataset.problems if problem.path]
    yield Finding(
        "unreadable",
        "Unreadable files",
        len(bad),
        [problem.path for problem in bad[:MOST_EXAMPLES]],
        "They are passed over everywhere, so the set is smaller than its folder.",
        "Copy or export them again.",
    )


def _identical(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    groups = identical_groups(table)
    by_split = {
        str(split): sum(split in set(table["split"].iloc[rows]) for rows in groups)
        for split in table["split"].unique()
    }
    yield Finding(
        "byte_identical_groups",
        "Groups of byte-identical images",
        len(groups),
        _paths(table, groups),
        "A copy in training counts its film twice; a copy in validation flatters.",
        "Leave copies out of training.",
        {"images": sum(map(len, groups)), "by_split": by_split},
        "byte-identical",
        "without_copies",
    )
    for name, column, title in (
        ("identical_across_splits", "split", "Identical images in different splits"),
        ("identical_across_classes", "label", "Identical images in different classes"),
    ):
        across = [rows for rows in groups if table[column].iloc[rows].nunique() > 1]
        yield Finding(
            name,
            title,
            len(across),
            _paths(table, across),
            "What is trained on is tested on." if column == "split" else "One of the labels is wrong.",
            "Remove one of each pair from the folder.",
        )


def _near(dataset: Dataset) -> Iterator[Finding]:
    groups = near_identical_groups(dataset.table, dataset.pixels)
    across = [rows for rows in groups if dataset.table["split"].iloc[rows].nunique() > 1]
    yield Finding(
        "near_identical_groups",
        "Groups of nearly identical images",
        len(groups),
        _paths(dataset.table, groups),
        "Another export of the same film is as good as a copy.",
        "Look at them, and remove what is the same film.",
        {"across_splits": len(across)},
        "nearly identical",
    )


def _patients(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    known = table[table["patient"] != ""]
    roles = known["split"].where(known["split"] == "test", "train")  # val joins training
    both = patients_in_training_and_test(table)
    numbers = known["patient"].str.extract(BARE_NUMBER, expand=False)
    bare = {role: set(numbers[roles == role].dropna()) for role in ("train", "test")}
    yield Finding(
        "patients_in_several_splits",
        "Patients with films in training and in test",
        len(both),
        both[:MOST_EXAMPLES],
        "A network may recognise the child and not the disease.",
        "Leave these patients out of training and validation. (Validation is always held out by patient.)",
        {
            "unknown_patients": int((table["patient"] == "").sum()),
            "bare_numbers_in_test": len(bare["test"]),
            "bare_numbers_in_test_and_train": len(bare["test"] & bare["train"]),
        },
        "patient in training and test",
        "without_test_patients",
    )


def _balance(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    counts = table.groupby(["split", "label"]).size()
    ratios = {
        str(split): round(float(group.max() / group.min()), 2) for split, group in counts.groupby(level=0)
    }
    skewed = [split for split, ratio in ratios.items() if ratio >= IMBALANCE]
    yield Finding(
        "class_imbalance",
        "Splits in which one class outnumbers the other",
        len(skewed),
        skewed,
        "Accuracy rewards calling everything the larger class.",
        "Read sensitivity and specificity, and try class weights.",
        {"ratio": ratios},
    )
    tiny = [f"{split}/{label}: {n} images" for (split, label), n in counts.items() if n < TINY]
    yield Finding(
        "tiny_splits",
        "Classes with few images in a split",
        len(tiny),
        tiny,
        "Figures on so few images say little; their intervals are wide.",
        "Add images, or join the split with another (val joins training by itself).",
    )


def _looks(dataset: Dataset) -> Iterator[Finding]:
    coloured = problems.coloured(dataset)
    yield Finding(
        "coloured",
        "Images with colour",
        len(coloured),
        _films(dataset, coloured),
        "Radiographs are grey; colour means a photograph, a screenshot or drawn marks.",
        "Look at them, and export the originals.",
        problem="colour",
    )
    marked = problems.marked(dataset)
    rates = pd.Series(0.0, dataset.table.index)
    rates.iloc[marked] = 1.0
    yield Finding(
        "marks_at_the_border",
        "Images with a bright mark at the border",
        len(marked),
        _films(dataset, marked),
        "A network can learn the letters that a ward writes into its films instead of lungs.",
        "Compare the shares by class; if they differ, look at heat maps for the corners.",
        {"share_by_class": rates.groupby(dataset.table["label"]).mean().round(3).to_dict()},
        "mark at the border",
    )


def _sizes(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    unusual = problems.oddly_sized(dataset)
    yield Finding(
        "unusual_sizes",
        "Images of unusual size",
        len(unusual),
        _films(dataset, unusual),
        "Small images are enlarged and blurred, long ones squeezed: the network sees both.",
        "Look whether they are chest films at all.",
        {"width": _range(table["width"]), "height": _range(table["height"])},
        "unusual size",
    )


def _labels(dataset: Dataset) -> Iterator[Finding]:
    doubts = label_doubts(dataset)
    doubted = problems.most_doubted(doubts)
    table = dataset.table.iloc[doubted]
    yield Finding(
        "suspicious_labels",
        "Films whose label looks wrong to a network",
        len(doubted),
        list(table["path"].iloc[:MOST_DOUBTED]),
        "A linear probe on a network's features, asked out of fold by patient, would have given the other "
        "label; the most doubted stand first. Most are films that the probe misjudges, not wrong labels.",
        "Look at them. Nothing is corrected by itself.",
        {
            "films_judged": "none: no run has kept features of this set yet"
            if doubts is None
            else int(np.isfinite(doubts).sum()),
            "by_label": table["label"].value_counts().to_dict(),
        },
        "label looks wrong",
    )


def _shortcuts(dataset: Dataset) -> Iterator[Finding]:
    rows = np.flatnonzero(dataset.table["split"] != "test")
    found = {view: shortcuts.class_by(view, dataset.table, dataset.pixels, rows) for view in shortcuts.VIEWS}
    strong = [view for view, auc in found.items() if auc and auc > 0.7]
    yield Finding(
        "shortcuts",
        "Ways to tell the class without looking at lungs",
        len(strong),
        strong,
        "AUC of gradient boosting on brightness, corners, frame or an 8 x 8 thumbnail, out of fold by "
        "patient: a network has to beat it to show that it reads lungs.",
        "Show these beside the models, and be wary of any that is not better.",
        {f"auc_{view}": auc for view, auc in found.items()},
    )


def _splits(dataset: Dataset) -> Iterator[Finding]:
    found = {
        label: shortcuts.split_by_histogram(dataset.table, dataset.pixels, label)
        for label in ("NORMAL", "PNEUMONIA")
    }
    differing = [label for label, auc in found.items() if auc and auc > 0.65]
    yield Finding(
        "split_differences",
        "Classes whose test films look different",
        len(differing),
        differing,
        "AUC with which test is told from training by the histogram alone: figures on validation will "
        "flatter.",
        "Trust test more than validation, and expect other hospitals to differ more.",
        {f"auc_{label.lower()}": auc for label, auc in found.items()},
    )


def _paths(table: pd.DataFrame, groups: list[np.ndarray]) -> list[list[str]]:
    return [list(table["path"].iloc[rows]) for rows in groups[:MOST_EXAMPLES]]


def _films(dataset: Dataset, rows: np.ndarray) -> list[str]:
    return list(dataset.table["path"].iloc[rows[:MOST_EXAMPLES]])


def _range(values: pd.Series) -> str:
    return f"{values.min()} to {values.max()}, median {values.median():.0f}"
