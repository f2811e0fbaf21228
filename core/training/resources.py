"""Memory used by training."""

import resource

from core.runs import Run


def peak_memory(run: Run) -> int:
    """Peak memory in bytes, over all stages so far."""
    return max(run.status().peak_memory or 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
