"""A page opened by Streamlit's own test runner."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

PROJECT = Path(__file__).resolve().parents[2]


def opened(page: str, **session) -> AppTest:
    """The page, run once; a page that raises fails the test."""
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    for name, value in session.items():
        app.session_state[name] = value
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception
    return app
