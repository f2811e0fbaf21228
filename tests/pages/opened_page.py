"""A page opened by Streamlit's own test runner."""

from pathlib import Path

import pandas as pd
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.testing.v1 import AppTest

PROJECT = Path(__file__).resolve().parents[2]


def opened(page: str, signed_in: str = "", **session) -> AppTest:
    """The page, run once; a page that raises fails the test.

    Args:
        page: its folder below `pages/`.
        signed_in: address of who has signed in; "" where nobody has to.
        session: what the session holds before.
    """
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300)
    if signed_in:
        app.secrets["auth"] = {}
        app.user = {"email": signed_in, "is_logged_in": True}
    app.run()
    for name, value in session.items():
        app.session_state[name] = value
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception
    return app


def click_meanwhile() -> None:
    """Called by a page that runs: somebody clicks elsewhere, which interrupts it as soon as Streamlit can."""
    context = get_script_run_ctx()
    assert context and context.script_requests
    context.script_requests.request_rerun(RerunData(page_script_hash=context.page_script_hash))


def shown_table(app: AppTest, position: int = 0) -> pd.DataFrame:
    """What a table of the page says, without what escapes Markdown."""
    shown = app.table[position].value.map(lambda text: text.replace("\\", ""))
    return shown.rename(columns=_unescaped, index=_unescaped)


def _unescaped(title: object) -> object:
    return title.replace("\\", "") if isinstance(title, str) else title
