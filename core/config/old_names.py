"""Names that were in use before 0.2.0, and the names that replaced them: one dictionary a kind, old -> new.

Files on disk and scripts may still use the old ones; whatever reads them looks here.
"""

from typing import TypeVar

T = TypeVar("T")

ENVIRONMENT = {"PNEUMONIA_STUDIO_SHIPPED": "PNEUMONIA_STUDIO_BUNDLED"}
COMMANDS = {"features": "cache", "read": "batch", "waiting": "queue"}  # of `python -m core`
OPTIONS = {  # of any command, with dashes
    "--again": "--occlusion",
    "--quiet": "--study-timeout",
    "--return-to": "--send-to",
    "--shard": "--shard-size",
}
# In settings.json and after --set; those of a part with a dot, as strategy.trains.
SETTINGS = {"keep_activations": "cache_activations", "strategy.trains": "strategy.trained_layers"}
REFERENCE = {  # arrays of references/*.npz
    "far": "distance_limit",
    "slopes": "coefficients",
    "doubtful": "orientation_limit",
    "likeness_network": "lung_network",
}
MASKS = {"outer 15 %": "outer 15%"}  # columns of predictions/second_look_*.csv
METRICS = {"recall": "sensitivity", "precision": "ppv"}  # in evaluation.json, weights files and JSON output
BATCH_SETTINGS = {"shard": "shard_size"}  # in settings.json of a batch job
BATCH_SUMMARY = {"films": "images", "read": "processed"}  # in its summary.json
NODE_STATUS = {"judged": "processed", "trouble": "delivery_error", "waiting": "pending"}  # of node --status
NODE_TABLES = {"films": "images"}  # in node.sqlite
AUDIT = {  # keys in the JSON of `audit`
    "problem": "issue",
    "choice": "exclusion",
    "films_judged": "images_scored",
}
PACK = {  # keys in the JSON of `pack`
    "films": "images",
    "otherwise": "changed_decisions",
    "largest": "largest_change",
}
DATASET_FILES = {  # beside the index of a data set
    "choices.json": "exclusions.json",
    "film-features.npz": "image-features.npz",
}
WEIGHTS_FILES = {".weights.h5": ".h5"}  # ends of the names of weights files


def of_weights_file(name: str) -> list[str]:
    """Names that a weights file had."""
    return [name.removesuffix(new) + old for old, new in WEIGHTS_FILES.items() if name.endswith(new)]


def renamed(values: dict[str, T], names: dict[str, str]) -> dict[str, T]:
    """`values` with old keys replaced by the new ones."""
    return {names.get(key, key): value for key, value in values.items()}


def with_both(values: dict, names: dict[str, str]) -> dict:
    """`values` with each renamed value under its old and its new key, whichever of the two it came with."""
    new_keys = {new: values[old] for old, new in names.items() if old in values and new not in values}
    old_keys = {old: values[new] for old, new in names.items() if new in values}
    return {**values, **new_keys, **old_keys}
