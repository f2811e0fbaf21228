"""Results in the audit log against the criteria that the model was accepted by."""

import pandas as pd

from core.evaluation import wilson
from core.monitor.log_rows import LogRows
from core.monitor.signals import share_count
from core.site import Outcome, check_criterion, written_criteria

LAST = 2  # blocks


def withheld_outcome(rows: LogRows) -> Outcome | None:
    """The share withheld in the last two blocks against the last criterion; None without one of them.

    Raises:
        UserError: the criteria are damaged.
    """
    written = written_criteria()
    if not written or written[-1].withheld is None or not rows.blocks:
        return None
    last = share_count(pd.concat(rows.blocks[-LAST:]), "withheld")
    share, bounds = last.count / last.n, wilson(last.count, last.n)
    return check_criterion("Results withheld", written[-1].withheld, share, bounds, at_most=True)
