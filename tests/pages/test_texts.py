"""The texts of the pages: each goes through the catalogue, and the German one has them all."""

import ast
import errno
import re
import string
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from core.config import CATALOGUES, ENGLISH, PROJECT, Strategy, TrainingSettings, declarations
from core.config.languages import LANGUAGES
from core.errors import UserError
from core.figures.confusion_matrix import confusion_matrix
from core.images import decode_safely
from core.sentence import Sentence

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
    "Measure",
    "Set the threshold",
    "Recalibrate",
    "Accept",
    "Watch",
    "Label blinded",
    "How many do I need?",
    "Label",
    "Compare the readers",
    "all models",
    "models disagree",
    "published label",
    "chosen by hand",  # kept with a model
    " · stage ",
    "lung area",
    "lungs across",
    "lungs down",
    "{} GiB",
    "{} MiB",
    "Left",  # a key
    "Right",
    "PneumoniaMNIST",
    "Pneumonia studio",
    'attachment; filename="{}.zip"',
}
LOOKUPS = ("_", "ngettext", "pgettext")
SENTENCES = ("Sentence", "template")  # of core, which the pages translate
CORE = [
    path
    for path in sorted((PROJECT / "core").rglob("*.py"))
    if "core.sentence" in path.read_text(encoding="utf-8")
]
TERMINAL = (
    "access/tokens",
    "anatomy/masks",
    "anatomy/training",
    "batch",
    "cli",
    "cluster",
    "config/environment",
    "dicom_node",
    "export",
    "training/sweep",
)
PROGRAMS = [  # whose errors a terminal, a log or another program shows
    path
    for path in sorted((PROJECT / "core").rglob("*.py"))
    if str(path.relative_to(PROJECT / "core")).startswith(TERMINAL)
]
MARKUP = re.compile(r":material/\w+:|:[a-z]+\[|\{[^{}]*\}")
MARKS = re.compile(r":material/\w+:|:[a-z]+\[|\]\([^)]*\)|`[^`]*`|\*+")  # icons, colours, links, code, stress
WORDS = re.compile(r"[A-Z][a-z]|[A-Za-z]{2,}[,.:;]? |  ?[a-z]{2,}|\d [a-z]")
COMMAND = "python -m core "  # the same in every language
KEYS = ("key", "icon", "type", "format", "default", "section", "html")  # arguments that nobody reads


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Of each node, the one that holds it."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def calls(node: ast.AST | None, *functions: str) -> TypeGuard[ast.Call]:
    """Whether a node calls one of some functions, without names a lookup such as `_("...")`."""
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return name in (functions or LOOKUPS)


