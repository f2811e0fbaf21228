"""Text from files, made harmless."""

SPECIAL = "\\`*_{}[]()<>#+-!|~$:"


def plain(text: str) -> str:
    """Text from a file, so that Markdown takes it as it is."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in text)
