"""The form shows what the declarations say: label, range, default and help of every setting."""

import pytest
from streamlit.testing.v1 import AppTest

from core.config import PRESETS, STAGES, TrainingSettings, declarations
from pages.training.launch.fields import ELSEWHERE

SHOWN = {name: item for name, item in declarations(TrainingSettings).items() if item.group not in ELSEWHERE}


def form():
    import streamlit as st

    from core.config import TrainingSettings
    from pages.training.launch.fields import change_settings

    base = TrainingSettings.from_json(st.session_state["base"])
    st.session_state["chosen"] = change_settings(base, "form").to_json()


def opened(base: TrainingSettings) -> AppTest:
    app = AppTest.from_function(form, default_timeout=60)
    app.session_state["base"] = base.to_json()
    app.run()
    assert not app.exception
    return app


def chosen(app: AppTest) -> TrainingSettings:
    return TrainingSettings.from_json(app.session_state["chosen"])


def widgets(app: AppTest) -> dict:
    return {item.key: item for item in (*app.number_input, *app.slider, *app.selectbox, *app.checkbox)}


@pytest.mark.parametrize("name", PRESETS)
def test_the_form_changes_nothing_by_itself(name):
    settings = PRESETS[name].settings(data="somewhere")
    assert chosen(opened(settings)) == settings


def test_a_number_that_can_be_left_empty_is_sent_to_the_browser_in_each_run():
    """A browser that passed over it once would send back an empty one, and the run would have no limit."""
    app = opened(PRESETS["quick"].settings(data="somewhere"))
    app.number_input(key="form-epochs").set_value(3).run()
    steps = app.number_input(key="form-steps-3")
    assert steps.value == steps.proto.value == PRESETS["quick"].settings().steps[2] and steps.proto.set_value
    steps.set_value(None).run()
    app.number_input(key="form-epochs").set_value(4).run()
    assert chosen(app).steps[2] is None and chosen(app).epochs == 4, "emptied by hand it stays empty"


def test_every_declared_setting_has_its_widget():
    app = opened(TrainingSettings(data="x"))
    drawn = widgets(app)
    for name, item in SHOWN.items():
        keys = [f"form-{name}-{stage}" for stage in STAGES] if item.per_stage else [f"form-{name}"]
        keys = [f"form-x-{item.default}-{name}"] if item.from_dataset else keys
        for stage, key in enumerate(keys, start=1):
            widget = drawn[key]
            assert widget.label.startswith(item.label)
            assert widget.help == item.full_help(stage if item.per_stage else None)
            if item.choices:
                assert tuple(widget.options) == tuple(map(str, item.choices))
            elif item.bounds:
                low, high = item.bounds
                assert widget.min == low
                assert high is None or widget.max == high


def test_every_value_that_the_settings_allow_can_be_shown():
    extremes = {
        name: item.bounds[1]
        for name, item in SHOWN.items()
        if item.bounds and item.bounds[1] and not item.per_stage and "." not in name
    }
    settings = TrainingSettings.from_json(
        {**extremes, "augmentation": {"rotation": 180, "crop": 0.9, "shear": 60}}
    )
    assert chosen(opened(settings)) == settings


def test_a_number_left_empty_is_no_limit():
    app = opened(TrainingSettings(train_limit=100))
    app.number_input(key="form-train_limit").set_value(None).run()
    assert chosen(app).train_limit is None


def test_what_has_no_effect_is_disabled():
    app = opened(TrainingSettings())
    drawn = widgets(app)
    assert drawn["form-weight_decay"].disabled and not drawn["form-momentum"].disabled
    assert drawn["form-box_jitter"].disabled and not drawn["form-views"].disabled
    app.selectbox(key="form-optimizer").set_value("adamw")
    app.checkbox(key="form-augmentation").uncheck().run()
    drawn = widgets(app)
    assert not drawn["form-weight_decay"].disabled and drawn["form-momentum"].disabled
    assert drawn["form-augmentation.rotation"].disabled and drawn["form-views"].disabled
    assert chosen(app).augmentation is None and chosen(app).optimizer == "adamw"
