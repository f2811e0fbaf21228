"""`index`, `audit` and `demo`: what a data set holds, what is wrong with it, and a synthetic one."""

from pathlib import Path

import click

from core import atomic
from core.cli.output import Bar, as_json, print_json
from core.config import CLASS_NAMES
from core.dataset import audit as find
from core.dataset import counts, open_dataset, report, write_demo
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
@as_json
def audit(data: Path, file: Path | None, as_json: bool) -> None:
    """Look for what is wrong with DATA or will deceive who trains on it: copies, patients, shortcuts ..."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    findings = find(dataset, Bar("Auditing", "look"))
    if file:
        atomic.write_text(file, report(dataset, findings))
    if as_json:
        print_json({finding.name: finding.to_json() for finding in findings})
        return
    for finding in findings:
        print(f"{finding.count:>6,}  {finding.title}")
        for name, value in finding.facts.items():
            shown = f"{value:.3f}" if isinstance(value, float) else value
            print(f"        {name.replace('_', ' ')}: {shown}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--images", default=IMAGES, show_default=True, help="How many to draw.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same set.")
def demo(folder: Path, images: int, seed: int) -> None:
    """Draw a synthetic set into DIR, in the published layout, for trying the software."""
    print(f"{images} synthetic images drawn in {write_demo(folder, images, seed)}")
