"""The run of the bundled model, whichever that is."""

from core.config import PROJECT
from core.runs import list_runs

BUNDLED = PROJECT / "model_weights" / "bundled"
(BUNDLED_RUN,) = list_runs(BUNDLED)
BUNDLED_WEIGHTS = BUNDLED_RUN.weights_path(3)
