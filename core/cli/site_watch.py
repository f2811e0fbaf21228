"""`site watch` and `site reports`: whether results stay as they were, and agree with what came later."""

import sys

import click

from core.cli.diagnosis import default_model
from core.cli.output import as_json, print_json
from core.cli.site_source import Source, source_options
from core.monitor import RED, compare_with_reports, tell_change, watch
from core.site import MISSED, measured_set


@click.command("watch")
@click.option("--tell", is_flag=True, help="Tell webhook and mail if the light has turned.")
@as_json
def watch_site(tell: bool, as_json: bool) -> int:
    """Show whether the active model's results stay as they were.

    The last results in the audit log, in blocks of 50, are compared with the first 100: how many found
    pneumonia, were withheld or came with a warning; and their scores, grey levels and lungs, and how far from
    the training images they are, with the local images that the model was accepted on (`site accept`) or set
    on (`--save`), if there are some. The light is red if one of the last two blocks differs by far more than
    chance explains, or if they withhold more than `site criteria` allows; amber if both differ somewhat, in
    the same direction. It shows
    that something has changed, not whether results are right; the rates that the probabilities lead to
    expect are no proof either. With --tell, the webhook in
    PNEUMONIA_STUDIO_WEBHOOK and the addresses in PNEUMONIA_STUDIO_MAIL_TO (by PNEUMONIA_STUDIO_MAIL_SERVER)
    are told of a light that is not the one told before: let cron run that. The exit code is 1 if the light is
    red.
    """
    model = default_model()
    measured = measured_set(model.identity)
    watched = watch(str(model.identity), temperature=model.record.temperature, measured=measured)
    if as_json:
        print_json(watched.values())
    else:
        for sentence in [watched.headline(), watched.baseline(), *watched.sentences()]:
            print(sentence)
    if tell:
        print(tell_change(watched), file=sys.stderr if as_json else sys.stdout)
    return 1 if watched.light == RED else 0


@click.command("reports")
@source_options
@as_json
def compare_reports(source: Source, as_json: bool) -> int:
    """Compare results in the audit log with labels that came later.

    SOURCE is as for `site measure`: a table with a column of paths and one of labels, such as what reports
    said, or a folder. No image is read again: the active model's last result of each is found by the digest
    of its file. Without a file there is no match; the log holds no accession numbers and no names. The exit
    code is 1 if a criterion of `site criteria` is missed.
    """
    compared = compare_with_reports(source.open(), str(default_model().identity))
    if as_json:
        print_json(compared.values())
    else:
        for sentence in compared.sentences():
            print(sentence)
    return 1 if any(outcome.result == MISSED for outcome in compared.outcomes) else 0
