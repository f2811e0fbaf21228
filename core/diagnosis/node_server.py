"""The DICOM node's ear: C-ECHO and C-STORE by pynetdicom, guarded against silent, slow and hostile peers.

pynetdicom caps neither what a peer announces to send nor the time it takes for it, and it shakes hands
in TLS before it accepts anybody else. So each connection's `recv` is ours, and handshakes are made in the
connection's own thread.
"""

import errno
import logging
import sqlite3
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import pydicom
from pydicom import uid as uids
from pydicom.filereader import read_dataset
from pynetdicom import AE, evt
from pynetdicom.dsutils import create_file_meta, encode_file_meta
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
    Verification,
)
from pynetdicom.transport import AssociationSocket

from core.diagnosis.dicom_objects import MAKER
from core.diagnosis.node_queue import FilmQueue
from core.errors import UserError

FILMS = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
)
SYNTAXES = (  # all but the deflated one, which can hide any amount behind a few bytes
    uids.ExplicitVRLittleEndian,
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.JPEGBaseline8Bit,
    uids.JPEGExtended12Bit,
    uids.JPEGLossless,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEGLSNearLossless,
    uids.JPEG2000Lossless,
    uids.JPEG2000,
    uids.RLELossless,
)
HEADER = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "Manufacturer")
PIXELS = 0x7FE00008  # the first tag of pixel data of any kind
PDU = 131_072  # bytes that we ask peers to send at a time: a third faster than pynetdicom's 16 KiB
MOST_PDU = 2**20  # bytes that are read at a time, whatever a peer says
PIECE = 2**16  # bytes that are asked of the system at a time
MOST_FILM = 100 * 2**20  # bytes
MOST_AT_ONCE = 150 * 2**20  # bytes of unfinished films of all peers together
MOST_CONNECTIONS = 100
PDU_S = 10.0  # for a PDU to arrive once it has begun, and for a handshake
SILENT_S = 30.0  # between two PDUs
CLOSING_S = 2.0

SUCCESS, OUT_OF_RESOURCES, MISMATCH, UNREADABLE = 0x0000, 0xA700, 0xA900, 0xC000
NOT_KNOWN = (1, 1, 3)  # A-ASSOCIATE-RJ: permanent, by the user, calling AE title not recognised

log = logging.getLogger("pneumonia.node")


@dataclass(frozen=True)
class Listening:
    """How a node listens.

    Attributes:
        aet: its AE title.
        host, port: where; a port of 0 takes a free one.
        allowed: addresses by AE title; empty lets everybody who reaches it send.
        tls: what wraps connections; None for none.
    """

    aet: str
    host: str = "127.0.0.1"
    port: int = 11112
    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None


class NodeServer:
    """Takes films for a queue, until it is closed.

    Raises:
        UserError: the port is taken or may not be used.
    """

    def __init__(self, listening: Listening, queue: FilmQueue):
        self._allowed, self._queue = listening.allowed, queue
        self._in_flight = InFlight()
        entity = AE(listening.aet)
        entity.maximum_pdu_size = PDU
        entity.maximum_associations = MOST_CONNECTIONS
        entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = PDU_S, SILENT_S, SILENT_S
        entity.require_called_aet = True
        entity.add_supported_context(Verification)
        for film in FILMS:
            entity.add_supported_context(film, list(SYNTAXES))
        handlers = [
            (evt.EVT_CONN_OPEN, self._on_connection),
            (evt.EVT_CONN_CLOSE, self._on_close),
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_C_STORE, self._on_store),
        ]
        try:
            self._server = entity.start_server(
                (listening.host, listening.port), False, listening.tls, handlers
            )
        except OSError as error:
            raise UserError(
                f"The node cannot listen on {listening.host}:{listening.port}: {error.strerror}. Choose "
                "another by --host and --port."
            ) from error
        self.port: int = self._server.server_address[1]

    def close(self) -> None:
        """Stop listening, and cut off who is still sending: what was not acknowledged is sent again."""
        for association in self._server.active_associations:
            association.abort()
        closing = threading.Thread(target=self._server.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSING_S)  # pynetdicom waits without bound

    def _on_connection(self, event: evt.Event) -> None:
        """Send away who may not come, shake hands, and guard what is read."""
        association = event.assoc
        address = event.address[0]
        known = not self._allowed or any(address in hosts for hosts in self._allowed.values())
        connection = association.dul.socket
        connection.recv = Guard(connection, self._in_flight).recv
        if not known or len(self._server.active_associations) > MOST_CONNECTIONS:
            log.warning("refused a connection from %s", address)
            connection.close()
        elif isinstance(connection.socket, ssl.SSLSocket):
            try:
                connection.socket.settimeout(PDU_S)
                connection.socket.do_handshake()
            except OSError as error:
                log.warning("no handshake with %s: %s", address, error)
                connection.close()

    def _on_close(self, event: evt.Event) -> None:
        self._in_flight.forget(event.assoc.dul.socket)

    def _on_request(self, event: evt.Event) -> None:
        """Let allowed AE titles alone come, each from its own addresses."""
        association = event.assoc
        title, address = association.requestor.primitive.calling_ae_title, association.requestor.address
        if self._allowed and address not in self._allowed.get(title, ()):
            log.warning("refused %r from %s", title, address)
            association.acse.send_reject(*NOT_KNOWN)
            association.kill()

    def _on_store(self, event: evt.Event) -> int:
        """Keep a film before it is acknowledged."""
        self._in_flight.forget(event.assoc.dul.socket)
        request = event.request
        sender = event.assoc.requestor.ae_title
        try:
            header = _header(event)
            uid, study, kind = map(str, (header.SOPInstanceUID, header.StudyInstanceUID, header.SOPClassUID))
            maker = str(header.get("Manufacturer", None) or "")
        except Exception as error:  # whatever a damaged header makes pydicom raise
            log.warning("refused a data set of %s that cannot be read: %s", sender, type(error).__name__)
            return UNREADABLE
        if not uid or not study:
            return UNREADABLE
        if uid != request.AffectedSOPInstanceUID or kind != request.AffectedSOPClassUID:
            return MISMATCH
        if maker == MAKER or self._queue.is_result(uid):
            return SUCCESS  # our own, come back: taken, and never judged
        meta = create_file_meta(
            sop_class_uid=request.AffectedSOPClassUID,
            sop_instance_uid=request.AffectedSOPInstanceUID,
            transfer_syntax=event.context.transfer_syntax,
        )
        start = bytes(128) + b"DICM" + encode_file_meta(meta)
        try:
            self._queue.store(uid, study, sender, (start, request.DataSet.getbuffer()))
        except (UserError, OSError, sqlite3.Error) as error:
            log.error("a film of %s could not be kept: %s", sender, error)
            return OUT_OF_RESOURCES
        return SUCCESS


