import pandas as pd

from core.evaluation import Predictions, disagreements, misclassified, misclassified_by_all


def model(name, *probabilities):
    """Images a to d: a and b normal, c and d pneumonia."""
    images = list("abcd")
    labels = ["NORMAL", "NORMAL", "PNEUMONIA", "PNEUMONIA"]
    table = pd.DataFrame(
        {"path": images, "sha256": images, "label": labels, "patient": images, "cause": "none"}
    )
    return Predictions.of(name, table.assign(probability=probabilities))


FIRST = model("first", 0.6, 0.9, 0.2, 0.8)
SECOND = model("second", 0.1, 0.8, 0.9, 0.7)
HALF = {"first": 0.5, "second": 0.5}


def test_the_most_confident_error_comes_first():
    assert misclassified(FIRST, 0.5)["path"].tolist() == ["b", "c", "a"]
    assert misclassified(FIRST, 0.95)["path"].tolist() == ["c", "d"]


def test_only_images_that_every_model_misclassifies_are_misclassified_by_all():
    assert misclassified_by_all([FIRST, SECOND], HALF)["path"].tolist() == ["b"]


def test_models_disagree_where_their_predicted_labels_differ():
    assert disagreements([FIRST, SECOND], HALF)["path"].tolist() == ["c", "a"]
    assert disagreements([FIRST], HALF).empty
