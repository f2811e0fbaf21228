"""ImageNet weights: the file in Keras's cache, and whether it could be downloaded."""

import os
import threading
import time
import urllib.request
from pathlib import Path

from core.architecture import Backbone

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE}"
MD5 = "253f8cb515780f3b799900260a226db6"
BYTES = 80_134_624
TIMEOUT_S = 3.0
VALID_S = 60.0  # a connection may come and go


def keras_cache() -> Path:
    """Keras's own folder: $KERAS_HOME, else ~/.keras."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()


def is_cached(backbone: Backbone) -> bool:
    """Whether Keras has downloaded the ImageNet weights of a backbone; it checks the file when it is read."""
    return any((keras_cache() / "models").glob(f"{backbone.name}*_notop.h5"))


class DownloadCheck:
    """Asks the server, in the background, whether it has a file; only headers are sent and received.

    Args:
        url: of the file.
    """

    def __init__(self, url: str = URL) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._checked = float("-inf")
        self._result: bool | None = None

    def start(self) -> None:
        """Ask again unless the last result is recent or a request is under way; returns at once."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if not running and time.monotonic() - self._checked > VALID_S:
                self._thread = threading.Thread(target=self._ask, daemon=True)
                self._thread.start()

    def result(self, patience_s: float = 0.0) -> bool | None:
        """The last result; None if there is none yet.

        Args:
            patience_s: seconds to wait for the first one.
        """
        if self._result is None and self._thread is not None:
            self._thread.join(patience_s)
        return self._result

    def _ask(self) -> None:
        request = urllib.request.Request(self._url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                self._result = response.status == 200
        except OSError:  # no connection, no name, no answer, or an answer such as 404
            self._result = False
        self._checked = time.monotonic()
