"""Whether the model still holds: its results in the audit log, beside those that it gave first."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.monitor.change import tell_change
    from core.monitor.report_comparison import ReportComparison, compare_with_reports
    from core.monitor.signals import AMBER, GREEN, RED, SHARES, TOO_FEW, Signal
    from core.monitor.watch import BASELINE, BLOCK, Watch, watch

__all__ = [
    "AMBER",
    "BASELINE",
    "BLOCK",
    "GREEN",
    "RED",
    "SHARES",
    "TOO_FEW",
    "ReportComparison",
    "Signal",
    "Watch",
    "compare_with_reports",
    "tell_change",
    "watch",
]

open_door(__name__)
