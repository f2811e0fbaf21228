"""What a reading comes to, in words, and what to do with it."""

from core.config import CLASS_NAMES, POSITIVE
from core.inference.stability import UNCERTAIN
from core.sentence import Sentence

NO_RESULT = "No result"
PRESENT, ABSENT, UNDECIDED = "Pneumonia", "No pneumonia", "Uncertain"  # also in the audit log
FINDINGS = {CLASS_NAMES[POSITIVE]: PRESENT, CLASS_NAMES[1 - POSITIVE]: ABSENT, UNCERTAIN: UNDECIDED}
ADVICE = {
    NO_RESULT: Sentence("Read this image without the model."),
    PRESENT: Sentence("Read the image yourself, with this in mind. The result alone is no reason to treat."),
    ABSENT: Sentence("This does not rule out pneumonia: in a child who is ill, the examination decides."),
    UNDECIDED: Sentence(
        "The model does not decide this one. Read the image yourself as if there were no result."
    ),
}
