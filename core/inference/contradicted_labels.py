"""Images of a data set whose label is not what a reader concluded of them on the Diagnosis page."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.dataset import Dataset
from core.inference.audit_log import WITHDRAWN, AuditLog
from core.inference.findings import ABSENT, PRESENT

CONTRADICTED = "contradicted by a reader"  # the name
CONCLUDED = """
SELECT time, sha256, lower(finding) AS finding FROM first_readings
UNION ALL
SELECT notes.time, notes.sha256, CASE
    WHEN notes.agreement = :withdrawn THEN :withdrawn
    WHEN notes.agreement = 'agree' AND answers.finding IN (:present, :absent) THEN lower(answers.finding)
    WHEN notes.agreement = 'disagree' AND answers.finding = :present THEN lower(:absent)
    WHEN notes.agreement = 'disagree' AND answers.finding = :absent THEN lower(:present)
    ELSE 'not sure' END
FROM notes LEFT JOIN answers ON answers.sha256 = notes.sha256 AND answers.model = notes.model
    AND answers.run = notes.run AND answers.stage = notes.stage
ORDER BY 1
"""


def contradicted_labels(dataset: Dataset, log: AuditLog | None = None) -> np.ndarray:
    """Rows of such images: of each, the last reading counts, before or after the result was shown.

    Args:
        log: the audit log; None for that of this computer. It is not created.

    Raises:
        UserError: the log cannot be read.
    """
    log = log or AuditLog()
    if not log.path.exists():
        return np.array([], int)
    names = {"present": PRESENT, "absent": ABSENT, "withdrawn": WITHDRAWN}
    labels = dict(zip((ABSENT.lower(), PRESENT.lower()), CLASS_NAMES, strict=True))
    concluded = log.query(CONCLUDED, names).drop_duplicates("sha256", keep="last")
    labelled = pd.Series(concluded["finding"].map(labels).to_numpy(), concluded["sha256"]).dropna()
    table = dataset.table
    return np.flatnonzero(
        table["sha256"].isin(labelled.index) & (table["sha256"].map(labelled) != table["label"])
    )
