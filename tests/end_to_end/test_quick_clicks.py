"""A click may come while the page still works on the one before."""

import re
import sys

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import HEALTH, PROJECT, free_port, serving, settled

PAGE = """
import time
import streamlit as st

@st.cache_resource
def counts():
    return {"now": 0, "most": 0, "calls": 0}

def work():
    counts()["now"] += 1
    counts()["calls"] += 1
    counts()["most"] = max(counts()["most"], counts()["now"])
    time.sleep(1)
    counts()["now"] -= 1

st.button("First", on_click=work)
st.button("Second", on_click=work)
st.write("{calls} clicks, at most {most} at once".format(**counts()))
"""


@pytest.fixture
def small_page(tmp_path):
    """A page of two slow buttons, under the settings of the app's server; its address."""
    script = tmp_path / "page.py"
    script.write_text(PAGE)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with serving(command, f"{address}{HEALTH}", cwd=PROJECT) as is_up:
        assert is_up
        yield address


def test_clicks_are_answered_one_after_another(small_page: str, page: Page):
    page.goto(small_page)
    page.get_by_role("button", name="First").click()
    page.get_by_role("button", name="Second").click()
    expect(page.get_by_text("2 clicks, at most 1 at once")).to_be_visible()


def test_a_second_click_does_not_read_the_next_image(bundled_server: str, page: Page):
    page.goto(f"{bundled_server}/diagnosis")
    page.get_by_role("button", name="Try an example").click()
    read = page.locator("[class*=st-key-worklist]").get_by_text("You: agree")
    shown = page.locator(".st-key-result")
    for wait_ms in (0, 200, 600):
        # Undo takes "You: agree" away before the button of the other image.
        expect(shown.get_by_text("SYNTHETIC example 1.png", exact=True)).to_be_visible()
        agree = page.get_by_role("button", name=re.compile("^Agree"))
        expect(agree).to_be_visible()
        settled(page)
        # On the button itself: by the time of the second click another may have taken its place.
        agree.evaluate(
            "(button, wait) => { button.click(); setTimeout(() => button.click(), wait); }", wait_ms
        )
        expect(page.get_by_text("Next: SYNTHETIC example 2.png")).to_be_visible()
        page.wait_for_timeout(wait_ms + 300)
        settled(page)
        expect(read).to_have_count(1)
        page.get_by_role("button", name="Undo").dblclick()
        expect(read).to_have_count(0)
