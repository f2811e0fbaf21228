"""Associations of a peer that only sends requests, such as the Storage SCU of the DICOM node."""

import ssl
from typing import Any

from pynetdicom import AE
from pynetdicom.association import Association


def associate(entity: AE, host: str, port: int, aet: str, tls: ssl.SSLContext | None = None) -> Association:
    """An association, established or not, on which each request gets its own response.

    pynetdicom reads messages of an association in a second thread, too. It pauses this one for each request,
    but where that thread wakes late, as on a busy machine, it takes the response as if it were a request: the
    sender waits in vain and then aborts. Here it takes none.

    Args:
        entity: this side, with the contexts that it requests.
        aet: AE title of the other side.
    """
    tls_args = (tls, host) if tls else None
    association = entity.associate(host, port, ae_title=aet, tls_args=tls_args)
    take = association.dimse.get_msg

    def take_response(block: bool = False) -> tuple[Any, Any]:
        """As `get_msg`: context and message for who waits, nothing for the thread that only looks."""
        return take(block=True) if block else (None, None)

    association.dimse.get_msg = take_response  # replaces a method
    return association
