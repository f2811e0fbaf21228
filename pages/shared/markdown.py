"""Text of `core` and from files, in the language of the server and escaped for Markdown."""

from pages.shared.texts import translated

SPECIAL = "\\`*_{}[]()<>#+-!|~$:"


def escaped(text: str) -> str:
    """Text that Markdown shows unchanged; a `Sentence` of `core` is translated."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in translated(text))
