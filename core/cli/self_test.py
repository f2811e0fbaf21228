"""`self-test`: whether this computer gives the recorded answers."""

import json
from pathlib import Path

import click

from core import atomic
from core.errors import UserError
from core.self_test import is_unchanged, run_self_test, self_test_pdf

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("self-test")
@click.option("--json", "json_file", metavar="FILE", type=FILE, help="Also write the result as JSON.")
@click.option("--pdf", "pdf_file", metavar="FILE", type=FILE, help="Also write the result as a PDF to file.")
@click.option("--by", metavar="NAME", default="", help="Who signs the result.")
@click.option(
    "--verify", metavar="FILE", type=FILE, help="Only check that the JSON of a result was not changed."
)
def self_test(json_file: Path | None, pdf_file: Path | None, by: str, verify: Path | None) -> int:
    """Check that this computer gives the recorded answers.

    Golden images go through a file, the API and a DICOM node; then what the program needs is checked:
    versions, precision, disk, clock, permissions and memory. A model whose golden images no longer agree does
    not answer any more. The exit code is 1 if a check failed.
    """
    if verify:
        return _verify(verify)
    result = run_self_test(by)
    width = max(len(check.name) for check in result.checks)
    for check in result.checks:
        print(f"{check.outcome:<12}{check.name:<{width + 2}}{check.figure}  {check.sentence}")
    print(f"SHA-256 of the result: {result.sha256}")
    if json_file:
        atomic.write_json(json_file, result.to_json())
    if pdf_file:
        with atomic.replacing(pdf_file) as temporary:
            temporary.write_bytes(self_test_pdf(result))
    return 0 if result.passed else 1


def _verify(path: Path) -> int:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}.") from error
    if not is_unchanged(content):
        print(f"{path} was changed, or is not the result of a self-test.")
        return 1
    print(f"{path} is as the self-test wrote it.")
    return 0
