"""Models that no longer give the recorded probabilities of their golden images on this computer.

The self-test finds them, and they do not answer. They are listed in `disagreements.json` in the registry's
folder, by version, with the digest of the weights that were tested and the time.
"""

import json
import os
import time
from pathlib import Path

from core import atomic
from core.registry.storage import registry_folder
from core.runs import lock
from core.weights import file_digest


def save_agreement(version: str, weights: Path, passed: bool, detail: str) -> None:
    """Keep whether a registered version or the bundled model agrees with its golden images.

    Args:
        version: folder of a registered version, or `bundled`.
        weights: its weights file.
        passed: whether it agrees.
        detail: the figures, for people.

    Raises:
        UserError: the registry cannot be written.
    """
    if passed and version not in _listed():
        return
    descriptor = lock.wait_for(registry_folder() / ".disagreements.lock")
    try:
        listed = _listed()
        listed.pop(version, None)
        if not passed:
            listed[version] = {"sha256": file_digest(weights), "detail": detail, "time": time.time()}
        atomic.write_json(_path(), listed)
    finally:
        os.close(descriptor)


def disagreement(version: str, sha256: str) -> str:
    """What the last self-test found wrong with the golden images of a version; "" if nothing.

    Args:
        version: folder of a registered version, or `bundled`.
        sha256: digest of its weights; what was found of other weights does not count.
    """
    entry = _listed().get(version)
    return entry["detail"] if entry and entry["sha256"] == sha256 else ""


def _listed() -> dict[str, dict]:
    """What was found, by version; a file that is damaged is replaced by the next self-test."""
    try:
        content = json.loads(_path().read_text(encoding="utf-8"))
        return {
            version: {key: entry[key] for key in ("sha256", "detail", "time")}
            for version, entry in content.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _path() -> Path:
    return registry_folder() / "disagreements.json"
