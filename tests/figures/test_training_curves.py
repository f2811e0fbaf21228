"""The curves of a run, and those of another run behind them."""

import pandas as pd

from core.figures.style import MUTED
from core.figures.training_curves import curves

STEPS = 10  # an epoch


def history(epochs_by_stage: dict[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Steps and epochs of a run whose stages last so many epochs."""
    numbers = [(stage, n) for stage, count in epochs_by_stage.items() for n in range(1, count + 1)]
    epochs = [
        {"stage": stage, "epoch": n, "val_loss": 1 / n, "learning_rate": 0.1, "best": 1}
        for stage, n in numbers
    ]
    steps = [
        {"stage": stage, "epoch": n, "step": step, "loss": 1 / n}
        for stage, n in numbers
        for step in range(1, STEPS + 1)
    ]
    return pd.DataFrame(steps), pd.DataFrame(epochs)


def behind(figure) -> list[list[float]]:
    """Where the epochs of the other run are drawn, by stage."""
    return [list(trace.x) for trace in figure.data if trace.line.color == MUTED]


def borders(figure) -> list[float]:
    return [shape.x0 for shape in figure.layout.shapes]


def test_each_stage_of_the_other_run_begins_where_that_of_this_run_does():
    mine, longer, shorter = history({1: 2, 2: 1}), history({1: 3, 2: 2}), history({1: 1, 2: 1})
    figure = curves(*mine, "loss", reference=longer)
    assert behind(figure) == [[10, 20, 30], [40, 50]] and borders(figure) == [30, 50]
    figure = curves(*mine, "loss", reference=shorter)
    assert behind(figure) == [[10], [30]] and borders(figure) == [20, 30]


def test_only_stages_that_this_run_has_begun_are_compared():
    assert behind(curves(*history({1: 1}), "loss", reference=history({1: 1, 2: 1}))) == [[10]]
    assert behind(curves(*history({2: 1}), "loss", reference=history({1: 1}))) == []


def test_without_another_run_nothing_lies_behind():
    figure = curves(*history({1: 2, 2: 1}), "loss")
    assert behind(figure) == [] and borders(figure) == [20, 30]
