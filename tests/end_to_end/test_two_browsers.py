"""One colleague promotes a model and takes it back; the other one's answers name the model that gave them."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from benchmarks.app import settled
from core.registry import active_registered_model, find_model
from tests.end_to_end.conftest import BROWSER, PATIENCE_MS
from tests.end_to_end.diagnosis_steps import show_withheld_results
from tests.end_to_end.promotion_steps import promote_although_checks_fail


@pytest.fixture
def colleague(page) -> Page:
    """A page of another session, in the same browser program."""
    other = page.context.browser.new_context(**BROWSER)
    other.set_default_timeout(PATIENCE_MS)
    yield other.new_page()
    other.close()


def drop(page: Page, path) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)


def test_answers_follow_a_promotion_and_its_rollback_at_once(trained_server, page, colleague, demo):
    before = active_registered_model()
    first, second = sorted((demo / "test" / "PNEUMONIA").iterdir())[:2]
    page.goto(f"{trained_server}/diagnosis")
    show_withheld_results(page)
    drop(page, first)
    page.get_by_text("Technical details").click()
    expect(page.get_by_text(re.compile(r"Model: Stage .*trained/3"))).to_be_visible()

    colleague.goto(f"{trained_server}/comparison?section=Promotion")
    expect(colleague.get_by_text("Trained on real data", exact=True)).to_be_visible()
    settled(colleague)
    option = colleague.get_by_role("option", name=re.compile("^Stage 2 · trained"))
    models = colleague.get_by_role("combobox", name="Model to promote")
    for _ in range(PATIENCE_MS // 5000):
        if models.get_attribute("aria-expanded") == "false":  # what is drawn later closes the list
            models.click()
        with suppress(TimeoutError):
            option.click(timeout=5000)
            break
    promote_although_checks_fail(colleague, "Stage 2 · trained", "a trial")

    try:
        page.reload()
        show_withheld_results(page)
        drop(page, second)
        page.get_by_text("Technical details").click()
        expect(page.get_by_text(re.compile(r"Model: Stage .*trained/2"))).to_be_visible()
    finally:
        colleague.get_by_role("button", name="Roll back").dblclick()  # takes back one decision
        expect(colleague.get_by_text("is active again")).to_be_visible()
    assert active_registered_model().title == before.title
    assert find_model("trained/2").state != "active"
    page.reload()
    show_withheld_results(page)
    drop(page, first)
    page.get_by_text("Technical details").click()
    expect(page.get_by_text(re.compile(r"Model: Stage .*trained/3"))).to_be_visible()
