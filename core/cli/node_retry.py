"""`node retry`: results that were given up are sent again."""

import click

from core.dicom_node import retry_refused


@click.command()
def retry() -> None:
    """Send the results again that the receiver refused.

    After 20 refusals the node gives an object up and keeps it for --delete-failed days. Once the receiver
    stores such objects, this puts them back into the queue, of a node that runs or of its next start; where
    it still does not, they are given up after 20 more refusals.
    """
    count = retry_refused()
    print(f"{count:,} put back into the queue." if count else "Nothing was given up.")
