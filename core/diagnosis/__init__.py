"""From a Radiograph to a Prediction."""

from core.diagnosis.answers import answer_files
from core.diagnosis.archive import Archive, open_archive, start_archive
from core.diagnosis.archive_browsing import KINDS, ORDERS, matching, page_of, written_as_csv
from core.diagnosis.archive_summary import thumbnails, write_summary
from core.diagnosis.archive_workers import read_archive
from core.diagnosis.audit_log import AGREEMENTS, AuditLog, Note, agreement_rate
from core.diagnosis.dicom_objects import dicom_objects
from core.diagnosis.explain import HeatMap, doubt
from core.diagnosis.gate import Check, check
from core.diagnosis.models import (
    AvailableModel,
    available_models,
    companions,
    published_models,
    save_operating_point,
    shipped_models,
)
from core.diagnosis.node_queue import NodeStatus, node_folder, node_status
from core.diagnosis.opinions import UNCERTAIN, Opinion, opinion
from core.diagnosis.predictor import Look, Prediction, Predictor, borderline, load_predictor, shared_predictor
from core.diagnosis.reading import NO_ANSWER, Reading, certainty, read_films
from core.diagnosis.reference import Neighbour, Reference, keep_reference, reference_of
from core.diagnosis.report import overlay_png, reading_report
from core.diagnosis.second_look import MASKS, SecondLook, second_look
from core.diagnosis.worklist import LONGEST_WAIT_S, in_order

__all__ = [
    "AGREEMENTS",
    "KINDS",
    "LONGEST_WAIT_S",
    "MASKS",
    "NO_ANSWER",
    "ORDERS",
    "UNCERTAIN",
    "Archive",
    "AuditLog",
    "AvailableModel",
    "Check",
    "HeatMap",
    "Look",
    "Neighbour",
    "NodeStatus",
    "Note",
    "Opinion",
    "Prediction",
    "Predictor",
    "Reading",
    "Reference",
    "SecondLook",
    "agreement_rate",
    "answer_files",
    "available_models",
    "borderline",
    "certainty",
    "check",
    "companions",
    "dicom_objects",
    "doubt",
    "in_order",
    "keep_reference",
    "load_predictor",
    "matching",
    "open_archive",
    "node_folder",
    "node_status",
    "opinion",
    "overlay_png",
    "page_of",
    "published_models",
    "read_archive",
    "read_films",
    "reading_report",
    "reference_of",
    "save_operating_point",
    "second_look",
    "shared_predictor",
    "shipped_models",
    "start_archive",
    "thumbnails",
    "write_summary",
    "written_as_csv",
]