def text_of(node: ast.AST) -> str:
    """The text of a literal, with {} for what is put into it; "" of another node."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reads_as_language(text: str) -> bool:
    plain = MARKUP.sub("", text)
    return (
        "\n" not in text
        and not text.startswith(COMMAND)
        and bool(re.search(r"[A-Za-z]{2}", plain) and WORDS.search(plain))
    )


def unwrapped(path: Path) -> Iterator[tuple[str, int]]:
    """Texts of a page that are not looked up in the catalogue, with their lines."""
    tree = tree_of(path)
    above = parents(tree)
    for node in ast.walk(tree):
        text, parent = text_of(node), above.get(node)
        if not isinstance(node, ast.expr) or not reads_as_language(text):
            continue
        if isinstance(parent, ast.Expr | ast.Subscript | ast.Compare | ast.JoinedStr):  # docstrings, keys
            continue
        if isinstance(parent, ast.Dict) and node in parent.keys or calls(parent):
            continue
        if not (isinstance(parent, ast.keyword) and parent.arg in KEYS):
            yield text, node.lineno


def lookups() -> Iterator[tuple[Path, ast.Call, ast.AST]]:
    """Each `_("...")` of the pages, with its file and the node that holds it."""
    for path in PAGES:
        tree = tree_of(path)
        above = parents(tree)
        yield from ((path, node, above[node]) for node in ast.walk(tree) if calls(node))


def sentences() -> Iterator[tuple[Path, ast.Call, str]]:
    """Each `Sentence("...")` and `template("...")` of core, with its file and text."""
    for path in CORE:
        made = (node for node in ast.walk(tree_of(path)) if calls(node, *SENTENCES))
        yield from ((path, call, text_of(call.args[0])) for call in made if text_of(call.args[0]))


def message_of(call: ast.Call) -> tuple[str | None, str | tuple[str, ...]]:
    """Context and message of a lookup, as catalogues name them; of one with a plural, both forms."""
    texts = tuple(map(text_of, call.args))
    if calls(call, "pgettext"):
        return texts[0], texts[1]
    return None, texts[:2] if calls(call, "ngettext") else texts[0]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """Singular and plural forms of a message; of one without, the text alone."""
    return [text] if isinstance(text, str) else list(text)


def fields(text: str) -> set[tuple[str, str | None]]:
    """Names of what is put into a text, with their formats."""
    return {(name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None}


def marks(text: str) -> list[str]:
    """Icons and marks of Markdown."""
    return sorted(MARKS.findall(text))


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
        for node in ast.walk(tree_of(path)):
            is_stored = isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
            is_argument = isinstance(node, ast.arg) and node.arg == "_"
            assert path.name == "texts.py" or not (is_stored or is_argument), path


def test_a_message_is_one_literal_into_which_its_values_are_put_by_name():
    for path, call, holder in lookups():
        _context, message = message_of(call)
        assert all(forms(message)), f"{path}:{call.lineno}: no literal"
        if isinstance(holder, ast.Attribute) and holder.attr == "format":
            continue
        assert not any(map(fields, forms(message))), f"{path}:{call.lineno}: {message}"


def test_a_sentence_of_core_is_one_literal_with_a_value_for_each_name_in_it():
    for path, call, text in sentences():
        assert not isinstance(call.args[0], ast.JoinedStr), f"{path}:{call.lineno}"
        if calls(call, "Sentence"):
            given = {keyword.arg for keyword in call.keywords}
            assert {name for name, _ in fields(text)} == given, f"{path}:{call.lineno}: {text}"


def test_an_error_or_finding_that_a_page_may_show_is_a_sentence():
    for path in set((PROJECT / "core").rglob("*.py")) - set(PROGRAMS):
        for call in (node for node in ast.walk(tree_of(path)) if calls(node, "UserError", "Finding")):
            texts = [text_of(argument) for argument in call.args]
            assert not any(map(reads_as_language, texts)), f"{path}:{call.lineno}: {texts}"


def test_a_catalogue_has_each_message_and_no_other(catalogue):
    messages = {message_of(call) for _, call, _ in lookups()} | {(None, text) for _, _, text in sentences()}
    translated = {
        (message.context, message.id) for message in catalogue if message.id and all(forms(message.string))
    }
    assert not messages - translated, f"translate (make texts): {messages - translated}"
    assert not translated - messages, f"no longer said (make texts): {translated - messages}"
    assert not catalogue.obsolete and not any(message.fuzzy for message in catalogue if message.id)


def test_a_translation_holds_the_values_and_marks_of_its_message(catalogue):
    for message in catalogue:
        english = forms(message.id)
        for number, translation in enumerate(forms(message.string) if message.id else ()):
            form = english[min(number, len(english) - 1)]
            assert fields(form) == fields(translation), translation
            assert marks(form) == marks(translation), translation


def test_texts_that_tell_entries_apart_are_translated_each_in_its_own_way(catalogue):
    for path in PAGES:
        for node in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Dict)):
            keys = [message_of(key) for key in node.keys if calls(key)]
            titles = [catalogue.get(message, context).string for context, message in keys]
            assert len(set(titles)) == len(titles), f"{path}:{node.lineno}: {titles}"


@pytest.fixture
def german(monkeypatch) -> Iterator[None]:
    """Pages that are imported anew, by a server whose language is German."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_LANGUAGE", "de")
    pages = {name: module for name, module in sys.modules.copy().items() if name.split(".")[0] == "pages"}
    for name in pages:
        del sys.modules[name]
    yield
    for name in sys.modules.copy():  # to which a thread that a page began may still be adding
        if name.split(".")[0] == "pages":
            del sys.modules[name]
    sys.modules.update(pages)


