"""Shadow models read what the active model has read; their answers are kept beside, never shown as one."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.shadow.process import ShadowProcess, count_missed
    from core.shadow.queue import ShadowQueue, needs_full_images, read_in_shadow
    from core.shadow.report import SHOWN_DIGITS, ShadowComparison, ShadowReport, shadow_reports
    from core.shadow.store import ShadowStore
    from core.shadow.task import ShadowTask, shadow_task

__all__ = [
    "SHOWN_DIGITS",
    "ShadowComparison",
    "ShadowProcess",
    "ShadowQueue",
    "ShadowReport",
    "ShadowStore",
    "ShadowTask",
    "count_missed",
    "read_in_shadow",
    "needs_full_images",
    "shadow_reports",
    "shadow_task",
]

open_door(__name__)
