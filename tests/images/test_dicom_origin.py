"""Where and when a DICOM header says that its image was taken."""

import pytest

from core.images.dicom_origin import origin_of
from tests.images.dicom_files import sample


@pytest.mark.parametrize(
    ("acquisition", "study", "month"),
    [
        ("20240310", "20231231", "2024-03"),
        ("2024.03.10", "20231231", "2024-03"),
        ("", "20231231", "2023-12"),
        ("00000000", "20231231", "2023-12"),
        ("20249910", "20231231", "2023-12"),
        ("unknown", "20231231", "2023-12"),
    ],
)
def test_the_month_is_that_of_the_first_date_that_names_one(acquisition, study, month):
    assert origin_of(sample(AcquisitionDate=acquisition, StudyDate=study))["month"] == month


def test_dates_that_name_no_month_give_none():
    assert "month" not in origin_of(sample(AcquisitionDate="00000000", StudyDate="19000"))
