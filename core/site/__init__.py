"""Whether a model holds in one hospital: how many local images that takes, and what they show."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.site.acceptance import MISSED, Acceptance, Outcome, check_against_criteria, check_criterion
    from core.site.acceptance_report import acceptance_pdf
    from core.site.criteria import RANGES, Criteria, write_criteria, written_criteria
    from core.site.errors import misclassified_images
    from core.site.groups import HEADER_GROUPS, Group, p_text
    from core.site.image_counts import ImageCounts
    from core.site.image_numbers import Evidence, Expectations, RequiredImages, evidence, required_images
    from core.site.label_agreement import agreement_with_labels
    from core.site.label_log import LABELS, NOT_SURE, LabelLog
    from core.site.labelling import ReaderLabels, ReaderPair, blinded, digest, reader_labels
    from core.site.labels import LabelWords
    from core.site.local_images import LocalImages, Unlabelled, list_local_images, open_local_images
    from core.site.local_reading import read_local_images
    from core.site.local_table import FOLDERS, LABEL, PATIENT, READERS, table_columns
    from core.site.measured_set import MeasuredSet, accept, keep_measured_set, measured_set
    from core.site.measurement import SiteMeasurement, measure, metric_texts
    from core.site.other_models import MAX_OTHER_MODELS, other_models, readers_of
    from core.site.reading_cache import clear_reading_cache, reading_cache_path, reading_cache_size
    from core.site.shift import Shift, ShiftSearch
    from core.site.site_comparison import SiteComparison, compare_models
    from core.site.site_point import SitePoint, check_rule, find_site_point
    from core.site.site_readings import SiteReadings
    from core.site.site_shortcuts import SiteShortcuts, find_site_shortcuts
    from core.site.site_temperature import SiteTemperature, find_site_temperature
    from core.site.site_zones import SiteZones, find_site_zones

__all__ = [
    "FOLDERS",
    "HEADER_GROUPS",
    "LABEL",
    "LABELS",
    "NOT_SURE",
    "Outcome",
    "PATIENT",
    "RANGES",
    "READERS",
    "Acceptance",
    "Criteria",
    "Evidence",
    "Expectations",
    "Group",
    "ImageCounts",
    "LabelLog",
    "LabelWords",
    "LocalImages",
    "MAX_OTHER_MODELS",
    "MISSED",
    "MeasuredSet",
    "ReaderLabels",
    "ReaderPair",
    "RequiredImages",
    "Shift",
    "ShiftSearch",
    "SiteComparison",
    "SiteMeasurement",
    "SitePoint",
    "SiteReadings",
    "SiteShortcuts",
    "SiteTemperature",
    "SiteZones",
    "Unlabelled",
    "accept",
    "acceptance_pdf",
    "agreement_with_labels",
    "blinded",
    "compare_models",
    "digest",
    "check_rule",
    "clear_reading_cache",
    "evidence",
    "find_site_point",
    "find_site_shortcuts",
    "find_site_temperature",
    "find_site_zones",
    "check_against_criteria",
    "check_criterion",
    "keep_measured_set",
    "list_local_images",
    "measure",
    "measured_set",
    "metric_texts",
    "misclassified_images",
    "open_local_images",
    "other_models",
    "p_text",
    "readers_of",
    "read_local_images",
    "reader_labels",
    "reading_cache_path",
    "reading_cache_size",
    "required_images",
    "table_columns",
    "write_criteria",
    "written_criteria",
]

open_door(__name__)
