"""What the changes of a registered version rest on: a file beside its weights, also in its earlier form."""

import json
from typing import Any

from core.errors import UserError
from core.registry.models import RegisteredModel
from core.sentence import Sentence

EVIDENCE_FILE = "evidence.json"
OPERATING_POINT, TEMPERATURE, ZONES = "operating point", "temperature", "zones"  # that evidence is of
THRESHOLD_CHECK = Sentence("Threshold for a hospital does better than chance")


def evidence_of(item: RegisteredModel) -> dict[str, Any]:
    """What the changes of a registered version rest on, by what was changed; {} of any other model.

    Raises:
        UserError: the file is damaged.
    """
    path = item.model.path.with_name(EVIDENCE_FILE)
    if not item.version or not path.exists():
        return {}
    try:
        content = dict(json.loads(path.read_text(encoding="utf-8")))
        return {OPERATING_POINT: _checked(content)} if "point" in content else content
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            Sentence("{path} cannot be read: {error}. Restore it from a backup.", path=path, error=str(error))
        ) from error


def _checked(point: dict[str, Any]) -> dict[str, Any]:
    """A threshold's evidence as it was written before it held a check, with the check."""
    rates = point["after"]
    sensitivity, specificity = float(rates["sensitivity"]), float(rates["specificity"])
    detail = (
        f"Expected on images of {point['site']}: sensitivity {sensitivity:.1%}, specificity "
        f"{specificity:.1%}."
    )
    check = {"title": THRESHOLD_CHECK, "passed": sensitivity + specificity > 1, "detail": detail}
    return point | {"check": check}
