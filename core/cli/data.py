"""Data sets: what one holds and what is wrong with it; importing, fetching, drawing and removing sets."""

from pathlib import Path

import click

from core import atomic
from core.cli.output import Bar, as_json, print_json
from core.config import CLASS_NAMES
from core.dataset import (
    LICENCE,
    Choices,
    choose,
    counts,
    fetch_pneumoniamnist,
    import_table,
    import_zip,
    list_sets,
    open_dataset,
    remove_set,
    report,
    write_demo,
)
from core.dataset import audit as find
from core.dataset.demo import IMAGES


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@as_json
def index(data: Path, as_json: bool) -> None:
    """Count the images of DATA by split and class, and list every problem found."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    if as_json:
        problems = [{"path": item.path, "problem": item.message} for item in dataset.problems]
        print_json({"splits": counts(dataset), "problems": problems, "synthetic": dataset.synthetic})
        return
    print(f"{dataset.name}: {len(dataset.table):,} images in {dataset.root}")
    for split, by_label in counts(dataset).items():
        print(f"  {split:<6}" + "".join(f"{name:>11} {by_label[name]:>6,}" for name in CLASS_NAMES))
    for problem in dataset.problems:
        print(f"  problem: {problem.path + ': ' if problem.path else ''}{problem.message}")
    if not dataset.problems:
        print("  no problems found")


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--report", "file", type=click.Path(path_type=Path), help="Keep the report as a Markdown file.")
@click.option(
    "--leave-out",
    type=click.Choice(["copies", "test-patients", "nothing"]),
    multiple=True,
    help="Keep with the set what its runs leave out of training; once or more often.",
)
@as_json
def audit(data: Path, file: Path | None, leave_out: tuple[str, ...], as_json: bool) -> None:
    """Look for what is wrong with DATA or will deceive who trains on it: copies, patients, shortcuts ..."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    if leave_out:
        choose(dataset.root, Choices("copies" in leave_out, "test-patients" in leave_out))
    findings = find(dataset, Bar("Auditing", "look"))
    if file:
        atomic.write_text(file, report(dataset, findings))
    if as_json:
        print_json({finding.name: finding.to_json() for finding in findings})
        return
    for finding in findings:
        print(f"{finding.count:>6,}  {finding.title}")
        for line in finding.lines():
            print(f"        {line}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--images", default=IMAGES, show_default=True, help="How many to draw.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same set.")
def demo(folder: Path, images: int, seed: int) -> None:
    """Draw a synthetic set into DIR, in the published layout, for trying the software."""
    print(f"{images} synthetic images drawn in {write_demo(folder, images, seed)}")


@click.command()
@click.argument("name", type=click.Choice(["pneumoniamnist"]))
def fetch(name: str) -> None:
    """Download a public set and keep it under its name."""
    folder = fetch_pneumoniamnist(Bar("Downloading", "B"))
    print(f"{name} in {folder}\n{LICENCE}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Of the set; the file's if not given.")
def import_file(file: Path, name: str | None) -> None:
    """Import FILE: a zip in the published layout, or a CSV table with path,label[,split][,patient]."""
    take = import_table if file.suffix.lower() == ".csv" else import_zip
    folder = take(file, name or file.stem, Bar("Importing", "entry"))
    print(f"{sum(path.is_file() for path in folder.rglob('*')):,} files in {folder}")


@click.command()
@click.option("--remove", metavar="NAME", help="Delete an imported or fetched set.")
@as_json
def sets(remove: str | None, as_json: bool) -> None:
    """List the sets that were imported or fetched, or remove one; folders of your own are never touched."""
    if remove:
        remove_set(remove)
    found = [str(folder) for folder in list_sets()]
    if as_json:
        print_json(found)
    else:
        print("\n".join(found) or "No set has been imported yet.")