def _header(event: evt.Event) -> pydicom.Dataset:
    """The few attributes of a data set that say what it is; nothing else of it is looked at."""
    syntax = uids.UID(event.context.transfer_syntax)
    stream = event.request.DataSet
    stream.seek(0)
    return read_dataset(
        stream,
        syntax.is_implicit_VR,
        syntax.is_little_endian,
        stop_when=lambda tag, *_: tag >= PIXELS,
        specific_tags=[pydicom.datadict.tag_for_keyword(name) for name in HEADER],
    )


class InFlight:
    """Bytes of films that have not arrived whole, by connection."""

    def __init__(self):
        self._bytes = WeakKeyDictionary()
        self._changing = threading.Lock()

    def add(self, connection: AssociationSocket, count: int) -> None:
        """Raises OSError when that is too much, of one or of all."""
        with self._changing:
            mine = self._bytes.get(connection, 0) + count
            together = sum(self._bytes.values()) + count
            if mine > MOST_FILM or together > MOST_AT_ONCE:
                raise OSError(errno.EMSGSIZE, "too many bytes at once")
            self._bytes[connection] = mine

    def forget(self, connection: AssociationSocket) -> None:
        """A film has arrived, or its connection is gone."""
        with self._changing:
            self._bytes.pop(connection, None)


class Guard:
    """Reads of one connection, with a cap and a deadline."""

    def __init__(self, connection: AssociationSocket, in_flight: InFlight):
        self._connection, self._in_flight = connection, in_flight

    def recv(self, count: int) -> bytearray:
        """As `AssociationSocket.recv`: that many bytes, or fewer where the peer has gone.

        Raises:
            OSError: it would be too many, or they did not come in time; pynetdicom closes the connection.
        """
        peer = self._connection.socket
        if peer is None:
            raise OSError(errno.ENOTCONN, "closed")
        if count > MOST_PDU:
            raise OSError(errno.EMSGSIZE, f"a PDU of {count} bytes")
        self._in_flight.add(self._connection, count)
        deadline = time.monotonic() + PDU_S
        found = bytearray()
        while len(found) < count:
            peer.settimeout(max(0.001, deadline - time.monotonic()))
            piece = peer.recv(min(PIECE, count - len(found)))
            if not piece:
                break
            found += piece
        peer.settimeout(PDU_S)  # for what we send
        return found


class LateHandshake(ssl.SSLContext):
    """A context whose connections shake hands when they are told to, not before anybody else is accepted."""

    def wrap_socket(self, sock, **kwargs) -> ssl.SSLSocket:
        """As SSLContext's, without the handshake on a connection that was accepted."""
        if kwargs.get("server_side"):
            kwargs["do_handshake_on_connect"] = False
        return super().wrap_socket(sock, **kwargs)


def tls_context(certificate: Path, key: Path, authority: Path, server: bool) -> ssl.SSLContext:
    """Mutual TLS: both sides show a certificate that the authority signed.

    Raises:
        UserError: a file is missing or is no PEM.
    """
    context = LateHandshake(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"{certificate}, {key} and {authority} cannot be used for TLS: {error.strerror or error}. "
            "Each must be a PEM file, and the key must belong to the certificate."
        ) from error
    return context
