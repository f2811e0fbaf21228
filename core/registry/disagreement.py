"""Models that no longer give the recorded probabilities of their golden images on this computer.

The self-test finds them, and they do not answer. They are listed in `disagreements.json` in the registry's
folder, by version, with the digest of the weights that were tested and the time.
"""

import json
import os
import time
from pathlib import Path

from core import atomic
from core.registry.golden_images import Agreement
from core.registry.models import RegisteredModel
from core.registry.storage import registry_folder
from core.runs import lock
from core.weights import file_digest


def save_agreement(item: RegisteredModel, agreement: Agreement) -> None:
    """Keep whether a registered version or the bundled model agrees with its golden images.

    Raises:
        UserError: the registry cannot be written.
    """
    if agreement.passed and item.folder not in _listed():
        return
    descriptor = lock.wait_for(registry_folder() / ".disagreements.lock")
    try:
        listed = _listed()
        listed.pop(item.folder, None)
        if not agreement.passed:
            digest = file_digest(item.model.path)
            listed[item.folder] = {"sha256": digest, "detail": agreement.detail, "time": time.time()}
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
