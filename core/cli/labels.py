"""`labels`: readers' reviews of the labels of a data set."""

import time
from pathlib import Path

import click
import numpy as np

from core.cli.output import Bar, as_json, print_json
from core.dataset import (
    OUTCOMES,
    Dataset,
    counting_reviews,
    label_reviews,
    open_dataset,
    review_counts,
    review_label,
    withdraw_reviews,
)
from core.errors import UserError

data_argument = click.argument("data", type=click.Path(path_type=Path))
reader_option = click.option("--reader", required=True, help="Who says so: name or e-mail address.")
reason_option = click.option("--reason", required=True, help="Why, in words.")


@click.group()
def labels() -> None:
    """Review the labels of a data set.

    Readers confirm, change or exclude labels, with name and reason. The data set itself is never changed. New
    runs train and validate on the reviewed labels.
    """


@labels.command("list")
@data_argument
@click.option("--all", "all_reviews", is_flag=True, help="Also reviews that no longer count.")
@as_json
def list_command(data: Path, all_reviews: bool, as_json: bool) -> None:
    """List the reviews of the labels in DATA.

    Of several reviews of an image the latest counts; all are kept.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    reviews = label_reviews(dataset.table)
    counting = counting_reviews(reviews)
    listed = reviews if all_reviews else counting
    if as_json:
        counts = listed["version"].isin(counting["version"])
        print_json(listed.assign(counts=counts).to_dict("records"))
        return
    if listed.empty:
        print(f"No label of {dataset.name} counts as reviewed.")
        return
    for review in listed.to_dict("records"):
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(review["time"]))
        change = f"{review['published']} → {review['outcome']}"
        print(f"{review['version']:>5}  {day}  {review['path']}  {change}")
        print(f"       {review['reader']}: {review['reason']}")
    print(f"Version {reviews['version'].iloc[-1]}. {review_counts(reviews)}")


@labels.command()
@data_argument
@click.argument("image")
@click.argument("label", type=click.Choice(OUTCOMES))
@reader_option
@reason_option
def review(data: Path, image: str, label: str, reader: str, reason: str) -> None:
    """Confirm or change the label of IMAGE, or exclude it.

    IMAGE is its path in DATA, as audit prints it, or its SHA-256. The label it has confirms it.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    version = review_label(dataset, _row(dataset, image), label, reader, reason)
    print(f"Kept as version {version} of the reviewed labels.")


@labels.command()
@data_argument
@click.argument("image")
@reader_option
@reason_option
def undo(data: Path, image: str, reader: str, reason: str) -> None:
    """Let the published label of IMAGE count again.

    Its reviews are kept.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    version = withdraw_reviews(dataset, _row(dataset, image), reader, reason)
    print(f"The published label counts again, from version {version} of the reviewed labels on.")


def _row(dataset: Dataset, image: str) -> int:
    """The row of an image by path or digest."""
    table = dataset.table
    rows = np.flatnonzero((table["path"] == image) | (table["sha256"] == image.lower()))
    if not len(rows):
        raise UserError(
            f"{image} is no image of {dataset.root}. Give its path below that folder, such as "
            f"{table['path'].iloc[0]}, or its SHA-256. An image that has since changed is another one."
        )
    return int(rows[0])
