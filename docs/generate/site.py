"""MkDocs hook: publishes the texts that lie elsewhere in the repository, and makes all links follow.

A link in a Markdown file names another file of the repository, so that it works where the file lies. The
site has some of these files at another address: README.md is its first page.
"""

import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PUBLISHED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "experiments/README.md": "experiments.md",
    "model_weights/README.md": "model-card.md",
    "pages/icon.svg": "assets/icon.svg",
}
ORIGINS = {page: file for file, page in PUBLISHED.items()}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the published files to the pages of the site."""
    root = posixpath.dirname(config.config_file_path)
    for origin, page in PUBLISHED.items():
        files.append(File.generated(config, page, abs_src_path=posixpath.join(root, origin)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links between files of the repository at the pages of the site."""
    uri = page.file.src_uri
    return with_site_links(markdown, ORIGINS.get(uri, f"docs/{uri}"), uri)


def with_site_links(markdown: str, origin: str, page: str) -> str:
    """Replace targets of relative links.

    Args:
        markdown: text of a file.
        origin: path of that file in the repository.
        page: its path below docs/, as the site sees it.

    >>> with_site_links("[data](docs/data.md#audit)", "README.md", "index.md")
    '[data](data.md#audit)'
    >>> with_site_links(
    ...     "[card](../../model_weights/README.md)", "docs/start/clinician.md", "start/clinician.md"
    ... )
    '[card](../model-card.md)'
    """

    def target(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), match[1]))
        address = PUBLISHED.get(path, path.removeprefix("docs/"))
        return posixpath.relpath(address, posixpath.dirname(page) or ".")

    return LINK.sub(target, markdown)
