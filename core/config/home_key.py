"""Secret keys of a home, each a file that only its owner can read."""

import os
import secrets
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from core.atomic import TEMPORARY
from core.config.paths import home


def home_key(name: str) -> bytes:
    """The 32 bytes in a file of the home, written by the first process that needs them.

    Where nothing can be written, they are this process's own.
    """
    return _key(home() / name)


@cache
def _key(path: Path) -> bytes:
    key = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY) as file:  # readable by its owner only
            file.write(key)
            file.flush()
            os.link(file.name, path)
    except FileExistsError:
        return path.read_bytes()
    except OSError:
        pass
    return key
