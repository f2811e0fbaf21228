"""`node rules`: which images the DICOM node reads, and what it would do with some files."""

from pathlib import Path

import click

from core.cli.output import as_json, print_json
from core.dicom_node import read_rules, rules_path
from core.disk import explained


@click.command()
@click.option(
    "--try",
    "files",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="DICOM file to try the rules on. May be repeated.",
)
@as_json
def rules(files: tuple[Path, ...], as_json: bool) -> None:
    """Show the node's rules, or try them on files.

    They are in node/rules.toml in the home. The first rule whose conditions all hold decides whether an image
    is judged, ignored, or judged in shadow: read, but not answered. An image that none applies to is judged.
    """
    current = read_rules(rules_path())
    tried = []
    for file in files:
        try:
            action, number = current.decision(file.read_bytes())
        except OSError as error:
            raise explained(error, file) from error
        tried.append({"file": str(file), "action": action, "rule": number})
    if as_json:
        print_json(tried if files else [vars(rule) for rule in current.rules])
        return
    if files:
        for item in tried:
            by = f"rule {item['rule']}" if item["rule"] else "no rule applies"
            print(f"{item['file']}: {item['action']} ({by})")
        return
    for number, rule in enumerate(current.rules, start=1):
        print(f"{number}. {rule}")
    if not current.rules:
        print(f"There are no rules in {rules_path()}: every image is judged.")
