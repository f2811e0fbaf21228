"""The languages of the pages: English, and each for which pages/locale holds a catalogue."""

from pathlib import Path

ENGLISH = "en"  # its messages are the keys of the catalogues
CATALOGUES = Path(__file__).resolve().parents[2] / "pages" / "locale"


def languages_in(folder: Path) -> tuple[str, ...]:
    """English, and the languages of the catalogues in a folder, which need not exist."""
    return ENGLISH, *sorted(path.parents[1].name for path in folder.glob("*/LC_MESSAGES/pages.po"))


LANGUAGES = languages_in(CATALOGUES)
