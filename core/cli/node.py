"""`node`: films from an archive by DICOM, findings back to it."""

import logging
import os
import signal
import socket
import threading
import warnings
from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import as_json, print_json
from core.diagnosis import NodeStatus, node_folder, node_status
from core.errors import UserError

LOCAL = ("127.0.0.1", "::1", "localhost")
PEM = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--aet", default="PNEUMONIA", show_default=True, help="AE title of the node.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=11112, show_default=True)
@click.option(
    "--allow",
    "allowed",
    metavar="AET=HOST",
    multiple=True,
    help="Who may send, under which name and from where; given once or more often.",
)
@click.option("--return-to", "archive", metavar="AET@HOST:PORT", help="The archive that gets the results.")
@click.option(
    "--tls",
    nargs=3,
    metavar="CERT KEY CA",
    type=PEM,
    help="PEM files: both sides show a certificate that CA signed, whoever connects.",
)
@click.option(
    "--quiet",
    type=click.FloatRange(0, 600),
    default=2.0,
    show_default=True,
    help="Seconds without a further film after which a study is answered.",
)
@click.option("--keep", is_flag=True, help="Keep films and results after they were delivered.")
@click.option("--status", "status", is_flag=True, help="Say what the node has done so far, and end.")
@as_json
def node(
    aet: str,
    host: str,
    port: int,
    allowed: tuple[str, ...],
    archive: str | None,
    tls: tuple[Path, Path, Path] | None,
    quiet: float,
    keep: bool,
    status: bool,
    as_json: bool,
) -> int:
    """Take films from a PACS by DICOM, judge them, and return findings to it, until Ctrl-C.

    What was acknowledged is on disk: whatever ends the node, the next start goes on.
    """
    if status:
        return _say(node_status(), as_json)
    # Imported here: pynetdicom and the engine take a second, and the status does without.
    from core.diagnosis.node import NodeSettings, run_node
    from core.diagnosis.node_delivery import Archive
    from core.diagnosis.node_server import Listening, tls_context

    if host not in LOCAL and not allowed:
        raise UserError(f"Whoever reaches {host} could send films. Name who may by --allow AET=HOST.")
    receives = tls_context(*tls, server=True) if tls else None
    sends = tls_context(*tls, server=False) if tls else None
    listening = Listening(_title(aet), host, port, _allowed(allowed), receives)
    target = Archive(*_address(archive)) if archive else None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("pneumonia.node").setLevel(logging.INFO)
    for library in ("pynetdicom", "pydicom"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # they would write who sent what
    warnings.simplefilter("ignore")

    def ready(found: int) -> None:
        where = (
            f"; results go to {target}" if target else "; results are kept until --return-to names an archive"
        )
        print(f"{aet} listens on {host}:{found}{where}", flush=True)

    run_node(NodeSettings(listening, target, sends, quiet, keep), stop, ready)
    os._exit(0)  # pynetdicom's threads would wait for peers that say nothing; nothing of theirs is kept


def _title(text: str) -> str:
    """An AE title as DICOM has it."""
    if not (text.isascii() and text.isprintable() and "\\" not in text and 0 < len(text.strip()) <= 16):
        raise UserError(f"{text!r} is no AE title: up to 16 letters, digits and signs.")
    return text.strip()


def _allowed(entries: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Addresses by AE title."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        title, separator, host = entry.partition("=")
        if not separator or not host:
            raise UserError(f"--allow {entry!r} is not AET=HOST, such as ORTHANC=10.0.0.5.")
        title = _title(title)
        try:
            addresses = {item[4][0] for item in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except OSError as error:
            raise UserError(f"--allow {entry!r}: there is no host {host!r}.") from error
        found[title] = found.get(title, frozenset()) | addresses
    return found


def _address(text: str) -> tuple[str, str, int]:
    title, _, place = text.partition("@")
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError(f"--return-to {text!r} is not AET@HOST:PORT, such as ORTHANC@10.0.0.5:4242.")
    return _title(title), host, int(port)


def _say(found: NodeStatus | None, as_json: bool) -> int:
    if as_json:
        print_json(asdict(found or NodeStatus()))
        return 0
    if found is None:
        print(f"No node was started here: there is nothing in {node_folder()}.")
        return 0
    print(
        f"received {found.received:,}, judged {found.judged:,}, delivered {found.delivered:,}, "
        f"waiting {found.waiting:,}, failed {found.failed:,}"
    )
    for reason, count in found.reasons.items():
        print(f"Failed {count:,}: {reason}")
    if found.trouble:
        print(f"Not returned: {found.trouble}")
    return 0
