"""A key says what the user thinks of the image, and of the box on it, that the user sees."""

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import settled

# In one step, before the browser has drawn anything else.
PRESS = "(keys) => keys.forEach(key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
PRESS += "{key, code: 'Key' + key.toUpperCase(), keyCode: key.toUpperCase().charCodeAt(0), bubbles: true})))"
NEXT_IS_SHOWN = "document.querySelector('.st-key-result').innerText.includes('example 2')"


@pytest.fixture
def examples(bundled_server: str, page: Page) -> Page:
    """The Diagnosis page with two images, of which the first is shown."""
    page.goto(f"{bundled_server}/diagnosis")
    page.get_by_role("button", name="Try an example").click()
    expect(page.get_by_role("button", name=re.compile("^Agree"))).to_be_visible()
    settled(page)
    return page


def test_a_key_is_not_for_the_image_before(examples):
    examples.keyboard.press("a")
    examples.wait_for_function(NEXT_IS_SHOWN)  # with each frame: what it draws is not complete yet
    examples.evaluate(PRESS, ["d"])
    settled(examples)
    worklist = examples.locator("[class*=st-key-worklist]")
    expect(worklist.get_by_text("You: agree")).to_have_count(1)


def test_a_box_that_was_just_drawn_is_part_of_the_answer(examples):
    for key in ("b", "ArrowRight", "a"):
        examples.keyboard.press(key)
    expect(examples.get_by_text("Next: SYNTHETIC example 2.png")).to_be_visible()
    settled(examples)
    examples.get_by_role("listbox", name="Images").get_by_role("option", name="example 1").click()
    expect(examples.locator(".st-key-headline").get_by_text("example 1")).to_be_visible()
    settled(examples)
    expect(examples.get_by_text("Remove box")).to_be_visible()
    expect(examples.get_by_text("Your box is saved with")).to_have_count(0)
