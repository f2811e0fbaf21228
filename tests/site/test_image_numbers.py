import pytest

from core.errors import UserError
from core.evaluation import images_for_width, images_to_exceed
from core.site import Expectations, evidence, required_images


def test_the_numbers_are_those_of_the_rates_and_classes_asked_for():
    required = required_images(Expectations(sensitivity=0.95, specificity=0.8, prevalence=0.1, margin=0.05))
    assert required.for_width == {
        "sensitivity": images_for_width(0.95, 0.1),
        "specificity": images_for_width(0.8, 0.1),
    }
    assert required.for_minimum["specificity"] == images_to_exceed(0.8, 0.75)
    assert required.enough > required.average >= required.for_width["sensitivity"] / 0.1
    text = " ".join(required.sentences())
    assert f"{required.for_width['sensitivity']:,} PNEUMONIA images" in text and "above 75.0%" in text


def test_few_images_say_what_they_cannot_show():
    shown = evidence(Expectations(), 10, 40)
    assert shown.ceilings["sensitivity"] == pytest.approx(0.025 ** (1 / 10))
    assert "cannot show that the sensitivity is above 69.2%" in " ".join(shown.sentences())
    assert shown.auc_margin > 0.1


def test_images_of_one_class_say_nothing_of_the_other():
    text = " ".join(evidence(Expectations(), 0, 40).sentences())
    assert "No PNEUMONIA image: nothing about the sensitivity." in text
    assert "specificity is above" in text and "no ROC AUC" in text


@pytest.mark.parametrize(
    "name", ["sensitivity", "auc", "prevalence", "width", "margin", "power", "correlation"]
)
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_number_out_of_range_is_named(name, value):
    with pytest.raises(UserError, match=f"The {name} is {value:g}"):
        Expectations(**{name: value})
