"""Reports: a reading as PDF or DICOM objects, and the document that PDFs are made from."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.reports.dicom_objects import KINDS, dicom_objects, import_highdicom
    from core.reports.document import Picture, Section, as_markdown, write_pdf
    from core.reports.object_identity import MANUFACTURER
    from core.reports.reader_finding import reader_finding
    from core.reports.reading_report import overlay_png, reading_report

__all__ = [
    "KINDS",
    "MANUFACTURER",
    "Picture",
    "Section",
    "as_markdown",
    "dicom_objects",
    "import_highdicom",
    "overlay_png",
    "reader_finding",
    "reading_report",
    "write_pdf",
]

open_door(__name__)
