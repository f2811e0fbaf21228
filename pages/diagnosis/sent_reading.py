"""What the reader says of a result, on its way to the PACS: where the DICOM node sends readers' findings."""

from collections.abc import Callable
from dataclasses import dataclass

from core.dicom_node import queue_reading, readings_wanted, recall_reading
from core.images import is_dicom
from core.inference import WITHDRAWN, AvailableModel, HumanReading
from core.reports import reader_finding
from pages.diagnosis.entries import Entry, desk, full_reader
from pages.shared.texts import _
from pages.shared.user import is_known, requires_sign_in, signed_in_user

Sender = Callable[[HumanReading | None], None]


@dataclass(frozen=True)
class SentReading:
    """A finding that was handed to the node.

    Attributes:
        uid: SOP instance UID.
        file: the DICOM file.
        human: what the reader said.
        result: of which result, as `result_key`.
    """

    uid: str
    file: bytes
    human: HumanReading
    result: tuple


def sender(entry: Entry, model: AvailableModel, result: tuple) -> Sender:
    """What hands the reader's finding to the node, if it sends findings and the image came as DICOM.

    Only of who has signed in or sits at this computer: whoever makes up a header can name any study.

    One that is still to be sent is taken back; one that was sent is named as the one that is replaced.

    Args:
        result: `result_key` of the model's result.

    Returns:
        A function of what the reader says of the model's result, None once she has taken it back. It asks
        nothing of the session. It raises UserError if the node's queue cannot be written, or no object can be
        made of the header.
    """
    sent, read = _sent(entry, model), full_reader(model, result)
    name = signed_in_user() if requires_sign_in() else ""
    if not (is_known() and _is_wanted(entry)):
        return lambda _human: None

    def send(human: HumanReading | None) -> None:
        while sent and recall_reading(sent[-1].uid):
            sent.pop()
        human = human or HumanReading(WITHDRAWN)
        standing = (sent[-1].human, sent[-1].result) if sent else (HumanReading(WITHDRAWN), result)
        if (human, result) == standing:
            return
        previous = sent[-1].file if sent else None
        uid, study, file = reader_finding(entry.upload.data(), read(entry), model, human, name, previous)
        queue_reading(uid, study, file)
        sent.append(SentReading(uid, file, human, result))

    return send


def sending_sentence(entry: Entry, model: AvailableModel, result: tuple) -> str:
    """When the last finding of a result goes to the PACS, or why not; "" if no node sends findings."""
    if not _is_wanted(entry):
        return ""
    if not is_known():
        return _("It is not sent to the PACS: that takes a sign-in, or a browser on this server's computer.")
    sent = _sent(entry, model)
    if not sent or sent[-1].human != entry.human_reading_of(result):
        return ""
    return _("It goes to the PACS in a minute at the earliest; until then, Undo takes it back.")


def _is_wanted(entry: Entry) -> bool:
    """Whether a node sends what readers say of such an image."""
    return readings_wanted() and is_dicom(entry.upload.data())


def _sent(entry: Entry, model: AvailableModel) -> list[SentReading]:
    """The findings of this model's result that were handed over and not taken back, the oldest first."""
    return desk().sent.setdefault((entry.upload.key, model.path), [])
