"""Each page, light and dark, has no serious finding of axe-core by the rules of WCAG 2.2 AA."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import comes_true, settled

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
SERIOUS = ("serious", "critical")
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make test installs it)")


def serious_findings(page: Page) -> list[str]:
    """What axe-core finds on the page that is at least serious, with the first element of each.

    In light colours by all rules, in dark ones by those that look at colours: nothing else differs.
    """
    page.evaluate(AXE.read_text())
    found = violations(page, {"runOnly": RULES})
    background = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    comes_true(page, f"before => {BACKGROUND} !== before && !document.getAnimations().length", background)
    found += violations(page, {"runOnly": {"type": "rule", "values": OF_COLOURS}})
    page.emulate_media(color_scheme="light")
    comes_true(page, f"before => {BACKGROUND} === before", background)
    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in found if item["impact"] in SERIOUS]


def violations(page: Page, options: dict) -> list[dict]:
    lean = {"resultTypes": ["violations"], "selectors": False}  # what passes is checked, but not described
    return page.evaluate("options => axe.run(document, options)", {**options, **lean})["violations"]


def test_no_page_has_a_serious_finding(bundled_server, page):
    findings = {}
    for name in ("diagnosis", "comparison", "training", "dataset", "site"):
        page.goto(f"{bundled_server}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        settled(page)
        findings[name] = serious_findings(page)
    page.goto(f"{bundled_server}/diagnosis")
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".st-key-result").get_by_text("shifted or mirrored copies").first).to_be_visible()
    settled(page)
    findings["result"] = serious_findings(page)
    assert not any(findings.values()), findings
