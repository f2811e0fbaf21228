"""Points with intervals."""

import pandas as pd

from core.evaluation import Predictions
from core.evaluation import subgroup_rates as rates_of
from core.figures.metric_intervals import ROOM, subgroup_rates


def test_subgroups_of_all_models_are_drawn_on_one_scale():
    labels = ["NORMAL", "PNEUMONIA"] * 10
    rows = {
        name: rates_of(
            Predictions.of(
                name,
                pd.DataFrame(
                    {
                        "path": [f"test/{label}/{index}.jpeg" for index, label in enumerate(labels)],
                        "label": labels,
                        "patient": [str(index) for index in range(20)],
                        "cause": ["normal" if label == "NORMAL" else "bacteria" for label in labels],
                        "probability": [right if label == "PNEUMONIA" else 1 - right for label in labels],
                    }
                ),
            ),
            0.5,
        )
        for name, right in (("good", 0.9), ("poor", 0.1))
    }
    figures = subgroup_rates(rows)
    ranges = {figure.layout.xaxis.range for figure in figures.values()}
    assert ranges == {(0, 1 + ROOM)}, "the intervals of the poor one begin at 0"
    alone = subgroup_rates({"good": rows["good"]})["good"].layout.xaxis.range
    assert 0.5 < alone[0] < rows["good"][0]["sensitivity_interval"][0]
