"""Training is written against Keras alone: what it asks of it holds on another backend than TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "test_optimizer.py"
# Keras imports TensorFlow where it finds it, if only to ask whether something belongs to it.
WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_losses_updates_and_averages_hold_on_jax():
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", str(TESTS)]
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, *options]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout and "skipped" not in done.stdout
