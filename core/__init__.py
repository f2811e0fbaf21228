"""Pneumonia detection on chest X-rays, from data to diagnosis, without a user interface."""

import sys
import time

__version__ = "0.2.0"
IMPORTED = time.time()  # when this process began to load the program, in seconds since the epoch

# OpenVINO reports each import to Google Analytics, by a process that it forks amid other imports; without
# that package of its own it does not. Nothing about the work leaves the machine.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
# Its converter of other programs' models, which nothing here uses, takes half of the time of its import.
sys.modules.setdefault("openvino.tools.ovc", None)  # pyright: ignore[reportArgumentType]
