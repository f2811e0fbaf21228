"""The DICOM conformance statement, from the tables that the node, the decoder and the reports use."""

import ast
import re
from collections.abc import Iterable, Iterator

from pydicom import charset, datadict, uid
from pydicom.tag import Tag
from pydicom.uid import UID
from pynetdicom import (
    DEFAULT_TRANSFER_SYNTAXES,
    PYNETDICOM_IMPLEMENTATION_UID,
    PYNETDICOM_IMPLEMENTATION_VERSION,
)

from core import __version__
from core.cli.node import node
from core.dicom_node import activity, readings, receive_limits, scp, scu, stow
from core.dicom_node.settings import DEFAULT_RESULTS
from core.images import decoder, dicom, header_rules
from core.images.dicom_text import NEWER
from core.reports.dicom_objects import CODES, KINDS
from core.reports.heat_contours import LEVEL
from core.reports.lung_objects import CODES as LUNG_CODES
from core.reports.lung_objects import SIDES
from core.reports.object_identity import MANUFACTURER, SERIES_NUMBERS
from core.reports.reader_finding import UNNAMED
from core.reports.study_attributes import CHARACTER_SET, OPTIONAL, REQUIRED
from docs.generate.imports import PROJECT
from docs.generate.template import filled

TERM = re.compile(r"ISO_IR|ISO 2022 IR|GB")  # the standard's terms; pydicom knows some wrong spellings, too
STATUSES = (  # of a C-STORE response, and when the node gives it
    (scp.SUCCESS, "Success", "The image is on disk, or it is a result of this node, which is not queued."),
    (scp.OUT_OF_RESOURCES, "Refused: out of resources", "The image could not be stored; send it again."),
    (
        scp.MISMATCH,
        "Error: data set does not match SOP class",
        "SOP Class or Instance UID of the data set differ from those of the request.",
    ),
    (
        scp.CANNOT_UNDERSTAND,
        "Error: cannot understand",
        "The data set cannot be parsed, or has no SOP Instance or Study Instance UID.",
    ),
)

AIR_RESULTS = (  # results that an Evidence Creator of IHE AIR stores, and in which SOP class
    ("qualitative finding (pneumonia)", uid.Comprehensive3DSRStorage),
    ("region (lungs)", uid.SegmentationStorage),
    ("parametric map", uid.ParametricMapStorage),
)


def page() -> str:
    """docs/conformance.md"""
    return filled(
        "conformance.md",
        "core/dicom_node, core/images and core/reports",
        version=__version__,
        implementation=(PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION),
        verification=_named([scp.VERIFICATION]),
        verification_syntaxes=[name for name, _ in _named(DEFAULT_TRANSFER_SYNTAXES)],
        received=_named(scp.IMAGE_CLASSES),
        received_syntaxes=_named(scp.TRANSFER_SYNTAXES),
        sent=_named(scu.RESULT_CLASSES),
        sent_syntaxes=_named([scu.RESULT_SYNTAX]),
        statuses=[(f"0x{code:04X}", meaning, when) for code, meaning, when in STATUSES],
        defaults={parameter.name: parameter.default for parameter in node.params},
        modalities=", ".join(f"`{name}`" for name in sorted(dicom.X_RAY_MODALITIES) if name),
        attributes=list(_attributes()),
        deciding=_attributes_of_rules(decides=True),
        hints=_attributes_of_rules(decides=False),
        min_hints=header_rules.MIN_HINTS,
        character_sets=", ".join(
            f"`{name}`" for name in [*charset.python_encoding, *NEWER] if TERM.match(name)
        ),
        written_character_set=CHARACTER_SET,
        copied=list(_tags((*REQUIRED, *OPTIONAL))),
        required=[name for name, default in REQUIRED.items() if default is None],
        codes=CODES | LUNG_CODES | {f"side of lung {number}": side for number, side in SIDES.items()},
        series_numbers=SERIES_NUMBERS,
        sent_by={
            kind: "by default" if kind in DEFAULT_RESULTS else f"with `--result {kind}`" for kind in KINDS
        },
        air_results=[
            (result, UID(sop_class).name, "yes" if sop_class in scu.RESULT_CLASSES else "no")
            for result, sop_class in AIR_RESULTS
        ],
        manufacturer=MANUFACTURER,
        max_pixels=decoder.MAX_PIXELS // 10**6,
        min_side=decoder.MIN_SIDE,
        scp=scp,
        scu=scu,
        stow=stow,
        limits=receive_limits,
        activity=activity,
        unnamed=UNNAMED,
        object_statuses=", ".join(map(str, sorted(stow.OBJECT_STATUSES))),
        level=LEVEL,
        recall_s=readings.RECALL_S,
        mebibyte=2**20,
    )


def _named(uids: Iterable[str]) -> list[tuple[str, str]]:
    """Name and UID."""
    return [(item.name, f"`{item}`") for item in map(UID, uids)]


def _attributes_of_rules(decides: bool) -> str:
    """Attributes that decide on view and body part, or only hint at them."""
    return ", ".join(dict.fromkeys(rule.attribute for rule in header_rules.RULES if rule.decides == decides))


def _attributes() -> Iterator[tuple[str, str, str]]:
    """Attributes that are read from an image: every DICOM keyword in the files that read DICOM."""
    names = set()
    for path in (PROJECT / "core" / "images").glob("*.py"):
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                names.add(item.value)
            elif isinstance(item, ast.Attribute):
                names.add(item.attr)
    names -= {"", "Date", "Time", "UID", "DataElement"}  # parts of other names, and classes of pydicom
    return _tags(name for name in names if datadict.tag_for_keyword(name) is not None)


def _tags(keywords: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Tag, keyword and VR, by tag."""
    for tag in sorted(Tag(name) for name in keywords):
        yield f"`{tag}`", datadict.keyword_for_tag(tag), datadict.dictionary_VR(tag)
