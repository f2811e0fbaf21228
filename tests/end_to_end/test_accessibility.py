"""Each page, light and dark, has no serious finding of axe-core by the rules of WCAG 2.2 AA."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import settled

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SERIOUS = ("serious", "critical")

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make test installs it)")


def serious_findings(page: Page) -> list[str]:
    """What axe-core finds on the page that is at least serious, with the first element of each."""
    page.evaluate(AXE.read_text())
    violations = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)["violations"]
    return [
        f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in violations if item["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_finding(bundled_server, page, scheme):
    page.emulate_media(color_scheme=scheme)
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
