"""A comparison of models as a whole: what is compared, looks at it, and the report of it."""

from core.study.report import write_report
from core.study.second_look import Loss, film_map, look_again, loss_table, losses
from core.study.study import ENSEMBLE, Candidate, Study, measured_stages

__all__ = [
    "ENSEMBLE",
    "Candidate",
    "Loss",
    "Study",
    "film_map",
    "look_again",
    "loss_table",
    "losses",
    "measured_stages",
    "write_report",
]
