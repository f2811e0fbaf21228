"""Pneumonia detection on chest radiographs, from data to diagnosis, without a user interface."""

import sys

# OpenVINO tells Google Analytics of each import, by a process that it forks amid other imports; without this
# package of its own it does not. Nothing about the work leaves the house.
sys.modules.setdefault("openvino_telemetry", None)
