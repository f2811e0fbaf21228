"""Checks of the data set as a whole: class balance, shortcuts, and differences between the splits."""

from collections.abc import Iterator

import numpy as np

from core.config import CLASS_NAMES, TrainingSettings
from core.dataset import shortcut_baselines
from core.dataset.dataset import Dataset
from core.dataset.findings import Finding, auc_facts
from core.dataset.roles import FEW_IN_VALIDATION, VALIDATION, assign_roles
from core.errors import UserError
from core.sentence import Sentence

FEW_IMAGES = 50  # of a class in a split
IMBALANCE = 2.0  # images of one class for each image of the other
SHORTCUT_AUC = 0.7
SPLIT_AUC = 0.65


def class_balance(dataset: Dataset) -> Iterator[Finding]:
    """Splits with imbalanced classes, and classes with few images."""
    sizes = dataset.table.groupby(["split", "label"]).size()
    ratios = {
        str(split): round(float(group.max() / group.min()), 2) for split, group in sizes.groupby(level=0)
    }
    imbalanced = [split for split, ratio in ratios.items() if ratio >= IMBALANCE]
    yield Finding(
        "class_imbalance",
        Sentence("Splits with imbalanced classes"),
        len(imbalanced),
        imbalanced,
        Sentence("Accuracy rewards a model that always predicts the larger class."),
        Sentence("Read sensitivity and specificity, and try class weights."),
        {"ratio": ratios},
    )
    small: list[str] = [
        Sentence("{split}/{label}: {n:,} images", split=split, label=label, n=n)
        for (split, label), n in zip(sizes.index, sizes, strict=True)
        if n < FEW_IMAGES
    ]
    yield Finding(
        "tiny_splits",
        Sentence("Classes with few images in a split"),
        len(small),
        small,
        Sentence("Metrics on so few images have wide intervals."),
        Sentence("Add images, or merge the split with another (val is merged into training automatically)."),
    )


def validation_classes(dataset: Dataset) -> Iterator[Finding]:
    """Classes with few or no images for validation, as the default settings hold patients out."""
    defaults, facts = TrainingSettings(), {}
    few: list[str]
    try:
        roles = assign_roles(dataset.table, defaults.validation_fraction, defaults.seed)
        labels = dataset.table["label"][roles == VALIDATION]
        facts = {label: int((labels == label).sum()) for label in CLASS_NAMES}
        few = [
            Sentence("{label}: {n:,} images", label=label, n=n)
            for label, n in facts.items()
            if n < FEW_IN_VALIDATION
        ]
    except UserError as error:
        few = [str(error)]
    yield Finding(
        "small_validation",
        Sentence("Classes with few images for validation"),
        len(few),
        few,
        Sentence(
            "Validation chooses the best epoch and the operating point; on few images of a class, by chance."
        ),
        Sentence("Add patients of that class, or raise the validation fraction. A run needs both classes."),
        {"validation_images": facts},
    )


def shortcuts(dataset: Dataset) -> Iterator[Finding]:
    """Shortcuts that predict the class without the lungs."""
    rows = np.flatnonzero(dataset.table["split"] != "test")
    aucs = {
        name: shortcut_baselines.class_auc(name, dataset.table, dataset.pixels, rows)
        for name in shortcut_baselines.SHORTCUTS
    }
    strong = [
        shortcut_baselines.SHORTCUT_TITLES.get(name, name)
        for name, auc in aucs.items()
        if auc and auc.value > SHORTCUT_AUC
    ]
    yield Finding(
        "shortcuts",
        Sentence("Shortcuts that predict the class without the lungs"),
        len(strong),
        strong,
        Sentence(
            "AUC of gradient boosting on the histogram, the corners, the border or an 8 x 8 thumbnail, "
            "cross-validated by patient. A model no better than these may not be using the lungs."
        ),
        Sentence("Compare every model with these baselines, and distrust one that is no better."),
        auc_facts(aucs),
    )


def split_differences(dataset: Dataset) -> Iterator[Finding]:
    """Classes whose test images differ from the others."""
    aucs = {
        label: shortcut_baselines.split_auc(dataset.table, dataset.pixels, label) for label in CLASS_NAMES
    }
    differing = [label for label, auc in aucs.items() if auc and auc.value > SPLIT_AUC]
    yield Finding(
        "split_differences",
        Sentence("Classes whose test images look different"),
        len(differing),
        differing,
        Sentence(
            "AUC for telling test from training images by their histogram alone. Where it is high, "
            "validation metrics are too optimistic."
        ),
        Sentence(
            "Trust test results more than validation results, and expect other hospitals to differ more."
        ),
        auc_facts({label.lower(): auc for label, auc in aucs.items()}),
    )
