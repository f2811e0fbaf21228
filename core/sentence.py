"""Sentences that keep how they were made, so that a page can say them in another language.

Everything else takes them as the English text that they are: the terminal, the API, reports, the audit log.
"""

from collections.abc import Callable, Sequence
from typing import Any


class Sentence(str):
    """An English text, made of a template and the values in it.

    Attributes:
        template: with names in braces; the key under which catalogues of the pages hold its translations.
        values: by name; those that are sentences themselves are translated, too.

    >>> Sentence("{count} images", count=3)
    '3 images'
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> "Sentence":
        """Put the values into the template."""
        sentence = super().__new__(cls, template.format(**values))
        sentence.template, sentence.values = template, values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values

    def translated(self, translation: Callable[[str], str]) -> str:
        """The same in another language.

        Args:
            translation: of a template; one that it does not know stays as it is.
        """
        values = {
            name: value.translated(translation) if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return translation(self.template).format(**values)


def template(text: str) -> str:
    """Mark a template that a `Sentence` is made of elsewhere: `make texts` collects it, too."""
    return text


def joined(parts: Sequence[str], separator: str) -> Sentence:
    """Sentences one after the other, each of which is translated by itself.

    >>> joined(["no lungs found", "blank"], "; ")
    'no lungs found; blank'
    """
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Sentence(separator.join(f"{{{name}}}" for name in values), **values)


def plain(value: Any) -> Any:
    """A sentence as plain values for JSON, which `of_plain` reads; anything else stays as it is.

    >>> of_plain(plain(Sentence("{count} images", count=3))).template
    '{count} images'
    """
    if not isinstance(value, Sentence):
        return value
    return {"template": value.template, "values": {name: plain(each) for name, each in value.values.items()}}


def of_plain(value: Any) -> Any:
    """What `plain` was given."""
    if not isinstance(value, dict):
        return value
    return Sentence(value["template"], **{name: of_plain(each) for name, each in value["values"].items()})
