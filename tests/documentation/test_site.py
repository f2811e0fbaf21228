"""The documentation as a site: it builds without a warning, its links lead somewhere, all is local."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from benchmarks.app import browser
from docs.generate.imports import PROJECT
from docs.generate.site import PUBLISHED


class Page(HTMLParser):
    """Anchors of a page, where its links lead, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        elif tag == "link" and values.get("rel") != "canonical":
            self.loaded.append(values["href"])
        elif values.get("src"):
            self.loaded.append(values["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    """Every page of the site by its path."""
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_page_and_a_heading(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            address = urlsplit(urljoin(path.as_uri(), link))
            if address.scheme != "file" or path.name == "404.html":
                continue
            target = Path(unquote(address.path))
            known = pages.get(target)
            if not target.is_file() or (known and address.fragment and address.fragment not in known.anchors):
                broken.append(f"{path.name}: {link}")
    assert len(pages) > 40 and not broken, broken


def test_no_page_names_a_foreign_file_to_load(pages):
    foreign = {
        url for page in pages.values() for url in page.loaded if urlsplit(url).scheme or url[:2] == "//"
    }
    assert not foreign and all(page.loaded for page in pages.values())


def test_texts_from_outside_the_folder_are_published(site):
    for name in PUBLISHED.values():
        assert (site / name).with_suffix(".html" if name.endswith(".md") else ".svg").is_file(), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index.html", "architecture.html", "results/index.html"])
def test_a_page_read_from_disk_loads_nothing_foreign(site, name):
    requested = []
    with browser() as program:
        page = program.new_page()
        page.set_default_timeout(180_000)
        page.on("request", lambda request: requested.append(request.url))
        page.goto((site / name).as_uri())
        page.locator("article h1").wait_for()
    assert not [url for url in requested if urlsplit(url).scheme in ("http", "https")]
