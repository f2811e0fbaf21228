import pandas as pd

from core.evaluation import Predictions, disagreements, missed_by_all, mistakes


def model(name, *probabilities):
    """Films a to d: a and b normal, c and d pneumonia."""
    films = list("abcd")
    labels = ["NORMAL", "NORMAL", "PNEUMONIA", "PNEUMONIA"]
    table = pd.DataFrame({"path": films, "sha256": films, "label": labels, "patient": films, "cause": "none"})
    return Predictions.of(name, table.assign(probability=probabilities))


FIRST = model("first", 0.6, 0.9, 0.2, 0.8)
SECOND = model("second", 0.1, 0.8, 0.9, 0.7)
HALF = {"first": 0.5, "second": 0.5}


def test_the_surest_mistake_comes_first():
    assert mistakes(FIRST, 0.5)["path"].tolist() == ["b", "c", "a"]
    assert mistakes(FIRST, 0.95)["path"].tolist() == ["c", "d"]


def test_only_what_all_get_wrong_is_missed_by_all():
    assert missed_by_all([FIRST, SECOND], HALF)["path"].tolist() == ["b"]


def test_models_disagree_where_they_call_differently():
    assert disagreements([FIRST, SECOND], HALF)["path"].tolist() == ["c", "a"]
    assert disagreements([FIRST], HALF).empty
