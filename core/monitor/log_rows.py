"""What the monitor reads of the audit log: the results of one model, by day and in order.

A million rows are counted in SQL, by day; only the first and the last of them are read.
"""

from dataclasses import dataclass

import pandas as pd

from core.inference import PRESENT, AuditLog

DAYS = 365  # before the last result
DAY_S = 86_400
NUMBERS = (
    *("probability", "threshold", "warned"),
    *("brightness", "contrast", "lung_area", "lung_distinctness", "distance"),
)
COLUMNS = f"time, run, stage, finding, {', '.join(NUMBERS)}"
COUNT = (
    "SELECT COUNT(*) AS rows, COALESCE(SUM(model = :model), 0) AS results, MAX(rowid) AS last FROM answers"
)
COUNTS = """
    COUNT(*) AS results, COALESCE(SUM(finding = :pneumonia), 0) AS flagged,
    COALESCE(SUM(probability IS NULL), 0) AS withheld,
    COALESCE(SUM(warned), 0) AS warned, COUNT(warned) AS warned_known
"""
BEFORE = f"""
SELECT {COUNTS} FROM (
    SELECT finding, probability, warned FROM answers
    WHERE model = :model AND rowid <= :last ORDER BY rowid LIMIT :rows
)
"""
BY_DAY = f"""
SELECT date(time, 'unixepoch', 'localtime') AS day, {COUNTS}
FROM answers WHERE model = :model AND rowid <= :last AND time > (SELECT MAX(time) FROM answers) - :seconds
GROUP BY day ORDER BY day
"""
FIRST = f"SELECT {COLUMNS} FROM answers WHERE model = :model AND rowid <= :last ORDER BY rowid LIMIT :rows"
LAST = (
    f"SELECT {COLUMNS} FROM answers WHERE model = :model AND rowid <= :last ORDER BY rowid DESC LIMIT :rows"
)


@dataclass(frozen=True, eq=False)
class LogRows:
    """The results of one model in the log.

    Attributes:
        results: their number.
        others: number of results of other models.
        days: with the columns day (YYYY-MM-DD, of this computer's clock), results, flagged, withheld, warned
            and warned_known (results of which that is known); of the last `DAYS` days.
        baseline: the first results, numbered from 1, with the columns of the log.
        blocks: the last ones in complete blocks, the oldest first, numbered likewise.
        before: counts of all results before `blocks`, as a row of `days`.
        pending: number of results since the last complete block.
    """

    results: int
    others: int
    days: pd.DataFrame
    baseline: pd.DataFrame
    blocks: tuple[pd.DataFrame, ...]
    before: pd.Series
    pending: int


def read_rows(
    log: AuditLog, model: str, baseline: int, block: int, blocks: int, from_first: bool = False
) -> LogRows:
    """Read the results of a model.

    Args:
        log: that exists.
        model: name, version and digest, as in the log.
        baseline: number of first results that the others are compared with.
        block: results of a block.
        blocks: largest number of the last blocks to read.
        from_first: whether blocks begin with the first result, and not after the baseline.

    Raises:
        UserError: the log cannot be read.
    """
    count = log.query(COUNT, {"model": model}).iloc[0]
    results = int(count["results"])
    bounds = {"model": model, "last": int(count["last"] or 0)}
    days = log.query(BY_DAY, bounds | {"seconds": DAYS * DAY_S, "pneumonia": PRESENT})
    complete, pending = divmod(max(results - (0 if from_first else baseline), 0), block)
    rows = min(complete, blocks) * block
    last = _read(log, LAST, bounds | {"rows": rows + pending}).iloc[::-1].iloc[:rows]
    last.index = pd.RangeIndex(results - pending - rows + 1, results - pending + 1)
    first = _read(log, FIRST, bounds | {"rows": baseline})
    first.index += 1
    earlier = {"rows": results - pending - rows, "pneumonia": PRESENT}
    before = log.query(BEFORE, bounds | earlier).iloc[0]
    return LogRows(
        results,
        int(count["rows"]) - results,
        days,
        first,
        tuple(last.iloc[start : start + block] for start in range(0, rows, block)),
        before,
        pending,
    )


def _read(log: AuditLog, query: str, parameters: dict[str, object]) -> pd.DataFrame:
    """Rows of the log, with NaN for what is not known."""
    return log.query(query, parameters).astype(dict.fromkeys(NUMBERS, float))
