"""Evidence as it was written before it held checks is read, checked, and kept in its present form."""

import json

from core.evaluation import OperatingPoint
from core.registry import (
    THRESHOLD_CHECK,
    bundled_model,
    checklist,
    evidence_of,
    register_operating_point,
    register_temperature,
)

RATES = {"sensitivity": 0.95, "sensitivity_interval": [0.9, 0.98], "specificity": 0.02}
OLD = {"point": {"threshold": 0.25}, "site": "ward", "images": 400, "before": RATES, "after": RATES}


def test_earlier_evidence_is_kept_beside_later_and_checked(narrow_bundle, own_home):
    point = OperatingPoint("own", 0.25, "for a test")
    item = register_operating_point(bundled_model().title, point, "tests", {})
    item.model.path.with_name("evidence.json").write_text(json.dumps(OLD))
    check = checklist(item, None)[-1]
    assert (check.title, check.passed) == (THRESHOLD_CHECK, False)
    assert check.detail == "Expected on images of ward: sensitivity 95.0%, specificity 2.0%."
    changed = register_temperature(item.title, 2.0, "on 400 images of ward", "tests", {"images": 300})
    assert evidence_of(changed) == {
        "operating point": OLD
        | {"check": {"title": check.title, "passed": check.passed, "detail": check.detail}},
        "temperature": {"images": 300},
    }
