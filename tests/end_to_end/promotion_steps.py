"""What several tests do in the section Promotion of the Comparison page."""

import re

from playwright.sync_api import Page, expect


def promote_although_checks_fail(page: Page, title: str, reason: str) -> None:
    """Promote the model that was chosen, which was trained on synthetic data, once its checks are shown.

    Args:
        page: that shows the section.
        title: a pattern that the model's title, as it stands in the list, begins with.
        reason: for the log.
    """
    # By its whole name: the history of promotions may name the check, too.
    expect(page.get_by_text("Trained on real data", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill(reason)
    page.get_by_role("textbox", name="Reason").press("Tab")
    page.get_by_text(re.compile(f"Promote {title}.* although")).click()
    page.get_by_role("button", name="Promote").dblclick()
    expect(page.get_by_text("is active now")).to_be_visible()
