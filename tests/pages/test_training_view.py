"""The view of the Training page changes once, also where the browser's messages cross."""

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from pages.training.view import NEW, RUNS, change_view, choose_view

    st.markdown(f"shown: {choose_view(NEW)}")
    st.button("Start", on_click=change_view, args=(RUNS,))


def shown(app: AppTest) -> str:
    (text,) = app.markdown
    return text.value


def test_a_message_sent_before_the_change_does_not_undo_it():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert shown(app) == "shown: New run"
    sent_before = app._tree.get_widget_states()  # what the sidebar's refresh carries along
    app.button[0].click().run()
    assert shown(app) == "shown: Runs"
    app._run(sent_before)
    assert shown(app) == "shown: Runs" and not app.exception
    app.segmented_control[0].set_value("New run").run()
    assert shown(app) == "shown: New run"
    assert app.query_params["view"] == "New run"


def test_a_browser_that_sends_no_view_keeps_the_one_in_the_address():
    app = AppTest.from_function(script, default_timeout=60).run()
    app.segmented_control[0].set_value("Runs").run()
    app.session_state["view"] = None
    app.run()
    assert shown(app) == "shown: Runs" and app.segmented_control[0].value == "Runs"
