"""What is wrong with a data set, or will deceive who trains on it: findings with examples and a way out."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from core.dataset import shortcuts
from core.dataset.duplicates import identical_groups, near_identical_groups
from core.dataset.index import Dataset
from core.dataset.pixels import Progress

MOST_EXAMPLES = 12
TINY = 50  # images of a class in a split
IMBALANCE = 2.0  # images of one class for one of the other
NARROW, BROAD = 0.6, 2.2  # width over height of nearly all chest films
BORDER = 12  # pixels of 128
MARK = 250  # grey level of a marker that was written into the film
MARK_SHARE = (0.002, 0.1)  # of the border's pixels: more is a white edge, not a mark
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
    """

    name: str
    title: str
    count: int
    examples: list = field(default_factory=list)
    why: str = ""
    remedy: str = ""
    facts: dict = field(default_factory=dict)

    def to_json(self) -> dict:
        """Plain values, without the name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


def audit(dataset: Dataset, progress: Progress | None = None) -> list[Finding]:
    """Look at everything. Changes nothing.

    Args:
        dataset: an opened set.
        progress: called with (looks done, looks in all).
    """
    looks = (_files, _identical, _near, _patients, _balance, _looks, _sizes, _shortcuts, _splits)
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
        lines += [f"{name.replace('_', ' ')}: {_shown(value)}  " for name, value in finding.facts.items()]
        if finding.count:
            lines += ["", finding.why, "", f"*{finding.remedy}*", ""]
            lines += [f"- {', '.join(item) if isinstance(item, list) else item}" for item in finding.examples]
        lines.append("")
    return "\n".join(lines)


def _shown(value) -> str:
    return (
        "not told: too few images"
        if value is None
        else f"{value:.3f}"
        if isinstance(value, float)
        else str(value)
    )


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
        "Leave copies out of training (a setting of each run).",
        {"images": sum(map(len, groups)), "by_split": by_split},
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
    )


def _patients(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    known = table[table["patient"] != ""]
    roles = known["split"].where(known["split"] == "test", "train")  # val joins training
    spread = roles.groupby(known["patient"]).nunique()
    both = list(spread.index[spread > 1])
    numbers = known["patient"].str.extract(BARE_NUMBER, expand=False)
    bare = {role: set(numbers[roles == role].dropna()) for role in ("train", "test")}
    yield Finding(
        "patients_in_several_splits",
        "Patients with films in training and in test",
        len(both),
        both[:MOST_EXAMPLES],
        "A network may recognise the child and not the disease.",
        "Move all films of such a patient into one split.",
        {
            "unknown_patients": int((table["patient"] == "").sum()),
            "bare_numbers_in_test": len(bare["test"]),
            "bare_numbers_in_test_and_train": len(bare["test"] & bare["train"]),
        },
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
    table = dataset.table
    coloured = np.flatnonzero(table["coloured"])
    yield Finding(
        "coloured",
        "Images with colour",
        len(coloured),
        list(table["path"].iloc[coloured[:MOST_EXAMPLES]]),
        "Radiographs are grey; colour means a photograph, a screenshot or drawn marks.",
        "Look at them, and export the originals.",
    )
    marked = np.flatnonzero(_marked(dataset.pixels))
    rates = table.assign(marked=False)
    rates.loc[rates.index[marked], "marked"] = True
    yield Finding(
        "marks_at_the_border",
        "Images with a bright mark at the border",
        len(marked),
        list(table["path"].iloc[marked[:MOST_EXAMPLES]]),
        "A network can learn the letters that a ward writes into its films instead of lungs.",
        "Compare the shares by class; if they differ, look at heat maps for the corners.",
        {"share_by_class": rates.groupby("label")["marked"].mean().round(3).to_dict()},
    )


def _marked(pixels: np.ndarray) -> np.ndarray:
    """Whether a small part of an image's border is nearly white."""
    border = np.ones(pixels.shape[1:], bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    shares = [(np.asarray(image)[border] >= MARK).mean() for image in pixels]
    return (np.array(shares) > MARK_SHARE[0]) & (np.array(shares) < MARK_SHARE[1])


def _sizes(dataset: Dataset) -> Iterator[Finding]:
    table = dataset.table
    ratio = table["width"] / table["height"]
    small = table[["width", "height"]].min(axis=1) < dataset.pixels.shape[1]
    unusual = np.flatnonzero(small | (ratio < NARROW) | (ratio > BROAD))
    yield Finding(
        "unusual_sizes",
        "Images of unusual size",
        len(unusual),
        list(table["path"].iloc[unusual[:MOST_EXAMPLES]]),
        "Small images are enlarged and blurred, long ones squeezed: the network sees both.",
        "Look whether they are chest films at all.",
        {"width": _range(table["width"]), "height": _range(table["height"])},
    )


def _shortcuts(dataset: Dataset) -> Iterator[Finding]:
    rows = np.flatnonzero(dataset.table["split"] != "test")
    table, pixels = dataset.table.iloc[rows], dataset.pixels[rows]
    found = {view: shortcuts.class_by(view, table, pixels) for view in shortcuts.VIEWS}
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


def _range(values: pd.Series) -> str:
    return f"{values.min()} to {values.max()}, median {values.median():.0f}"
