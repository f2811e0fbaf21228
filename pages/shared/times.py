"""Moments as people read them: in the time of the server's computer, as the terminal says them, too."""

from collections.abc import Iterable
from datetime import datetime


def local_times(seconds: Iterable[float]) -> list[datetime]:
    """Seconds since 1970 in local time, for a column of a table."""
    return [datetime.fromtimestamp(moment) for moment in seconds]
