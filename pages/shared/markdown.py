"""Text from files, escaped for Markdown."""

SPECIAL = "\\`*_{}[]()<>#+-!|~$:"


def escaped(text: str) -> str:
    """Text that Markdown shows unchanged."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in text)
