"""A lung network for drawn chests, which the bundled one takes for chests upside down."""

from pathlib import Path

from core.architecture import LUNG_LAYERS
from core.config import PROJECT
from core.weights import read_network, write_network


def lenient_lung_network(home: Path) -> None:
    """Give a home the bundled lung network without limits: whatever looks like two lungs is plausible."""
    arrays, facts = read_network(PROJECT / "model_weights" / "bundled" / "lungs.h5", LUNG_LAYERS)
    (home / "model_weights").mkdir(parents=True, exist_ok=True)
    write_network(home / "model_weights" / "lungs.h5", LUNG_LAYERS, arrays, {**facts, "limits": {}})
