"""What can be measured of each page: axe-core has no serious finding by the rules of WCAG 2.2 AA, light and
dark; nothing is cut off, overlaps or is too small, on a phone and in a small window; results come
without a jump.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.app import FIGURES, FIGURES_FIT, comes_true, settled

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
SERIOUS = ("serious", "critical")
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
SECTIONS = ("Curves", "Calibration", "Subgroups", "Errors", "Shortcuts", "Promotion")
PAGES = (
    "diagnosis",
    "comparison?all-metrics=true&differences=true&zones=true",
    *(f"comparison?section={section}" for section in SECTIONS),
    "training",
    "dataset",
    "site",
)
WIDTHS = (360, 390, 1024)
MIN_CELL = 90  # pixels, of a confusion matrix
MAX_SHIFT = 0.05
FAULTS = """(minCell) => {
    const main = document.querySelector('[data-testid=stMain]'), faults = [];
    if (main.scrollWidth > main.clientWidth) faults.push(`scrolls sideways: ${main.scrollWidth}`);
    for (const header of document.querySelectorAll('h1, h2, h3, [data-testid=stMain] label p'))
        if (header.scrollWidth > header.clientWidth + 1) faults.push(`cut off: ${header.textContent}`);
    for (const figure of FIGURES) {
        const texts = [...figure.querySelectorAll('svg text')]
            .map(text => [text.textContent, text.getBoundingClientRect()])
            .filter(([text, area]) => text.trim() && area.width);
        texts.forEach(([text, area], index) => texts.slice(index + 1).forEach(([other, place]) => {
            const wide = Math.min(area.right, place.right) - Math.max(area.left, place.left);
            const high = Math.min(area.bottom, place.bottom) - Math.max(area.top, place.top);
            if (wide > 2 && high > 3) faults.push(`overlap: ${text} and ${other}`);
        }));
    }
    for (const cell of document.querySelectorAll('.key-figures-matrix button')) {
        const { width, height } = cell.getBoundingClientRect();
        if (Math.min(width, height) < minCell) faults.push(`a cell of ${width} x ${height}`);
    }
    for (const room of document.querySelectorAll('[data-testid=stTable]'))
        if (main.clientWidth > 370 && room.querySelector('table').scrollWidth > room.clientWidth + 1)
            faults.push(`a table scrolls sideways: ${room.textContent.slice(0, 60)}`);
    for (const cell of document.querySelectorAll('[data-testid=stTable] :is(td, th)'))
        if (cell.scrollWidth > cell.clientWidth + 1) faults.push(`a cut cell: ${cell.textContent}`);
    const tops = [...document.querySelectorAll('.key-figures section')]
        .map(each => each.getBoundingClientRect().top);
    if (main.clientWidth > 700 && tops.some(top => top !== tops[0])) faults.push('models below each other');
    return faults;
}""".replace("FIGURES", FIGURES)
MEASURE = """async options => {
    const app = document.querySelector('[data-testid=stApp]');
    let changes = 0;
    const observer = new MutationObserver(records => { changes += records.length; });
    observer.observe(app, { attributeFilter: ['data-test-script-state'] });
    const { violations } = await axe.run(document, options);
    changes += observer.takeRecords().length;
    observer.disconnect();
    return changes || app.dataset.testScriptState !== 'notRunning' ? null : violations;
}"""
OBSERVE_SHIFTS = """() => { window.shift = 0; new PerformanceObserver(list => list.getEntries()
    .forEach(entry => { window.shift += entry.value; })).observe({ type: 'layout-shift' }); }"""

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make test installs it)")


def serious_findings(page: Page) -> list[str]:
    """What axe-core finds on the page that is at least serious, with the first element of each.

    In light colours by all rules, in dark ones by those that look at colours: nothing else differs.
    """
    page.evaluate(AXE.read_text())
    items = violations(page, {"runOnly": RULES})
    background = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    comes_true(page, f"before => {BACKGROUND} !== before && !document.getAnimations().length", background)
    items += violations(page, {"runOnly": {"type": "rule", "values": OF_COLOURS}})
    page.emulate_media(color_scheme="light")
    comes_true(page, f"before => {BACKGROUND} === before", background)
    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in items if item["impact"] in SERIOUS]


def violations(page: Page, options: dict) -> list[dict]:
    """Those of a measurement during which no script ran: what a script has yet to draw again fades."""
    lean = {"resultTypes": ["violations"], "selectors": False}  # what passes is checked, but not described
    for _ in range(10):
        measured = page.evaluate(MEASURE, {**options, **lean})
        if measured is not None:
            return measured
        settled(page)
    raise AssertionError("A script ran during each measurement.")


def layout_faults(page: Page) -> list[str]:
    """What is cut off, overlaps, is too small or makes the page scroll sideways, at each width."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        comes_true(page, FIGURES_FIT)
        faults += [f"{width}: {fault}" for fault in page.evaluate(FAULTS, MIN_CELL)]
    page.set_viewport_size({"width": 1280, "height": 900})
    return faults


def test_no_page_has_a_fault_that_can_be_measured(bundled_server, page):
    findings = {}
    for name in PAGES:
        page.goto(f"{bundled_server}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        settled(page)
        findings[name] = serious_findings(page) + layout_faults(page)
    page.set_viewport_size({"width": WIDTHS[0], "height": 844})
    page.goto(f"{bundled_server}/diagnosis")
    expect(page.get_by_role("button", name="Try an example")).to_be_visible()
    settled(page)
    page.evaluate(OBSERVE_SHIFTS)
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".st-key-result").get_by_text("shifted or mirrored copies").first).to_be_visible()
    settled(page)
    assert page.evaluate("shift") < MAX_SHIFT
    findings["result"] = serious_findings(page) + layout_faults(page)
    assert not any(findings.values()), findings
