"""`node`: receives images from a PACS by DICOM and sends results back."""

import logging
import os
import signal
import socket
import threading
import warnings
from pathlib import Path

import click

from core.cli.node_receivers import ae_title, receivers
from core.cli.node_retry import retry
from core.cli.node_rules import rules
from core.cli.output import as_json, print_json
from core.config import environment
from core.dicom_node import (
    DEFAULT_RESULTS,
    NodeSettings,
    NodeStatus,
    ScpSettings,
    node_folder,
    node_status,
    run_node,
    tls_context,
)
from core.errors import UserError
from core.reports import KINDS

PEM = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(invoke_without_command=True)
@click.option("--aet", default="PNEUMONIA", show_default=True, help="AE title of the node.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=11112,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--allow",
    "allowed",
    metavar="AET=HOST",
    multiple=True,
    help="AE title that may send, and its host. May be repeated.",
)
@click.option(
    "--send-to",
    "remotes",
    metavar="AET@HOST:PORT|URL[=KIND,...]",
    multiple=True,
    help="Remote AE or DICOMweb server for the results, or for some kinds. May be repeated.",
)
@click.option(
    "--result",
    "results",
    type=click.Choice(KINDS),
    multiple=True,
    default=DEFAULT_RESULTS,
    show_default=True,
    help="Kind of object to send, unless --send-to names others. May be repeated.",
)
@click.option("--readings", is_flag=True, help="Also send what readers say of a result on the page.")
@click.option(
    "--tls",
    nargs=3,
    metavar="CERT KEY CA",
    type=PEM,
    help="PEM files for mutual TLS: both sides present a certificate signed by CA.",
)
@click.option(
    "--study-timeout",
    type=click.FloatRange(0, 600),
    default=2.0,
    show_default=True,
    help="Seconds without a new image after which a study is complete and processed.",
)
@click.option("--keep", is_flag=True, help="Keep images and results after delivery.")
@click.option(
    "--delete-failed",
    "delete_failed",
    metavar="DAYS",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="Days after which an image that failed or was given up is deleted; 0 keeps it.",
)
@click.option("--log", "log_results", is_flag=True, help="Record results in the audit log.")
@click.option("--status", is_flag=True, help="Show what the node has done so far and exit.")
@as_json
@click.pass_context
def node(
    context: click.Context,
    aet: str,
    host: str,
    port: int,
    allowed: tuple[str, ...],
    remotes: tuple[str, ...],
    results: tuple[str, ...],
    readings: bool,
    tls: tuple[Path, Path, Path] | None,
    study_timeout: float,
    keep: bool,
    delete_failed: float,
    log_results: bool,
    status: bool,
    as_json: bool,
) -> int:
    """Receive images from a PACS by DICOM and send results back.

    The node runs until Ctrl-C. Images are on disk before they are acknowledged: however the node ends, the
    next start continues.
    """
    if context.invoked_subcommand:
        return 0
    if status:
        return _print_status(node_status(), as_json)
    if host not in environment.LOOPBACK and not allowed:
        raise UserError(
            f"Anyone who can reach {host} could send images. Name the allowed senders with --allow AET=HOST."
        )
    server_tls = tls_context(*tls, server=True) if tls else None
    client_tls = tls_context(*tls, server=False) if tls else None
    scp = ScpSettings(ae_title(aet), host, port, _allowed(allowed), server_tls)
    targets = receivers(remotes, results)
    if readings and not targets:
        raise UserError("--readings has no receiver. Name one with --send-to.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _configure_logging()

    def ready(listening_port: int) -> None:
        names = ", ".join(map(str, targets))
        fate = f"sent to {names}" if names else "kept until --send-to names a receiver"
        print(f"{aet} listens on {host}:{listening_port}; results are {fate}", flush=True)

    settings = NodeSettings(
        scp,
        targets,
        client_tls,
        results,
        readings,
        study_timeout,
        keep,
        log_results=log_results,
        delete_failed=delete_failed,
    )
    run_node(settings, stop, ready)
    os._exit(0)  # threads of pynetdicom would wait for silent peers; they hold nothing to save


node.add_command(rules)
node.add_command(retry)


def _configure_logging() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("pneumonia.node").setLevel(logging.INFO)
    for library in ("pynetdicom", "pydicom", "dicomweb_client", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # their messages may identify a patient
    warnings.simplefilter("ignore")


def _allowed(entries: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """IP addresses by AE title."""
    allowed: dict[str, frozenset[str]] = {}
    for entry in entries:
        title, separator, host = entry.partition("=")
        if not separator or not host:
            raise UserError(f"--allow {entry!r} is not AET=HOST, such as ORTHANC=10.0.0.5.")
        title = ae_title(title)
        try:
            addresses = {str(item[4][0]) for item in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except OSError as error:
            raise UserError(f"--allow {entry!r}: the host {host!r} is unknown.") from error
        allowed[title] = allowed.get(title, frozenset()) | addresses
    return allowed


def _print_status(status: NodeStatus | None, as_json: bool) -> int:
    if as_json:
        print_json((status or NodeStatus()).to_json())
        return 0
    if status is None:
        print(f"No node has been started here: there is no queue in {node_folder()}.")
        return 0
    print(
        f"Received {status.received:,}, processed {status.processed:,}, delivered {status.delivered:,}, "
        f"pending {status.pending:,}, failed {status.failed:,}"
    )
    if status.ignored or status.in_shadow:
        findings = "".join(f"; {finding} {count:,}" for finding, count in status.shadow_findings.items())
        print(f"By rules: ignored {status.ignored:,}, in shadow {status.in_shadow:,}{findings}")
    if status.readings or status.sent_readings:
        print(f"Readers' findings: delivered {status.sent_readings:,}, pending {status.readings:,}")
    if status.deleted:
        print(f"Of the images that failed or were given up, {status.deleted:,} have been deleted")
    for reason, count in status.reasons.items():
        print(f"Failed {count:,}: {reason}")
    for reason, count in status.refusals.items():
        print(f"Given up {count:,}: {reason}. `node retry` sends again what is not deleted")
    if status.errors:
        counts = ", ".join(f"{activity} {count:,}" for activity, count in status.errors.items())
        print(f"Unexpected errors in the last 24 hours, of which the log tells more: {counts}")
    if status.delivery_error:
        print(f"Delivery failed: {status.delivery_error}.")
    return 0
