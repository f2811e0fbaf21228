"""What a DICOM header says about view, body part and age: case 9."""

import pytest
from pydicom.dataset import Dataset

from core.images import PatientAge, age_in_years, age_warning, ages_warning, decode, decode_safely
from core.images.dicom_age import patient_age
from core.images.header_rules import header_findings
from tests.images.dicom_files import deep_sample, sample, written


def findings(**attributes) -> list[tuple[str, bool]]:
    return [(found.reason, found.withheld) for found in header_findings(sample(**attributes))]


def coded(value: str, meaning: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return [item]


@pytest.mark.parametrize("view", ["PA", "AP", "ap", "AP SUPINE", "POSTERO-ANTERIOR", "", None])
@pytest.mark.parametrize("part", ["CHEST", "chest", "THORAX", "LUNG", "CHEST_PA", "UNKNOWN", "", None])
def test_9_a_frontal_chest_or_a_silent_header_is_judged(view, part):
    assert findings(ViewPosition=view, BodyPartExamined=part) == []


@pytest.mark.parametrize(
    "view", ["LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "LATERAL", "OBLIQUE", "XTLAT"]
)
def test_9_any_other_view_is_withheld_and_named(view):
    (found,) = header_findings(sample(ViewPosition=view, BodyPartExamined="CHEST"))
    assert (found.reason, found.withheld) == ("lateral view", True)
    assert f"ViewPosition {view}" in found.sentence and "upload the frontal image" in found.sentence


@pytest.mark.parametrize(
    "part", ["HAND", "HIP", "TSPINE", "THORACIC SPINE", "ABDOMEN", "Knie", "RIB", "PELVIS"]
)
def test_9_any_other_body_part_is_withheld_and_named(part):
    (found,) = header_findings(sample(BodyPartExamined=part, ViewPosition="PA"))
    assert (found.reason, found.withheld) == ("other body part", True)
    assert f"BodyPartExamined {part}" in found.sentence


def test_9_a_view_that_nobody_knows_is_warned_of():
    assert findings(ViewPosition="ZZ") == [("unknown", False)]


def test_9_a_coded_view_decides():
    assert findings(ViewCodeSequence=coded("399348003", "antero-posterior")) == []
    assert findings(ViewCodeSequence=coded("399067008", "left lateral")) == [("lateral view", True)]


ANIMALS = [
    {"PatientSpeciesDescription": "Canine"},
    {"PatientSpeciesCodeSequence": coded("448771007", "Canis lupus subspecies familiaris")},
    {"PatientBreedDescription": "Beagle"},
    {"ResponsiblePersonRole": "OWNER"},
]


@pytest.mark.parametrize("attributes", ANIMALS)
def test_9_an_animal_is_withheld_and_the_attribute_named(attributes):
    (found,) = header_findings(sample(**attributes, BodyPartExamined="CHEST", ViewPosition="PA"))
    assert (found.reason, found.withheld) == ("animal", True) and next(iter(attributes)) in found.sentence


@pytest.mark.parametrize(
    "attributes",
    [
        {"PatientSpeciesDescription": "Homo sapiens"},
        {"PatientSpeciesCodeSequence": coded("337915000", "human being")},
        {"PatientSpeciesDescription": "UNKNOWN"},
        {"PatientSpeciesDescription": "-"},
        {"PatientBreedDescription": "N/A"},
        {"PatientBreedDescription": "NONE"},
        {"ResponsiblePersonRole": "PARENT"},
        {"QualityControlSubject": "NO"},
        {"QualityControlImage": "NO"},
        {"PatientOrientation": ["L", "F"]},
        {"ImageType": ["DERIVED", "PRIMARY", "POST_PROCESSED"]},
        {"DerivationDescription": "Lossy compression"},
    ],
)
def test_9_a_child_whose_header_says_so_is_judged(attributes):
    assert findings(**attributes) == []


@pytest.mark.parametrize(
    "attributes",
    [{"QualityControlSubject": "YES"}, {"QualityControlImage": "YES"}, {"QualityControlImage": "BOTH"}],
)
def test_9_a_phantom_is_withheld(attributes):
    assert findings(**attributes, BodyPartExamined="CHEST") == [("phantom", True)]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"DerivationDescription": "Bone suppression"}, "processed further"),
        ({"ImageType": ["DERIVED", "PRIMARY", "", "BONE_SUPPRESSED"]}, "processed further"),
        ({"SeriesDescription": "Subtraction"}, "processed further"),
        (
            {"ImageType": ["DERIVED", "PRIMARY", "", "DUAL_ENERGY"], "SeriesDescription": "Energy"},
            "processed further",
        ),
        ({"PatientOrientation": ["R", "F"]}, "mirrored or upside down"),
        ({"PatientOrientation": ["L", "H"]}, "mirrored or upside down"),
    ],
)
def test_9_an_image_that_was_changed_or_turned_is_warned_of(attributes, reason):
    assert findings(**attributes, BodyPartExamined="CHEST") == [(reason, False)]


