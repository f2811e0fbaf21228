"""Requests over one association, where the threads of pynetdicom wake late."""

import threading
import time

from pynetdicom import AE
from pynetdicom.sop_class import Verification  # pyright: ignore[reportAttributeAccessIssue]

from core.dicom_node import associate

LATE_S = 0.1


class LateEvent(threading.Event):
    """An event whose waiters go on late, as on a busy machine."""

    def wait(self, timeout=None):
        happened = super().wait(timeout)
        time.sleep(LATE_S / 2)
        return happened


def test_each_request_gets_its_response_also_where_threads_wake_late():
    server, entity = AE("PACS"), AE("NODE")
    server.add_supported_context(Verification)
    entity.add_requested_context(Verification)
    entity.dimse_timeout = 30
    peer = server.start_server(("127.0.0.1", 0), block=False)
    association = associate(entity, "127.0.0.1", peer.server_address[1], "PACS")
    resumed = LateEvent()
    resumed.set()
    association._reactor_checkpoint = resumed
    take = association.dimse.msg_queue.get

    def take_late(block=True, timeout=None):
        if block:
            time.sleep(LATE_S)
        return take(block, timeout)

    association.dimse.msg_queue.get = take_late
    responses = [association.send_c_echo() for _ in range(5) if association.is_established]
    association.release()
    peer.shutdown()
    assert [response.get("Status") for response in responses] == [0] * 5
