"""A Ray cluster, for work that has outgrown one machine."""

import os
import socket
from types import ModuleType

from core.errors import UserError

PATIENCE_S = 5


def connect(address: str) -> ModuleType:
    """Ray, connected to a cluster.

    Args:
        address: HOST:PORT, as `ray start --head` says it.

    Raises:
        UserError: Ray is not installed or the cluster does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about the work leaves the house
    try:
        import ray
    except ImportError as error:
        raise UserError("Ray is not installed: pip install -r requirements-scale.txt.") from error
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:  # Ray itself tries for minutes, and then ends the process
        socket.create_connection((host, int(port)), PATIENCE_S).close()
    except (OSError, ValueError) as error:
        raise UserError(f"There is no cluster at {address} (HOST:PORT): {error}.") from error
    ray.init(address=address, log_to_driver=False, ignore_reinit_error=True)
    return ray
