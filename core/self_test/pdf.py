"""The result of a self-test as a PDF to file."""

import tempfile
from datetime import datetime
from pathlib import Path

import pandas as pd

from core.inference import NOTICE
from core.self_test.result import PROGRAM, SelfTest

LINE = "_" * 40


def self_test_pdf(result: SelfTest) -> bytes:
    """A PDF with every check, the digest of the result, and a place to sign."""
    # Imported lazily: the pages need it for a download only.
    from core.reports import Section, write_pdf

    began = datetime.fromisoformat(result.time)
    verdict = (
        "No check failed."
        if result.passed
        else f"FAILED: {len(result.failed)} of {len(result.checks)} checks."
    )
    facts = pd.DataFrame(
        {
            "Value": [
                verdict,
                f"{began:%Y-%m-%d %H:%M:%S %z}, {result.seconds:.1f} s",
                f"{PROGRAM} {result.version}",
                result.computer,
                result.model or "none",
            ]
        },
        index=["Result", "Time", "Program", "Computer", "Model that answers"],
    )
    table = pd.DataFrame(
        [(check.outcome, check.figure, check.sentence) for check in result.checks],
        columns=["Outcome", "Figure", "Meaning"],
        index=[check.name for check in result.checks],
    )
    signature = [
        f"SHA-256 of the result: {result.sha256}",
        f"Name: {result.by or LINE}",
        f"Date and signature: {LINE}",
        NOTICE,
    ]
    sections = [
        Section("Result", [facts]),
        Section("Checks", [table]),
        Section("Signature", signature, together=True),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "self-test.pdf"
        write_pdf(path, "Self-test", sections)
        return path.read_bytes()
