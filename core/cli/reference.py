"""`reference`: the training images as a model sees them, which new images are compared with."""

from pathlib import Path

import click

from core.cli.output import Bar
from core.dataset import open_dataset
from core.inference import save_reference
from core.registry import RETIRED, list_models
from core.runs import open_run


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the data set, if it has moved.")
@click.option("--lungs", is_flag=True, help="Only renew what depends on the lung network.")
def reference(run: str, folder: Path | None, data: Path | None, lungs: bool) -> None:
    """Compute the out-of-distribution references of RUN.

    A reference describes the training images as a model sees them; new images are compared with it. Training
    does this automatically; only runs from older versions need it, once. With --lungs, only the part of
    existing references that depends on the lung network is renewed, in minutes: run it after `train-lungs`.
    A registered model keeps its reference until it is promoted again, as a new version.
    """
    opened = open_run(run, folder)
    dataset = open_dataset(data or opened.settings().data, Bar("Decoding", "image"))
    for stage in sorted(map(int, opened.results.evaluation())):
        needed = opened.reference_path(stage) if lungs else opened.weights_path(stage)
        if needed.exists():
            save_reference(opened, stage, dataset, Bar(f"Stage {stage}", "image"), only_lungs=lungs)
    print(f"Saved in {opened.path / 'references'}")
    outdated = [item for item in list_models() if item.state != RETIRED and item.reference_renewed]
    if outdated:
        titles = ", ".join(f"{item.title} ({item.state})" for item in outdated)
        print(f"Registered models never change, so these keep their earlier reference: {titles}.")
        print(f"To use the new one, promote again: python -m core models promote {outdated[0].title}")
