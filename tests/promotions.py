"""Promotions of models that would not pass: what comes of a promotion is tested, not the checklist."""

from collections.abc import Sequence

from core.registry import PromotionCheck, RegisteredModel
from core.registry.models import find_model
from core.registry.promotion import _promote
from core.registry.storage import changing


def promote_unchecked(
    title: str,
    checks: Sequence[PromotionCheck] = (),
    who: str = "tests",
    reason: str = "",
    override: bool = False,
) -> RegisteredModel:
    """Promote a model as if its checklist were `checks`, all of which `override` is for."""
    failed = [check.title for check in checks if override and not check.passed]
    with changing():
        return _promote(find_model(title), list(checks), who, reason, failed)
