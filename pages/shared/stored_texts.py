"""English texts that were stored or stand in tables, in the language of the server.

What is written to files is English, for other programs: a run's message, warnings of batch predictions,
titles of metrics. A page recognizes such a text by the templates in the catalogue.
"""

import re
from functools import lru_cache
from string import Formatter

from pages.shared.texts import messages, translated

SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
MIN_LETTERS = 4  # of a template with texts in it, without those: one of fewer fits anything
NUMERIC = re.compile(r"\+?(?:,|,?(?:\.\d+)?[dfge%])")  # format of a number
NUMBER = r"(?:[+-]?\d[\d,.]*(?:e[+-]?\d+)?|nan)%?"


def recognized(text: str) -> str:
    """A text in the language of the server; one that no template of the catalogue makes stays as it is.

    What stands in a text for a value is translated, too, where the catalogue has it, and each of several
    sentences in a row.
    """
    return _translation(text) or translated(text)


@lru_cache(maxsize=4096)
def _translation(text: str) -> str:
    """Its translation; "" where the catalogue has none."""
    known = messages()
    if text in known:
        return known[text]
    sentences = SENTENCE_END.split(text)
    translations = [_translation(sentence) for sentence in sentences] if len(sentences) > 1 else []
    if translations and all(translations):
        return " ".join(translations)
    for pattern, message in _templates():
        if match := pattern.fullmatch(text):
            values = {name: recognized(value) for name, value in match.groupdict().items()}
            return _filled(known[message], values)
    return ""


@lru_cache(maxsize=1)
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Messages that hold values, as patterns; those with most letters of their own come first."""
    patterns = []
    for message in messages():
        parts = list(Formatter().parse(message))
        letters = sum(map(str.isalpha, "".join(literal for literal, *_rest in parts)))
        formats = [form or "" for _literal, name, form, _conversion in parts if name]
        needed = 1 if all(NUMERIC.fullmatch(form) for form in formats) else MIN_LETTERS
        if formats and letters >= needed:
            patterns.append((letters, _pattern(parts), message))
    return [
        (re.compile(pattern, re.DOTALL), message)
        for _letters, pattern, message in sorted(patterns, reverse=True)
    ]


def _pattern(parts: list) -> str:
    pattern, seen = "", set()
    for literal, name, form, _conversion in parts:
        pattern += re.escape(literal)
        if name:
            value = NUMBER if NUMERIC.fullmatch(form) else ".+?"
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{value})"
            seen.add(name)
    return pattern


def _filled(message: str, values: dict[str, str]) -> str:
    """A message with values that have been formatted already."""
    return "".join(
        literal + (values[name] if name else "") for literal, name, *_format in Formatter().parse(message)
    )
