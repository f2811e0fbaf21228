"""Storage SCP of the DICOM node: answers C-ECHO and C-STORE, and limits silent, slow and hostile peers."""

import logging
import sqlite3
import ssl
import threading
from io import BytesIO
from typing import BinaryIO, cast

import pydicom
from pydicom import uid as uids
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import create_file_meta, encode_file_meta
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AssociationSocket

from core.dicom_node.queue import ImageQueue
from core.dicom_node.receive_limits import PDU_TIMEOUT_S, LimitedReceiver, UnfinishedBytes
from core.dicom_node.settings import ScpSettings
from core.errors import UserError
from core.images import decoded_text
from core.reports import MANUFACTURER

IMAGE_CLASSES = (
    uids.ComputedRadiographyImageStorage,
    uids.DigitalXRayImageStorageForPresentation,
    uids.SecondaryCaptureImageStorage,
)
TRANSFER_SYNTAXES = (  # without the deflated one: a few bytes of it may expand to any size
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
VERIFICATION = uids.UID("1.2.840.10008.1.1")  # SOP class of C-ECHO
HEADER = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "Manufacturer")
FIRST_PIXEL_TAG = 0x7FE00008  # the first tag of pixel data of any kind
PDU_BYTES = 131_072  # requested from peers: a third faster than pynetdicom's default of 16 KiB
MAX_CONNECTIONS = 100
IDLE_TIMEOUT_S = 30.0  # between two PDUs
CLOSE_TIMEOUT_S = 2.0

SUCCESS, OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xA900, 0xC000
UNKNOWN_CALLING_AET = (1, 1, 3)  # A-ASSOCIATE-RJ: permanent, by the user, calling AE title not recognised

log = logging.getLogger("pneumonia.node")


class StorageSCP:
    """Receives images into a queue until it is closed.

    Raises:
        UserError: the node cannot listen on the address.
    """

    def __init__(self, settings: ScpSettings, queue: ImageQueue) -> None:
        self._allowed, self._queue = settings.allowed, queue
        self._unfinished = UnfinishedBytes()
        entity = AE(settings.aet)
        entity.maximum_pdu_size = PDU_BYTES
        entity.maximum_associations = MAX_CONNECTIONS
        entity.acse_timeout = PDU_TIMEOUT_S
        entity.dimse_timeout = entity.network_timeout = IDLE_TIMEOUT_S
        entity.require_called_aet = True
        entity.add_supported_context(VERIFICATION)
        for sop_class in IMAGE_CLASSES:
            entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
        handlers = [
            (evt.EVT_CONN_OPEN, self._on_connection),
            (evt.EVT_CONN_CLOSE, self._on_close),
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_C_STORE, self._on_store),
        ]
        address = (settings.host, settings.port)
        try:
            server = entity.start_server(address, False, settings.tls, handlers)
        except OSError as error:
            raise UserError(
                f"The node cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose "
                "another address with --host and --port."
            ) from error
        assert server is not None  # None only for a server that blocks
        self._server = server
        self.port: int = self._server.server_address[1]

    def close(self) -> None:
        """Stop listening and abort associations: senders repeat what was not acknowledged."""
        for association in self._server.active_associations:
            association.abort()
        shutdown = threading.Thread(target=self._server.shutdown, daemon=True)
        shutdown.start()
        shutdown.join(CLOSE_TIMEOUT_S)  # pynetdicom waits without a limit

    def _on_connection(self, event: evt.Event) -> None:
        """Close connections from unknown addresses, do the TLS handshake, and limit what is received."""
        address = event.address[0]  # pyright: ignore[reportAttributeAccessIssue]  # of this event only
        known = not self._allowed or any(address in hosts for hosts in self._allowed.values())
        connection = _connection(event)
        receiver = LimitedReceiver(connection, self._unfinished)
        connection.recv = receiver.recv  # pyright: ignore[reportAttributeAccessIssue]  # replaces a method
        if not known or len(self._server.active_associations) > MAX_CONNECTIONS:
            log.warning("refused a connection from %s", address)
            connection.close()
        elif isinstance(connection.socket, ssl.SSLSocket):
            try:
                connection.socket.settimeout(PDU_TIMEOUT_S)
                connection.socket.do_handshake()
            except OSError as error:
                log.warning("TLS handshake with %s failed: %s", address, error)
                connection.close()

    def _on_close(self, event: evt.Event) -> None:
        self._unfinished.reset(_connection(event))

    def _on_request(self, event: evt.Event) -> None:
        """Accept only allowed AE titles, each from its own addresses."""
        association = event.assoc
        request = cast(A_ASSOCIATE, association.requestor.primitive)
        aet, address = request.calling_ae_title, association.requestor.address
        if self._allowed and address not in self._allowed.get(aet, ()):
            log.warning("rejected AE title %r from %s", aet, address)
            association.acse.send_reject(*UNKNOWN_CALLING_AET)
            association.kill()

    def _on_store(self, event: evt.Event) -> int:
        """Store an image durably, then return the status of the C-STORE response."""
        self._unfinished.reset(_connection(event))
        request = cast(C_STORE, event.request)
        sender = event.assoc.requestor.ae_title
        try:
            header = _header(event)
            uid, study = str(header.SOPInstanceUID), str(header.StudyInstanceUID)
            sop_class = str(header.SOPClassUID)
            manufacturer = decoded_text(header, "Manufacturer")
        except Exception as error:  # pydicom raises many types for damaged headers
            log.warning("refused an unreadable data set from %s: %s", sender, type(error).__name__)
            return CANNOT_UNDERSTAND
        if not uid or not study:
            return CANNOT_UNDERSTAND
        if uid != request.AffectedSOPInstanceUID or sop_class != request.AffectedSOPClassUID:
            return MISMATCH
        if manufacturer == MANUFACTURER or self._queue.is_result(uid):
            return SUCCESS  # a result of this node came back: acknowledged, but not queued
        meta = create_file_meta(
            sop_class_uid=uids.UID(sop_class),
            sop_instance_uid=uids.UID(uid),
            transfer_syntax=event.context.transfer_syntax,
        )
        file_start = bytes(128) + b"DICM" + encode_file_meta(meta)
        try:
            parts = (file_start, cast(BytesIO, request.DataSet).getbuffer())
            image = self._queue.store(uid, study, sender, parts)
        except (UserError, OSError, sqlite3.Error) as error:
            log.error("an image from %s could not be stored: %s", sender, error)
            return OUT_OF_RESOURCES
        log.info("image %s: received from %s", image.log_name, sender)
        return SUCCESS


def _connection(event: evt.Event) -> AssociationSocket:
    """The socket of an association that is open or being closed."""
    return cast(AssociationSocket, event.assoc.dul.socket)


def _header(event: evt.Event) -> pydicom.Dataset:
    """The identifying attributes of a data set; nothing else is parsed."""
    syntax = uids.UID(event.context.transfer_syntax)
    stream = cast(BinaryIO, cast(C_STORE, event.request).DataSet)
    stream.seek(0)
    return read_dataset(
        stream,
        syntax.is_implicit_VR,
        syntax.is_little_endian,
        stop_when=lambda tag, *_: tag >= FIRST_PIXEL_TAG,
        specific_tags=[Tag(name) for name in HEADER],
    )
