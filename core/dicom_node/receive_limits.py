"""Limits on what peers of the Storage SCP may send: bytes per PDU and image, and time to send them.

pynetdicom limits neither the length of an incoming PDU nor the time that it takes to arrive, so the node
replaces the `recv` of each connection.
"""

import errno
import threading
import time
from weakref import WeakKeyDictionary

from pynetdicom.transport import AssociationSocket

MAX_PDU_BYTES = 2**20  # read for one PDU, whatever its header announces
MAX_IMAGE_BYTES = 100 * 2**20
MAX_UNFINISHED_BYTES = 150 * 2**20  # of incomplete images of all peers together
CHUNK_BYTES = 2**16  # read from the socket at a time
PDU_TIMEOUT_S = 10.0  # for a PDU to arrive once it has begun, and for a TLS handshake


class UnfinishedBytes:
    """Counts the bytes of incomplete images for each connection."""

    def __init__(self) -> None:
        self._bytes: WeakKeyDictionary[AssociationSocket, int] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def add(self, connection: AssociationSocket, count: int) -> None:
        """Count bytes of a connection.

        Raises:
            OSError: this connection, or all connections together, exceed their limit.
        """
        with self._lock:
            own = self._bytes.get(connection, 0) + count
            total = sum(self._bytes.values()) + count
            if own > MAX_IMAGE_BYTES or total > MAX_UNFINISHED_BYTES:
                raise OSError(errno.EMSGSIZE, "too many bytes of unfinished images")
            self._bytes[connection] = own

    def reset(self, connection: AssociationSocket) -> None:
        """Forget a connection: its image is complete, or it is closed."""
        with self._lock:
            self._bytes.pop(connection, None)


class LimitedReceiver:
    """`recv` of one connection with a size limit and a deadline."""

    def __init__(self, connection: AssociationSocket, unfinished: UnfinishedBytes) -> None:
        self._connection, self._unfinished = connection, unfinished

    def recv(self, count: int) -> bytearray:
        """As `AssociationSocket.recv`: `count` bytes, or fewer if the peer has closed the connection.

        Raises:
            OSError: a limit or the deadline is exceeded; pynetdicom then closes the connection.
        """
        peer = self._connection.socket
        if peer is None:
            raise OSError(errno.ENOTCONN, "closed")
        if count > MAX_PDU_BYTES:
            raise OSError(errno.EMSGSIZE, f"a PDU of {count} bytes")
        self._unfinished.add(self._connection, count)
        deadline = time.monotonic() + PDU_TIMEOUT_S
        received = bytearray()
        while len(received) < count:
            peer.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = peer.recv(min(CHUNK_BYTES, count - len(received)))
            if not chunk:
                break
            received += chunk
        peer.settimeout(PDU_TIMEOUT_S)  # for sending
        return received
