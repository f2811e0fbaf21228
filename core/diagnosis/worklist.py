"""In which order a reader should see the films of a session."""

import pandas as pd

LONGEST_WAIT_S = 15 * 60


def in_order(films: pd.DataFrame, now: float, longest_wait: float = LONGEST_WAIT_S) -> pd.DataFrame:
    """Films that are still to be read first, the likeliest pneumonia on top; but none waits for ever.

    Those that have waited longer than `longest_wait` come before all others, the oldest first. Films without
    an answer stand behind those that have one: nobody has judged them, but nothing speaks for pneumonia.
    Films that were read come last.

    Args:
        films: with the columns `Probability` (NaN without an answer), `arrived` (seconds since 1970) and
            `read` (bool).
        now: seconds since 1970.
        longest_wait: seconds.
    """
    late = ~films["read"] & (now - films["arrived"] > longest_wait)
    keys = pd.DataFrame(
        {
            "read": films["read"],
            "late": ~late,
            "age": films["arrived"].where(late, 0.0),
            "probability": -films["Probability"].fillna(-1.0),
        },
        index=films.index,
    )
    return films.loc[keys.sort_values(list(keys), kind="stable").index]
