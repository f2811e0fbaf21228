"""Problems of a data set beside those of files that cannot be decoded."""

import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.dataset import Problem
from core.images import HIDDEN, PassedOver

PASSED_OVER = "Passed over"  # how the problem of a file that is not read begins


def passed_over_problems(passed_over: PassedOver) -> list[Problem]:
    """Each file or folder that is passed over, except those that nobody expects to be images."""
    return [
        Problem(name, f"{PASSED_OVER}: {reason}.")
        for reason, names in passed_over.names.items()
        if reason != HIDDEN
        for name in names
    ]


def is_passed_over(problem: Problem) -> bool:
    """Whether a problem is that a file or folder is passed over."""
    return problem.message.startswith(PASSED_OVER)


def overall_problems(table: pd.DataFrame) -> list[Problem]:
    """What is wrong with the data set as a whole, by its index's readable rows."""
    problems = []
    for split in ("train", "test"):
        present = set(table.loc[table["split"] == split, "label"])
        for label in CLASS_NAMES:
            if label not in present:
                problems.append(Problem("", f"{split}/{label} contains no readable image."))
    unknown = int((table["patient"] == "").sum())
    if unknown:
        message = (
            f"{unknown} file names do not identify a patient, and no DICOM header does. Each of these images "
            "counts as a separate patient, so validation metrics may be too good."
        )
        problems.append(Problem("", message))
    return problems
