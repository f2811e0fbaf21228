"""The systemd unit, checked by systemd itself; it is not started."""

import shutil
import subprocess

import pytest

from core.cli.main import MODULES
from docs.generate.imports import PROJECT

UNIT = "pneumonia-studio@.service"
PROGRAM = "/opt/studio/bin/pneumonia-studio"
MAX_EXPOSURE = "35"  # systemd's own figure, from 0 to 100


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_app_and_node_are_services_that_systemd_accepts_and_finds_confined(tmp_path):
    text = (PROJECT / "docs" / UNIT).read_text()
    assert text.count(PROGRAM) == 1
    units = [tmp_path / UNIT.replace("@", f"@{command}") for command in ("run", "node")]
    for unit, command in zip(units, ("run", "node"), strict=True):
        assert command in MODULES
        unit.write_text(text.replace(PROGRAM, "/bin/true"))  # which is on every machine
    verified = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
    security = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", units[0]]
    confined = subprocess.run(security, capture_output=True, text=True)
    assert confined.returncode == 0, confined.stdout
