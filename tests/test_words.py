"""One word for each thing: names and sentences that gave way to the field's terms do not come back."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = (
    *("core", "pages", "tests", "benchmarks", "experiments", "docs", "*.py", "*.md", "model_weights/*.md"),
    *("requirements*.txt", "*.toml", ".streamlit", "Makefile", "Dockerfile", "*.yaml", "*.yml", ".github"),
)
SUFFIXES = (".py", ".md", ".js", ".html", ".txt", ".toml", ".yaml", ".yml", "Makefile", "Dockerfile")
# Files that must name what is no longer said: what other programs wrote before, and this list.
OLD = (
    "core/config/old_names.py",
    "tests/test_words.py",
    "tests/test_old_names.py",
    "tests/fixtures/",
    "CHANGELOG.md",
)
REPLACED = {
    r"(?<![a-zA-Z])[Ff]ilms?(?![a-zA-Z])(?!\")": "image (code, data); X-ray (to clinicians)",
    r"\bcame? along\b|\bcame with the studio\b": "bundled model",
    r"\bhasten": "Winograd convolution",
    r"\battitudes?\b": "orientation",
    r"\bobituary\b|\bwithout a word\b|\bwent astray\b": "exit reason; training diverged",
    r"\btrainees?\b": "trainable model",
    r"\bjudging\b|\bjudges\b": "selection set; callbacks; reads",
    r"\bRefuseNonsense\b": "StopOnDivergence",
    r"\bcore\.study\b|\bStudy\(": "ModelComparison (Study is DICOM's and Optuna's word)",
    r"\bsecond looks?\b|\blook_again\b": "occlusion test",
    r"\b(MOST|LEAST|FEWEST)_[A-Z]": "MAX_, MIN_",
    r"\btake_away\b|\btake away\b": "downloads, export",
    r"\bno lungs:": "shortcut baseline",
    r"\bas it should be\b": "perfectly calibrated",
    r"\b[Cc]hanged calls?\b|\bcalls (it )?pneumonia\b": "label changed; predicts",
}
# Not a percentage: a remainder (`number % 3`), a tag (`{% if x %}`), a hover template (`%{x}`).
SPACED_PERCENT = r"[0-9}][ \u00a0\u202f]%(?![}({])"
UNNAMED = r"^\s*(found|kept|place|said|what|how) = |\bfor (found|kept|place|said) in\b"


def tracked() -> list[Path]:
    """Source and documentation files, without those that must keep the old words."""
    listing = subprocess.run(
        ["git", "ls-files", *SOURCES], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    names = [name for name in listing.stdout.splitlines() if name.endswith(SUFFIXES)]
    return [PROJECT / name for name in names if not name.startswith(OLD)]


def lines_with(pattern: str, paths: list[Path]) -> list[str]:
    """Lines that a pattern matches, with file and line number."""
    regex = re.compile(pattern)
    return [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if regex.search(line)
    ]


@pytest.mark.parametrize("pattern", REPLACED)
def test_a_replaced_word_does_not_come_back(pattern):
    matches = lines_with(pattern, tracked())
    assert not matches, f"say {REPLACED[pattern]!r}; {len(matches)} lines:\n" + "\n".join(matches[:20])


def test_a_percentage_is_written_without_a_space():
    matches = lines_with(SPACED_PERCENT, tracked())
    assert not matches, f"{len(matches)} lines:\n" + "\n".join(matches[:20])


def test_a_variable_has_the_name_of_what_it_holds():
    product = [path for path in tracked() if path.relative_to(PROJECT).parts[0] in ("core", "pages")]
    matches = lines_with(UNNAMED, product)
    assert not matches, f"{len(matches)} lines:\n" + "\n".join(matches[:20])


@pytest.mark.parametrize(
    "line",
    ["the film map", "draw_film(", "MOST_BYTES = 3", "a trainee", "kept = 1", "core.study", "{share:.0f} %"],
)
def test_the_patterns_match_the_words_that_they_are_for(line):
    assert any(re.search(pattern, line) for pattern in (*REPLACED, SPACED_PERCENT, UNNAMED))
