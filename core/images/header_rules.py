"""What a DICOM header says about view, body part and subject, and what follows from it.

One table, `RULES`: attributes that decide on their own, and hints, which never do. Headers that contradict
the image are common (15% of body parts: Gueld et al., SPIE 2002), so a result can be asked for anyway.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pydicom

from core.images import header_words
from core.images.dicom_attributes import MAX_TEXT, all_text, text
from core.images.header_facts import (
    ANIMAL,
    CHEST,
    FRONTAL,
    OTHER_PART,
    OTHER_VIEW,
    PHANTOM,
    PROCESSED,
    SILENT,
    SUGGESTED,
    TURNED,
    UNKNOWN,
    WARNINGS,
    HeaderFinding,
)


def view_in(value: str) -> str:
    """`FRONTAL`, `OTHER_VIEW`, `UNKNOWN`, or `SILENT` for an empty text.

    >>> view_in("LL"), view_in("Postero-anterior"), view_in("")
    ('lateral view', 'frontal', '')
    """
    words = _words(value)
    if any(
        word in header_words.LATERAL or word.startswith(header_words.LATERAL_BEGINNINGS) for word in words
    ):
        return OTHER_VIEW
    if header_words.FRONTAL & set(words):
        return FRONTAL
    return UNKNOWN if words else SILENT


def body_part_in(value: str) -> str:
    """`CHEST`, `OTHER_PART` for any other part, or `SILENT` for a text that names none."""
    words = _words(value)
    if any(word.startswith(header_words.SPINE_BEGINNINGS) or word.endswith("SPINE") for word in words):
        return OTHER_PART
    if any(word.startswith(header_words.CHEST_BEGINNINGS) for word in words):
        return CHEST
    return OTHER_PART if [word for word in words if word not in header_words.NEUTRAL_PARTS] else SILENT


def _view_of_description(value: str) -> str:
    """As `view_in`; a description of both views says nothing about one of them."""
    both = header_words.FRONTAL & set(_words(value))
    return SILENT if both or view_in(value) != OTHER_VIEW else OTHER_VIEW


def _part_of_description(value: str) -> str:
    """As `body_part_in`, but only parts that are known by name count: descriptions hold other words, too."""
    part = body_part_in(value)
    named = any(word in header_words.OTHER_PARTS or word.endswith("SPINE") for word in _words(value))
    return part if part == CHEST or named else SILENT


def _view_of_code(value: str) -> str:
    return FRONTAL if header_words.FRONTAL_CODES & set(value.split()) else view_in(value)


def _part_of_code(value: str) -> str:
    return CHEST if header_words.CHEST_CODES & set(value.split()) else _part_of_description(value)


def _view_of_orientation(value: str) -> str:
    """Rows that run between front and back belong to a lateral view: PS3.3, C.7.6.1.1.1."""
    return OTHER_VIEW if value[:1].upper() in ("A", "P") else SILENT


def _turn_of_orientation(value: str) -> str:
    """Of a frontal image, rows run to the patient's left and columns to the feet."""
    rows, _, columns = value.upper().partition("\\")
    return TURNED if rows[:1] == "R" or columns[:1] == "H" else SILENT


def _species(value: str) -> str:
    if not set(_words(value)) - header_words.PLACEHOLDERS and not re.search(r"\d", value):
        return SILENT
    human = header_words.HUMAN & set(_words(value)) or header_words.HUMAN_CODES & set(value.split())
    return SILENT if human else ANIMAL


def _breed(value: str) -> str:
    return ANIMAL if set(_words(value)) - header_words.PLACEHOLDERS else SILENT


def _role(value: str) -> str:
    """Animals alone have an owner: PS3.3, C.7.1.1."""
    return ANIMAL if "OWNER" in _words(value) else SILENT


def _quality_control(value: str) -> str:
    return PHANTOM if {"YES", "BOTH"} & set(_words(value)) else SILENT


def _processing(value: str) -> str:
    begins = any(word.startswith(header_words.PROCESSED_BEGINNINGS) for word in _words(value))
    return PROCESSED if begins else SILENT


