"""The self-test of a server, whose end of standard input closes when it ends, however that is."""

import os
import shutil
import tempfile
import threading
from contextlib import suppress

from core.errors import UserError
from core.self_test.run import run_self_test

STANDARD_INPUT = 0  # its number
ENDED_WITH_SERVER = 3  # the exit code; that of a failure is 1


def _end_with_server(folder: str) -> None:
    """End with the server, and leave nothing of a check that was under way."""
    os.read(STANDARD_INPUT, 1)  # returns at its end
    with suppress(OSError):
        os.rename(folder, ended := f"{folder}-ended")  # no check adds a file under this name
        shutil.rmtree(ended)
    os._exit(ENDED_WITH_SERVER)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # of all checks
        threading.Thread(target=_end_with_server, args=(folder,), daemon=True).start()
        with suppress(UserError):  # another self-test is running
            run_self_test()
