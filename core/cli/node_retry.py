"""`node retry`: what was given up is tried again."""

import click

from core.dicom_node import retry_given_up


@click.command()
def retry() -> None:
    """Try again what was given up.

    After 20 refusals the node gives an object up and keeps it for --delete-failed days; so it does after 20
    unexpected errors with an image. Once the reason is gone, this puts them back into the queue, of a node
    that runs or of its next start; where it is not, they are given up again in the same way.
    """
    count = retry_given_up()
    print(f"{count:,} put back into the queue." if count else "Nothing was given up.")