@pytest.mark.parametrize(
    ("name", "title", "purpose"),
    [
        ("diagnosis", "Diagnose", "Zeigt diese Thoraxaufnahme"),
        ("dataset", "Datensatz", "Die Aufnahmen, mit denen"),
        ("training", "Training", "Trainiert ein Modell"),
        ("comparison", "Vergleich", "Welches Modell ist besser"),
        ("site", "Ihr Krankenhaus", "Keine veröffentlichte Zahl"),
    ],
)
def test_a_page_speaks_german_where_the_server_does(german, own_home, name, title, purpose):
    page = AppTest.from_file(str(PROJECT / "pages" / name / "page.py"), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == title and page.caption[0].value.startswith(purpose)


def settings_of_the_form():
    from core.config import TrainingSettings
    from pages.training.launch.fields import change_settings

    change_settings(TrainingSettings(), "form")


def test_the_form_says_in_german_what_each_setting_is(german):
    page = AppTest.from_function(settings_of_the_form, default_timeout=60).run()
    from pages.shared.texts import messages, translated
    from pages.training.launch.fields import tabs_of_form

    for setting in (declarations(TrainingSettings) | declarations(Strategy)).values():
        for text in filter(None, (setting.label, setting.help, setting.none, setting.group.heading)):
            assert isinstance(text, Sentence) and text.template in messages(), text
    groups = tabs_of_form()
    assert [tab.label for tab in page.tabs] == [translated(group.heading) for group in groups]
    shown = {
        (item.label.partition(", Stufe ")[0], item.help.partition(" Vorgabe: ")[0])
        for item in page.get("checkbox") + list(page.number_input) + list(page.selectbox) + list(page.slider)
    }
    for setting in (setting for settings in groups.values() for setting in settings):
        assert (translated(setting.label), translated(setting.help)) in shown


def test_an_error_of_core_is_german_where_the_server_is(german):
    from pages.shared.failures import sentence
    from pages.shared.markdown import escaped

    error = UserError(Sentence("The folder {root} does not exist. Check the path.", root="/a_b"))
    assert str(error) == "The folder /a_b does not exist. Check the path."
    assert sentence(error) == "Den Ordner /a_b gibt es nicht. Prüfen Sie den Pfad."
    assert escaped(error.args[0]) == r"Den Ordner /a\_b gibt es nicht. Prüfen Sie den Pfad."


def test_a_full_disk_is_told_in_german_and_any_other_error_as_it_is(german):
    from pages.shared.failures import sentence

    assert sentence(OSError(errno.ENOSPC, "no space", "/full")).startswith("Der Datenträger ist voll: /full")
    assert "nobody knows" in sentence(OSError(errno.EIO, "nobody knows"))


def test_an_image_that_the_sandbox_refuses_is_told_in_german(german):
    from pages.shared.failures import sentence

    with pytest.raises(UserError) as refused:
        decode_safely(b"no image at all", "a.png")
    assert sentence(refused.value).startswith("a.png ist kein Bild, das hier gelesen werden kann.")


def test_figures_speak_german_where_the_server_does(german):
    from pages.shared.charts import in_language

    figure = in_language(confusion_matrix([[1, 2], [3, 4]]))
    assert figure.layout.xaxis.title.text == "vorhergesagtes Label"
    assert figure.layout.yaxis.title.text == "wahres Label"


def test_what_a_file_holds_in_english_is_shown_in_german(german):
    from pages.shared.stored_texts import recognized

    assert recognized("Queued: position 2 of 3.") == "In der Warteschlange: Platz 2 von 3."
    assert recognized("Framing images by their lungs: 1,200 of 5,216").endswith("1,200 von 5,216")
    assert recognized("Sensitivity") == "Sensitivität"
    assert recognized("The node refuses the association. Model A is not used any more.") == (
        "Der Knoten lehnt die Verbindung ab. Model A wird nicht mehr verwendet."
    )
    assert recognized("91.2% (88.0% to 94.0%)") == "91.2% (88.0% bis 94.0%)"
    assert recognized("+0.010 to +0.042") == "+0.010 bis +0.042"
    assert recognized("1,200 of 5,216") == "1,200 von 5,216"
    assert recognized("bed to bed") == "bed to bed"
    assert recognized("test/NORMAL/IM-0001.jpeg") == "test/NORMAL/IM-0001.jpeg"
