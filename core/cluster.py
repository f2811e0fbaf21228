"""Connecting to a Ray cluster, for work that has outgrown one machine."""

import os
import socket
from types import ModuleType

from core.errors import UserError

CONNECT_TIMEOUT_S = 5


def connect(address: str) -> ModuleType:
    """Connect to a Ray cluster.

    Args:
        address: HOST:PORT, as printed by `ray start --head`.

    Returns:
        The module `ray`, connected.

    Raises:
        UserError: Ray is not installed or the cluster does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no telemetry
    try:
        import ray
    except ImportError as error:
        raise UserError('Ray is not installed: pip install "ray[data]".') from error
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:  # Ray itself retries for minutes and then ends the process
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        raise UserError(f"There is no cluster at {address} (HOST:PORT): {error}.") from error
    ray.init(address=address, log_to_driver=False, ignore_reinit_error=True)
    return ray
