"""The texts of the pages: each goes through the catalogue, and the German one has them all."""

import ast
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from core.config import CATALOGUES, ENGLISH, PROJECT
from core.config.languages import LANGUAGES

PAGES = [PROJECT / "streamlit_app.py", *sorted((PROJECT / "pages").rglob("*.py"))]
TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
# Texts that are compared, stored or part of an address, of which a title stands on the page; and names.
AS_THEY_ARE = {
    "Read first",
    "Unreadable",
    "not read by you",
    "Remarks",
    "New run",
    "Runs",
    "published label",
    "chosen by hand",  # kept with a model
    " · stage ",
    "lung area",
    "lungs across",
    "lungs down",
    "{}, stage {}",  # of a setting, whose name is English
    "{} GiB",
    "{} MiB",
    "Left",  # a key
    "Right",
    "PneumoniaMNIST",
    "Pneumonia studio",
    'attachment; filename="{}.zip"',
}
MARKUP = re.compile(r":material/\w+:|:[a-z]+\[|\{[^{}]*\}")
WORDS = re.compile(r"[A-Z][a-z]|[A-Za-z]{2,}[,.:;]? |  ?[a-z]{2,}|\d [a-z]")
KEYS = ("key", "icon", "type", "format", "default", "section", "html")  # arguments that nobody reads


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Of each node, the one that holds it."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def calls(node: ast.AST | None, function: str = "_") -> TypeGuard[ast.Call]:
    """Whether a node calls a function, such as `_("...")`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function


def text_of(node: ast.AST) -> str:
    """The text of a literal, with {} for what is put into it; "" of another node."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reads_as_language(text: str) -> bool:
    plain = MARKUP.sub("", text)
    return "\n" not in text and bool(re.search(r"[A-Za-z]{2}", plain) and WORDS.search(plain))


def unwrapped(path: Path) -> Iterator[tuple[str, int]]:
    """Texts of a page that are not looked up in the catalogue, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    above = parents(tree)
    for node in ast.walk(tree):
        text, parent = text_of(node), above.get(node)
        if not isinstance(node, ast.expr) or not reads_as_language(text):
            continue
        if isinstance(parent, ast.Expr | ast.Subscript | ast.Compare | ast.JoinedStr):  # docstrings, keys
            continue
        if isinstance(parent, ast.Dict) and node in parent.keys or calls(parent):
            continue
        if calls(parent, "offered"):  # takes the subject of a sentence that core makes
            continue
        if not (isinstance(parent, ast.keyword) and parent.arg in KEYS):
            yield text, node.lineno


def lookups() -> Iterator[tuple[Path, ast.Call, ast.AST]]:
    """Each `_("...")` of the pages, with its file and the node that holds it."""
    for path in PAGES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        above = parents(tree)
        yield from ((path, node, above[node]) for node in ast.walk(tree) if calls(node))


def fields(text: str) -> set[str]:
    """Names of what is put into a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request) -> Catalog:
    with (CATALOGUES / request.param / "LC_MESSAGES" / "pages.po").open("rb") as source:
        return read_po(source)


def test_the_pages_show_no_text_that_does_not_go_through_the_catalogue():
    places = [(text, f"{path}:{line}: {text}") for path in PAGES for text, line in unwrapped(path)]
    missed = [place for text, place in places if text not in AS_THEY_ARE]
    assert not missed, 'wrap in _("..."):\n' + "\n".join(missed)
    assert {text for text, _ in places} >= AS_THEY_ARE, "an exception that no page needs any more"


@pytest.mark.parametrize(
    "source",
    ['st.button("Save")', 'st.caption(f"{count} images")', 'x = "one word"', 'st.info(f"Epoch {n}")'],
)
def test_an_unwrapped_text_is_found(tmp_path, source):
    (tmp_path / "page.py").write_text(source)
    assert list(unwrapped(tmp_path / "page.py"))


def test_the_underscore_of_a_page_is_the_lookup_and_nothing_else():
    for path in PAGES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_stored = isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
            is_argument = isinstance(node, ast.arg) and node.arg == "_"
            assert path.name == "texts.py" or not (is_stored or is_argument), path


def test_a_message_is_one_literal_into_which_its_values_are_put_by_name():
    for path, call, holder in lookups():
        message = text_of(call.args[0])
        assert isinstance(call.args[0], ast.Constant), f"{path}:{call.lineno}: no literal"
        if isinstance(holder, ast.Attribute) and holder.attr == "format":
            continue
        assert not fields(message), f"{path}:{call.lineno}: {message}"


def test_a_catalogue_has_each_message_and_no_other(catalogue):
    messages = {text_of(call.args[0]) for _, call, _ in lookups()}
    translated = {message.id for message in catalogue if message.id and message.string}
    assert not messages - translated, "translate (make texts): " + "\n".join(messages - translated)
    assert not translated - messages, "no longer said (make texts): " + "\n".join(translated - messages)
    assert not catalogue.obsolete and not any(message.fuzzy for message in catalogue if message.id)


def test_a_translation_holds_the_values_and_marks_of_its_message(catalogue):
    for message in catalogue:
        if message.id:
            assert fields(message.id) == fields(message.string), message.string
            marks = [sorted(re.findall(r":material/\w+:", text)) for text in (message.id, message.string)]
            assert marks[0] == marks[1], message.string


@pytest.fixture
def german(monkeypatch) -> Iterator[None]:
    """Pages that are imported anew, by a server whose language is German."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_LANGUAGE", "de")
    pages = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "pages"}
    for name in pages:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "pages"]:
        del sys.modules[name]
    sys.modules.update(pages)


def test_diagnosis_speaks_german_where_the_server_does(german, own_home):
    page = AppTest.from_file(str(PROJECT / "pages" / "diagnosis" / "page.py"), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Diagnose"
    assert "noch kein trainiertes Modell" in page.info[0].value
