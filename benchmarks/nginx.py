"""nginx in front of two servers, with the configuration in docs/nginx.conf."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.app import PROJECT, free_port, serving

CONFIGURATION = PROJECT / "docs" / "nginx.conf"
FRONT_PORT = "8500"  # in the configuration, like the next two
SERVER_PORTS = ("8501", "8502")


@contextmanager
def nginx(ports: list[int]) -> Iterator[str]:
    """Run nginx in front of servers on two ports.

    Yields:
        Its address.

    Raises:
        RuntimeError: nginx did not start; its own message is on standard error.
    """
    front_port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nginx.conf"
        path.write_text(_configuration(front_port, ports))
        os.chmod(folder, 0o755)  # when started by root, nginx works as another user
        command = ["nginx", "-p", folder, "-c", str(path), "-g", "daemon off;"]
        address = f"http://127.0.0.1:{front_port}"
        with serving(command, f"{address}/api/health") as is_up:
            if not is_up:
                raise RuntimeError("nginx did not start; see its message above.")
            yield address


def _configuration(front_port: int, ports: list[int]) -> str:
    """docs/nginx.conf with other ports."""
    text = CONFIGURATION.read_text().replace(f":{FRONT_PORT};", f":{front_port};")
    for documented, port in zip(SERVER_PORTS, ports, strict=True):
        text = text.replace(f"127.0.0.1:{documented};", f"127.0.0.1:{port};")
    assert len(re.findall("server 127", text)) == 2 * len(ports)
    return text
