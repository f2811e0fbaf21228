"""Which model answers: candidates, the active model, and who promoted it, when and why."""

from core.registry.active import ActiveModel, acknowledge, active_model, answering_models
from core.registry.checklist import NON_INFERIORITY_MARGIN, PromotionCheck, checklist
from core.registry.golden_images import save_drawn_images
from core.registry.history import Event, events
from core.registry.models import (
    ACTIVE,
    CANDIDATE,
    RETIRED,
    RegisteredModel,
    active_registered_model,
    find_model,
    list_models,
)
from core.registry.promotion import change_operating_point, promote, retire, rollback

__all__ = [
    "ACTIVE",
    "CANDIDATE",
    "NON_INFERIORITY_MARGIN",
    "RETIRED",
    "ActiveModel",
    "Event",
    "PromotionCheck",
    "RegisteredModel",
    "acknowledge",
    "active_model",
    "active_registered_model",
    "answering_models",
    "change_operating_point",
    "checklist",
    "events",
    "find_model",
    "list_models",
    "promote",
    "retire",
    "rollback",
    "save_drawn_images",
]
