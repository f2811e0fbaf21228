"""Shares and probabilities in per cent."""


def percent(probability: float, decimals: int = 1) -> str:
    """A probability in per cent; never as 0% or 100%, which no model can promise.

    >>> percent(0.1234), percent(0.99996), percent(0.0001), percent(0.996, 0)
    ('12.3%', '>99.9%', '<0.1%', '>99%')
    """
    least = 10.0 ** -(decimals + 2)  # that is shown
    if probability > 1 - least:
        return f">{1 - least:.{decimals}%}"
    return f"<{least:.{decimals}%}" if probability < least else f"{probability:.{decimals}%}"


def counted_share(count: int, total: int) -> str:
    """A part of a total in whole per cent; 0% and 100% are none and all.

    >>> counted_share(1, 214), counted_share(213, 214), counted_share(0, 0), counted_share(5, 5)
    ('<1%', '>99%', '0%', '100%')
    """
    if count in (0, total):
        return f"{bool(count):.0%}"
    return percent(count / total, 0)
