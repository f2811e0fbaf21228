"""The order in which a reader should see the images of a session."""

import pandas as pd

MAX_WAIT_S = 15 * 60


def prioritized(images: pd.DataFrame, now: float, max_wait: float = MAX_WAIT_S) -> pd.DataFrame:
    """The images in reading order: unread before read, the most likely pneumonia first.

    Unread images that have waited longer than `max_wait` come before all others, the oldest first. Images
    without a result follow those with one.

    Args:
        images: with the columns `priority` (probability of pneumonia; NaN without a result), `arrived`
            (seconds since 1970) and `read` (bool).
        now: seconds since 1970.
        max_wait: seconds.
    """
    overdue = ~images["read"] & (now - images["arrived"] > max_wait)
    keys = pd.DataFrame(
        {
            "read": images["read"],
            "not overdue": ~overdue,
            "arrived": images["arrived"].where(overdue, 0.0),
            "probability": -images["priority"].fillna(-1.0),
        },
        index=images.index,
    )
    return images.loc[keys.sort_values(keys.columns.tolist(), kind="stable").index]