@dataclass(frozen=True)
class Rule:
    """How an attribute is read.

    Attributes:
        attribute: keyword; of a code sequence, its first item counts.
        says: from the attribute's text to one of the constants above.
        decides: whether it withholds a result on its own; a hint never does.
    """

    attribute: str
    says: Callable[[str], str]
    decides: bool = False


RULES = (
    Rule("ViewPosition", view_in, decides=True),
    Rule("ViewCodeSequence", _view_of_code, decides=True),
    Rule("BodyPartExamined", body_part_in, decides=True),
    Rule("PatientSpeciesDescription", _species, decides=True),
    Rule("PatientSpeciesCodeSequence", _species, decides=True),
    Rule("PatientBreedDescription", _breed, decides=True),
    Rule("ResponsiblePersonRole", _role, decides=True),
    Rule("QualityControlSubject", _quality_control, decides=True),
    Rule("QualityControlImage", _quality_control, decides=True),
    Rule("AnatomicRegionSequence", _part_of_code),
    Rule("PrimaryAnatomicStructureSequence", _part_of_code),
    Rule("PatientOrientation", _view_of_orientation),
    Rule("PatientOrientation", _turn_of_orientation),
    *(
        Rule(attribute, _processing)
        for attribute in ("ImageType", "DerivationDescription", "SeriesDescription")
    ),
    *(
        Rule(attribute, says)
        for attribute in (
            "SeriesDescription",
            "ProtocolName",
            "PerformedProcedureStepDescription",
            "AcquisitionDeviceProcessingDescription",
        )
        for says in (_view_of_description, _part_of_description)
    ),
    *(
        Rule(attribute, _part_of_description)
        for attribute in (
            "StudyDescription",
            "RequestedProcedureDescription",
            "ProcedureCodeSequence",
            "RequestedProcedureCodeSequence",
            "PerformedProtocolCodeSequence",
        )
    ),
)
CONFIRMED = {
    OTHER_VIEW: FRONTAL,
    OTHER_PART: CHEST,
}  # what an attribute that decides must say against hints; others only warn
MIN_HINTS = 2  # attributes that agree, while none that decides contradicts them


def header_findings(file: pydicom.Dataset) -> tuple[HeaderFinding, ...]:
    """Why a model may not be able to judge the image, by the attributes of `RULES`; empty if nothing."""
    decided: dict[str, str] = {}
    hints: dict[str, list[str]] = {}
    for rule in RULES:
        value = _value(file, rule.attribute)
        content = rule.says(value)
        if rule.decides and content:
            decided.setdefault(content, f"{rule.attribute} {value[:MAX_TEXT]}")
        elif content in SUGGESTED and rule.attribute not in hints.get(content, []):
            hints.setdefault(content, []).append(rule.attribute)
    findings = [
        HeaderFinding(content, source, content != UNKNOWN)
        for content, source in decided.items()
        if content in WARNINGS
    ]
    for content, attributes in hints.items():
        if content in decided:
            continue
        confirmed = CONFIRMED.get(content)
        agree = len(attributes) >= MIN_HINTS and confirmed is not None and confirmed not in decided
        findings.append(HeaderFinding(content, " and ".join(attributes[:MIN_HINTS]), agree, suggested=True))
    return tuple(sorted(findings, key=lambda finding: not finding.withheld))


def _words(value: str) -> list[str]:
    """Words in capitals; hyphens join, other signs part."""
    return re.findall(r"[^\W\d_]+", value.upper().replace("-", ""))


def _value(file: pydicom.Dataset, attribute: str) -> str:
    """An attribute as text: of a code sequence, value and meaning of its first item; "" if unreadable."""
    try:
        if not attribute.endswith("Sequence"):
            return all_text(file, attribute)
        items = file.get(attribute, None)
        return f"{text(items[0], 'CodeValue')} {text(items[0], 'CodeMeaning')}".strip() if items else ""
    except Exception:  # pydicom raises many types for damaged values; the image may still be sound
        return ""
