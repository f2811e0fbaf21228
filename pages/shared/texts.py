"""The texts of the pages in the language of the server: `_("English")` returns the translation.

`ngettext("{count} image", "{count} images", count)` returns the form for a number, and
`pgettext("verb", "Label")` the translation of one of several meanings. `translated(sentence)` says in that
language what `core` says.
"""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from core.config import CATALOGUES, ENGLISH, environment
from core.sentence import Sentence


def catalogue(language: str) -> NullTranslations:
    """The translations of one language; of English, which has none, the messages themselves.

    Raises:
        OSError: there is no such catalogue.
    """
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # a quarter of a second, which English does without
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / "pages.po").open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)


def capitalized(text: str) -> str:
    """A text with a capital first letter; the others stay, as German nouns have capitals of their own."""
    return text[:1].upper() + text[1:]


def translated(text: str) -> str:
    """What `core` says, in the language of the server: a `Sentence`; other texts stay as they are."""
    return text.translated(_) if isinstance(text, Sentence) else text


def messages() -> dict[str, str]:
    """Every message without a plural and its translation, by the English text; none on an English server."""
    catalogued = getattr(_TEXTS, "_catalog", {})
    return {name: text for name, text in catalogued.items() if isinstance(name, str) and "\x04" not in name}


_TEXTS = catalogue(environment.LANGUAGE.value())
_ = _TEXTS.gettext
ngettext, pgettext = _TEXTS.ngettext, _TEXTS.pgettext
