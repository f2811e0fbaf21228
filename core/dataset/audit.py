"""The audit of a data set: every check, in order."""

from collections.abc import Callable, Iterator, Sequence

from core.dataset import image_checks, set_checks
from core.dataset.dataset import Dataset
from core.dataset.findings import Finding
from core.dataset.pixels import Progress

Check = Callable[[Dataset], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    image_checks.unreadable_files,
    image_checks.identical_images,
    image_checks.nearly_identical_images,
    image_checks.patients_across_splits,
    set_checks.class_balance,
    set_checks.validation_classes,
    image_checks.coloured_images,
    image_checks.marked_images,
    image_checks.unusual_sizes,
    image_checks.mislabelled_images,
    set_checks.shortcuts,
    set_checks.split_differences,
)


def audit(dataset: Dataset, progress: Progress | None = None, further: Sequence[Check] = ()) -> list[Finding]:
    """Run every check; nothing is changed.

    Args:
        dataset: an opened data set.
        progress: called with (checks done, checks in all).
        further: checks of other rooms, run last.
    """
    findings, checks = [], (*CHECKS, *further)
    for done, check in enumerate(checks, start=1):
        findings += check(dataset)
        if progress:
            progress(done, len(checks))
    return findings
