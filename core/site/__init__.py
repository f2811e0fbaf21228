"""Whether a model holds in one hospital: how many local images that takes, and what they show."""

from core.site.groups import HEADER_GROUPS, Group, p_text
from core.site.image_numbers import Evidence, Expectations, RequiredImages, evidence, required_images
from core.site.labels import LabelWords
from core.site.local_images import FOLDERS, LABEL, PATIENT, LocalImages, open_local_images, table_columns
from core.site.measurement import ImageCounts, SiteMeasurement, measure, metric_texts
from core.site.site_point import SitePoint, check_rule, find_site_point
from core.site.site_readings import SiteReadings, read_local_images

__all__ = [
    "FOLDERS",
    "HEADER_GROUPS",
    "LABEL",
    "PATIENT",
    "Evidence",
    "Expectations",
    "Group",
    "ImageCounts",
    "LabelWords",
    "LocalImages",
    "RequiredImages",
    "SiteMeasurement",
    "SitePoint",
    "SiteReadings",
    "check_rule",
    "evidence",
    "find_site_point",
    "measure",
    "metric_texts",
    "open_local_images",
    "p_text",
    "read_local_images",
    "required_images",
    "table_columns",
]
