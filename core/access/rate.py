"""How often a client may ask the API: a moving window of one minute, in this server's memory."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.config import environment

_limiter = MovingWindowRateLimiter(MemoryStorage())


def waiting_seconds(client: str) -> int:
    """Count a client's request; 0 if it may be answered, else the seconds until the next one may be.

    Args:
        client: whose token was sent.

    Raises:
        UserError: the limit in the environment is not a number.
    """
    limit = environment.RATE.value()
    if not limit:
        return 0
    item = RateLimitItemPerMinute(limit)
    if _limiter.hit(item, client):
        return 0
    return max(1, math.ceil(_limiter.get_window_stats(item, client).reset_time - time.time()))
