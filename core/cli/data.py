"""Data sets: their contents and audit; importing, downloading, drawing and removing them."""

import sys
from pathlib import Path

import click

from core import atomic, dataset
from core.anatomy import possible_lung_checks
from core.cli.output import Bar, as_json, print_json
from core.config import CLASS_NAMES


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@as_json
def index(data: Path, as_json: bool) -> None:
    """Count images by split and class, and list problems."""
    opened = dataset.open_dataset(data, Bar("Decoding", "image"))
    counts = dataset.counts(opened)
    if as_json:
        problems = [{"path": item.path, "problem": item.message} for item in opened.problems]
        values = {"splits": counts, "problems": problems, "synthetic": opened.synthetic}
        print_json(values | ({"passed_over": opened.passed_over} if opened.passed_over else {}))
        return
    print(f"{opened.name}: {len(opened.table):,} images in {opened.root}")
    for split, by_label in counts.items():
        print(f"  {split:<6}" + "".join(f"{name:>11} {by_label[name]:>6,}" for name in CLASS_NAMES))
    for problem in opened.problems:
        print(f"  problem: {problem.path + ': ' if problem.path else ''}{problem.message}")
    for sentence in opened.passed_over:
        print(f"  {sentence}")
    if not opened.problems:
        print("  no problems found")


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--report", "file", type=click.Path(path_type=Path), help="Save the report as a Markdown file.")
@click.option(
    "--leave-out",
    type=click.Choice(["copies", "test-patients", "nothing"]),
    multiple=True,
    help="Leave these images out of training by default. Saved with the data set. May be repeated.",
)
@as_json
def audit(data: Path, file: Path | None, leave_out: tuple[str, ...], as_json: bool) -> None:
    """Check DATA for leakage, shortcuts and label errors.

    The checks include copies, patients in several splits, and differences between the classes in size,
    brightness, contrast and where the lungs are. The lungs are found once and stored with the data set; where
    that is impossible, the other checks are run.
    """
    opened = dataset.open_dataset(data, Bar("Decoding", "image"))
    if leave_out:
        exclusions = dataset.Exclusions("copies" in leave_out, "test-patients" in leave_out)
        dataset.save_exclusions(opened.root, exclusions)
    lung_checks, left_out = possible_lung_checks(opened, Bar("Finding lungs", "image"))
    findings = dataset.audit(opened, Bar("Auditing", "check"), lung_checks)
    if left_out:
        print(left_out, file=sys.stderr)
    if file:
        atomic.write_text(file, dataset.report(opened, findings, left_out))
    if as_json:
        print_json({finding.name: finding.to_json() for finding in findings})
        return
    for finding in findings:
        print(f"{finding.count:>6,}  {finding.title}")
        for line in finding.lines():
            print(f"        {line}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--images", default=dataset.DEFAULT_IMAGES, show_default=True, help="Number of images.")
@click.option(
    "--seed", default=0, show_default=True, help="Random seed; the same seed draws the same images."
)
def demo(folder: Path, images: int, seed: int) -> None:
    """Draw a synthetic data set into DIR.

    It is for trying the software: models trained on it are useless on real X-rays.
    """
    print(f"{images} synthetic images drawn in {dataset.write_synthetic_dataset(folder, images, seed)}")


@click.command()
@click.argument("name", type=click.Choice(["pneumoniamnist"]))
def fetch(name: str) -> None:
    """Download a public data set and import it under its name."""
    folder = dataset.download_pneumoniamnist(Bar("Downloading", "B"))
    print(f"{name} in {folder}\n{dataset.LICENCE}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the data set; by default, the name of the file.")
def import_file(file: Path, name: str | None) -> None:
    """Import FILE as a data set.

    FILE is a zip in the published layout, or a CSV table with the columns path,label[,split][,patient].
    """
    import_images = dataset.import_table if file.suffix.lower() == ".csv" else dataset.import_zip
    folder = import_images(file, name or file.stem, Bar("Importing", "file"))
    print(f"{sum(path.is_file() for path in folder.rglob('*')):,} files in {folder}")
    for sentence in dataset.passed_over_at_import(folder):
        print(sentence)


@click.command()
@click.option("--remove", metavar="NAME", help="Delete an imported or downloaded data set.")
@as_json
def sets(remove: str | None, as_json: bool) -> None:
    """List imported and downloaded data sets, or remove one.

    Your own folders are never touched.
    """
    if remove:
        dataset.remove_imported_set(remove)
    folders = [str(folder) for folder in dataset.list_imported_sets()]
    if as_json:
        print_json(folders)
    else:
        print("\n".join(folders) or "No data sets have been imported yet.")
