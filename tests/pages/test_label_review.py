from streamlit.testing.v1 import AppTest

from core.dataset import label_reviews


def reviewed(folder: str) -> None:
    from core.dataset import open_dataset
    from pages.shared.label_review import offer_review

    offer_review(open_dataset(folder), 0)


def test_a_label_is_changed_with_name_and_reason_and_changed_back(demo, own_home):
    app = AppTest.from_function(reviewed, default_timeout=60, args=(str(demo),)).run()
    app.button[0].click().run()
    assert "The label is missing" in app.error[0].value
    app.button_group[0].set_value("PNEUMONIA")
    app.text_input[0].set_value("Dr Lee")
    app.button[0].click().run()
    assert "needs a reason" in app.error[0].value
    app.button_group[0].set_value("PNEUMONIA")
    app.text_input[1].set_value("a <b>clear</b> infiltrate")
    app.button[0].click().run()
    assert not app.exception and not app.error
    assert r"Dr Lee\: NORMAL → PNEUMONIA. a \<b\>clear" in app.caption[0].value
    app.button_group[0].set_value("published label")
    app.text_input[1].set_value("mixed up")
    app.button[0].click().run()
    assert list(label_reviews()["outcome"]) == ["PNEUMONIA", "withdrawn"]
