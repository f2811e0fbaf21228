"""Which model answers, which read in its shadow, and who decided it, when and why."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.registry.active import (
        ActiveModel,
        acknowledge,
        active_model,
        answering_models,
        answering_registered_model,
        missing_model,
        unchanged,
    )
    from core.registry.checklist import (
        NON_INFERIORITY_MARGIN,
        PromotionCheck,
        checklist,
        checks_in_turn,
    )
    from core.registry.disagreement import save_agreement
    from core.registry.ensemble_cost import EnsembleCost
    from core.registry.ensemble_plan import EnsemblePlan, plan_ensemble
    from core.registry.ensembles import register_ensemble
    from core.registry.evidence import THRESHOLD_CHECK, evidence_of
    from core.registry.golden_images import (
        TOLERANCE,
        GoldenAgreement,
        GoldenImages,
        NoGoldenImages,
        drawn_images,
        golden_agreement,
        golden_images,
        save_drawn_images,
    )
    from core.registry.history import Event, events
    from core.registry.models import (
        ACTIVE,
        CANDIDATE,
        RETIRED,
        SHADOW,
        RegisteredModel,
        active_registered_model,
        bundled_model,
        find_model,
        find_version,
        list_models,
    )
    from core.registry.promotion import (
        change_operating_point,
        promote,
        registers_version,
        retire,
        rollback,
    )
    from core.registry.shadows import Shadow, make_shadow, shadows, shadows_named, stop_shadow
    from core.registry.site_versions import (
        ZONES_LEFT_OUT,
        register_operating_point,
        register_temperature,
        register_zones,
    )

__all__ = [
    "ACTIVE",
    "CANDIDATE",
    "NON_INFERIORITY_MARGIN",
    "RETIRED",
    "SHADOW",
    "THRESHOLD_CHECK",
    "TOLERANCE",
    "ZONES_LEFT_OUT",
    "ActiveModel",
    "GoldenAgreement",
    "EnsembleCost",
    "EnsemblePlan",
    "Event",
    "GoldenImages",
    "NoGoldenImages",
    "PromotionCheck",
    "RegisteredModel",
    "Shadow",
    "acknowledge",
    "active_model",
    "active_registered_model",
    "answering_models",
    "answering_registered_model",
    "bundled_model",
    "change_operating_point",
    "checklist",
    "checks_in_turn",
    "events",
    "evidence_of",
    "find_model",
    "find_version",
    "golden_agreement",
    "golden_images",
    "list_models",
    "make_shadow",
    "missing_model",
    "plan_ensemble",
    "promote",
    "register_ensemble",
    "register_operating_point",
    "register_temperature",
    "register_zones",
    "registers_version",
    "retire",
    "rollback",
    "save_agreement",
    "drawn_images",
    "save_drawn_images",
    "shadows",
    "shadows_named",
    "stop_shadow",
    "unchanged",
]

open_door(__name__)
