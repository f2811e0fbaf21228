"""What the method fixes and what a person may set: paths, environment, stages, settings, presets."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.architecture import CLASS_NAMES, IMAGE_SIZE, POSITIVE
    from core.config import environment, old_names, processor, settings_page
    from core.config.augmentation import Augmentation
    from core.config.declaration import Declaration, Group, declarations
    from core.config.home_key import home_key
    from core.config.languages import CATALOGUES, ENGLISH
    from core.config.method import FRAMINGS, LUNG_MARGIN, LUNGS, REFRAMED, THRESHOLD, WHOLE
    from core.config.paths import (
        NAME,
        PROJECT,
        audit_log,
        bundled_folder,
        data_folder,
        home,
        is_installed,
        lung_weights,
        model_folder,
        runs_folder,
    )
    from core.config.presets import PRESETS, Preset, default_preset, differences, preset
    from core.config.settings import CLAHE, OPTIMIZERS, PREPROCESSING, RANK, SCHEDULES, TrainingSettings
    from core.config.stages import (
        CUSTOM,
        ENSEMBLE,
        PUBLISHED_STAGES,
        STAGE_NUMBERS,
        STAGES,
        Stage,
        Strategy,
        convolutions,
        method_stages,
        stage_of_file,
    )

__all__ = [
    "CATALOGUES",
    "CLAHE",
    "RANK",
    "CLASS_NAMES",
    "CUSTOM",
    "ENGLISH",
    "ENSEMBLE",
    "FRAMINGS",
    "IMAGE_SIZE",
    "LUNGS",
    "LUNG_MARGIN",
    "OPTIMIZERS",
    "POSITIVE",
    "PREPROCESSING",
    "PRESETS",
    "PUBLISHED_STAGES",
    "NAME",
    "PROJECT",
    "REFRAMED",
    "SCHEDULES",
    "STAGES",
    "STAGE_NUMBERS",
    "THRESHOLD",
    "WHOLE",
    "Augmentation",
    "Declaration",
    "Group",
    "Preset",
    "Stage",
    "Strategy",
    "TrainingSettings",
    "audit_log",
    "bundled_folder",
    "convolutions",
    "data_folder",
    "declarations",
    "default_preset",
    "differences",
    "environment",
    "home",
    "home_key",
    "is_installed",
    "method_stages",
    "lung_weights",
    "model_folder",
    "old_names",
    "preset",
    "processor",
    "runs_folder",
    "settings_page",
    "stage_of_file",
]

open_door(__name__)