HINTS = [
    ({"AnatomicRegionSequence": coded("85562004", "Hand")}, "other body part"),
    ({"SeriesDescription": "KNEE 2 VIEWS"}, "other body part"),
    ({"StudyDescription": "XR HIP LEFT"}, "other body part"),
    ({"ProtocolName": "LATERAL"}, "lateral view"),
    ({"PatientOrientation": ["A", "F"]}, "lateral view"),
]


@pytest.mark.parametrize(("hint", "reason"), HINTS)
def test_9_a_hint_warns_and_never_withholds_alone(hint, reason):
    assert findings(**hint) == [(reason, False)]


def test_9_hints_that_agree_withhold_unless_an_attribute_that_decides_contradicts():
    hints = {"AnatomicRegionSequence": coded("85562004", "Hand"), "SeriesDescription": "HAND PA"}
    assert findings(**hints) == [("other body part", True)]
    assert findings(**hints, BodyPartExamined="CHEST") == [("other body part", False)]


@pytest.mark.parametrize(
    "text", ["CHEST PA AND LATERAL", "THORAX 2 EBENEN", "[CHEST,GENERAL]", "PORTABLE", "1"]
)
def test_9_an_ordinary_description_is_no_hint(text):
    assert findings(SeriesDescription=text, StudyDescription=text, ProtocolName=text) == []


def test_9_a_description_is_never_quoted():
    text = " ".join(found.sentence for found in header_findings(sample(SeriesDescription="KNEE OF JANE DOE")))
    assert "SeriesDescription" in text and "JANE" not in text


BORN = {"PatientAge": "", "PatientBirthDate": "19500102"}
BY_ACQUISITION = "PatientBirthDate and AcquisitionDate"


@pytest.mark.parametrize(
    ("attributes", "words", "source"),
    [
        ({"PatientAge": "067Y"}, "67 years", "PatientAge"),
        ({"PatientAge": "018M"}, "18 months", "PatientAge"),
        ({"PatientAge": "006M"}, "6 months", "PatientAge"),
        ({"PatientAge": "003W"}, "21 days", "PatientAge"),
        ({"PatientAge": "67"}, "67 years", "PatientAge"),
        (BORN | {"StudyDate": "20240101"}, "73 years", "PatientBirthDate and StudyDate"),
        (BORN | {"StudyDate": "20240101", "AcquisitionDate": "19540102"}, "4 years", BY_ACQUISITION),
    ],
)
def test_9_the_age_is_known_with_its_source(attributes, words, source):
    age = patient_age(sample(**attributes))
    assert age is not None and (age.words(), age.source) == (words, source)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"PatientAge": "old"},
        {"PatientAge": "900Y"},
        {"PatientBirthDate": "20240101"},
        {"PatientBirthDate": "20250101", "StudyDate": "20240101"},
        {"PatientBirthDate": "20231331", "StudyDate": "20240101"},
    ],
)
def test_9_an_age_that_is_not_given_is_not_guessed(attributes):
    assert patient_age(sample(**attributes)) is None


@pytest.mark.parametrize(
    ("years", "warned"), [(0.9, True), (1, False), (3, False), (5.99, False), (6, True), (67, True)]
)
def test_9_an_age_outside_the_training_images_is_warned_of(years, warned):
    found = age_warning(PatientAge(years, "PatientAge"), "chest_xray")
    assert (found is not None) == warned
    if found:
        assert "PatientAge" in found and "aged 1 to 5 years (Kermany et al., Cell 2018)" in found


def test_9_of_other_training_data_the_ages_are_not_claimed():
    found = age_warning(PatientAge(67, "PatientAge"), "ChestX-ray14")
    assert found is not None
    assert "is not known (training data: ChestX-ray14)" in found


def test_9_findings_and_age_come_through_the_other_process():
    data = written(deep_sample(ViewPosition="LL", PatientAge="067Y"))
    here, there = decode(data, "image.dcm"), decode_safely(data, "image.dcm")
    assert here.findings == there.findings and here.age == there.age == PatientAge(67.0, "PatientAge")


def test_ages_of_many_images_are_counted_and_held_against_those_of_the_training_images():
    assert ages_warning([1, 5.9, float("nan")], "chest_xray") == ""
    warning = ages_warning([0.5, 3, 36, float("nan")], "chest_xray")
    assert "2 of 3 images" in warning and "children aged 1 to 5 years" in warning
    assert ages_warning([36], "ward").startswith(
        "By the table's ages, 1 of 1 images are of patients of another age than 1 to 5 years; whether the "
        "model was trained on this age is not known (training data: ward)."
    )


@pytest.mark.parametrize(
    ("written", "years"),
    [("3,5", 3.5), ("36 years", 36), ("5 Jahre", 5), ("3.5Y", 3.5), ("0036y", 36), ("6 months", 0.5)]
    + [("5 apples", None), ("130", None), ("", None)],
)
def test_an_age_is_read_as_people_write_it(written, years):
    assert age_in_years(written) == (years if years is None else pytest.approx(years))
