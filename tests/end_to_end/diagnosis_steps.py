"""What several tests do on the Diagnosis page."""

from playwright.sync_api import Page, expect

from benchmarks.app import settled


def show_withheld_results(page: Page) -> None:
    """Turn on the switch under Advanced; drawn chests lie near the threshold that few images give."""
    page.get_by_text("Advanced", exact=True).click()
    # By key: what is opened slides for half a second, and a click may miss it on a busy machine.
    page.get_by_role("switch", name="Show withheld results").press("Space")
    # Streamlit forgets an upload that is announced in the moment in which a script begins.
    expect(page.get_by_text("No result is withheld")).to_be_visible()
    settled(page)
