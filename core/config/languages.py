"""The languages of the pages: English, and each for which pages/locale holds a catalogue."""

from pathlib import Path

ENGLISH = "en"  # its messages are the keys of the catalogues
CATALOGUES = Path(__file__).resolve().parents[2] / "pages" / "locale"
LANGUAGES = (ENGLISH, *sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir()))
