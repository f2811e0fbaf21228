import io
import re
import time
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from pypdf import PdfReader

from core.anatomy import Frame
from core.evaluation import Zones, percent
from core.images import Image, read_image
from core.inference import (
    Check,
    HeatMap,
    HumanReading,
    ModelOutput,
    Neighbour,
    Prediction,
    Reader,
    Reading,
    SecondOpinion,
    shown_threshold,
)
from core.inference.prediction import predictions
from core.inference.track_record import SimilarScores
from core.registry import answering_models
from core.reports import overlay_png, reading_report
from core.weights import ModelRecord

IMAGE = Image("image.png", np.full((200, 160), 90, np.uint8), "digest")


ANSWER = Prediction("NORMAL", 0.3, 0.3)


def seen():
    heat = HeatMap(np.eye(8, dtype=np.float32))
    return ModelOutput(ANSWER, IMAGE.pixels, np.zeros(512, np.float32), np.zeros(1152, np.float32), heat)


def reading(doubt="", **changes):
    answer = ANSWER
    second = {"finding": "NORMAL", "changed": 0, "copies": 8, "lowest": 0.25, "highest": 0.3, "similar": []}
    second = SecondOpinion(**{**second, "stages": {1: answer, 3: answer}, **changes})
    return Reading(IMAGE, seen(), heat_map_warning=doubt, second_opinion=second)


def test_remarks_say_how_far_an_answer_can_be_relied_on():
    assert reading().finding == "No pneumonia"
    assert reading(changed=1, highest=0.9).remarks()[0] == (
        "Result changed in 1 of 8 shifted or mirrored copies (probability 25% to 90%)."
    )
    assert reading().remarks() == [
        "Result unchanged in all 8 shifted or mirrored copies (probability 25% to 30%).",
        "All stages agree: stage 1 no pneumonia (30%), stage 3 no pneumonia (30%).",
    ]
    assert reading(highest=0.52).remarks()[0] == (
        "Same label in all 8 shifted or mirrored copies, but not stable: probability 25% to 52%."
    )
    doubtful = reading("In a corner.", finding="UNCERTAIN", changed=3)
    assert doubtful.finding == "Uncertain"
    assert doubtful.remarks()[0] == "In a corner."
    assert doubtful.remarks()[1].startswith("Unstable. Result changed in 3 of 8")
    other = {1: Prediction("PNEUMONIA", 0.8, 0.8), 3: Prediction("NORMAL", 0.3, 0.3)}
    assert "The stages disagree: stage 1 pneumonia (80%)" in reading(stages=other).remarks()[-1]
    assert Reading(IMAGE, seen()).remarks() == []
    similar = [Neighbour("a", "PNEUMONIA", 0.1), Neighbour("b", "NORMAL", 0.2)]
    assert reading(similar=similar).remarks()[-1] == (
        "Most similar training images: 1 of 2 are labelled pneumonia."
    )


@pytest.mark.parametrize(
    ("label", "calibrated", "threshold", "sentence"),
    [
        ("NORMAL", 0.82, 0.89, "82% is below this model's decision threshold (89%)."),
        ("PNEUMONIA", 0.4, 0.3, "40% is above this model's decision threshold (30%)."),
        ("NORMAL", 0.49, 0.5, ""),
        ("PNEUMONIA", 0.5, 0.5, ""),
    ],
)
def test_a_prediction_that_its_probability_contradicts_is_borderline(label, calibrated, threshold, sentence):
    output = replace(seen(), prediction=Prediction(label, calibrated, calibrated))
    warnings = Reading(IMAGE, output, threshold).warnings()
    assert warnings == ([f"Borderline: {sentence} Treat as indeterminate."] if sentence else [])
    unstable = replace(reading(finding="UNCERTAIN", changed=3), output=output)
    assert [sentence[:9] for sentence in unstable.warnings()] == ["Unstable."]


def test_lists_and_headlines_call_a_contradicted_probability_a_score():
    similar = SimilarScores(images=30, positives=30, lowest=0.25, highest=0.35, interval=(0.88, 1.0))
    assert reading().shown_score == "30.0%"
    contradicted = replace(reading(), similar_scores=similar)
    assert contradicted.shown_score == "score 30.0%" and contradicted.score_name == "Score for pneumonia"
    certain = replace(seen(), prediction=Prediction("PNEUMONIA", 0.99996, 0.99996))
    assert Reading(IMAGE, certain).shown_score == ">99.9%"


def test_a_score_that_means_nothing_is_words_everywhere(trained):
    """Whatever else is known of the image: an unstable, borderline result that test images contradict."""
    members = Prediction("NORMAL", 0.82, 0.82, (0.7, 0.9))
    similar = SimilarScores(images=30, positives=1, lowest=0.7, highest=0.9, interval=(0.01, 0.17))
    unlike = Check("unlike tested images", "Unlike.", False, voids_score=True)
    for changes in ({"changed": 0}, {"changed": 1}, {"changed": 3, "finding": "UNCERTAIN"}):
        void = replace(
            reading(**changes),
            output=replace(seen(), prediction=members),
            threshold=0.89,
            checks=(unlike,),
            similar_scores=similar,
        )
        sentence = "The score means nothing here: this image is unlike those that the model was trained on."
        assert void.finding == "Uncertain" and void.score_words == void.void_score == sentence
        assert void.probability is None and void.spread is None and void.spread_sentence() == ""
        assert (void.shown_score, void.score_name) == ("no score", "Score for pneumonia")
        assert void.score_values() == {
            "label": "NORMAL",
            "probability": None,
            "calibrated": None,
            "raw_probability": 0.82,
        }
        assert "%" not in " ".join([*void.remarks(), void.certainty, void.advice])
        report = PdfReader(io.BytesIO(reading_report([void, reading()], answering_models()[0])))
        text = " ".join("".join(page.extract_text() for page in report.pages[:2]).split())
        assert "The score means nothing here" in text and "82" not in text and "no score" in text
    assert replace(void, withheld=True).shown_score == replace(void, withheld=True).score_words == ""


def test_a_withheld_answer_says_why_and_nothing_else(trained):
    blank = Check("blank", "The image is blank.", True)
    withheld = Reading(IMAGE, seen(), checks=(blank,), withheld=True, heat_map_warning="In a corner.")
    assert withheld.finding == "No result" and withheld.remarks() == ["The image is blank."]
    data = reading_report([withheld], answering_models()[0])
    text = PdfReader(io.BytesIO(data)).pages[0].extract_text()
    assert "No result" in text and "probability of pneumonia" not in text
    anyway = Reading(IMAGE, seen(), checks=(blank,))
    assert anyway.finding == "Uncertain" and anyway.warnings() == ["The image is blank."]
    assert anyway.certainty == "not reliable on this image, see the warning"


def test_the_overlay_has_the_images_size_and_colours_where_the_heat_is():
    picture = np.asarray(PIL.Image.open(io.BytesIO(overlay_png(reading()))), int)
    assert picture.shape == (200, 160, 3)
    spread = picture.max(axis=2) - picture.min(axis=2)
    assert spread[10, 10] > 30 and spread[10, 150] < 10  # the map is a diagonal


def test_the_report_holds_each_image_with_its_answer(trained, demo):
    paths = [next((demo / "test" / name).iterdir()) for name in ("NORMAL", "PNEUMONIA")]
    images = [read_image(path) for path in paths]
    reader = Reader(trained.weights_path(3))
    readings = reader.read(images, heat_map=True, second_opinion=True, anyway=True)
    model = next(item for item in answering_models() if item.stage.number == 3)
    noted = {images[1].sha256: HumanReading("disagree", "effusion", True, (0.1, 0.2, 0.5, 0.6))}
    pages = PdfReader(io.BytesIO(reading_report(readings, model, noted))).pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    for found in readings:
        assert f"{found.image.name}: {found.finding}" in text
        assert percent(found.prediction.calibrated) in text and found.advice in text
    assert "Disagree. Own finding: effusion. The result changed the finding." in text
    assert text.count("X-ray with the reader's box") == 1
    assert text.index("2 images: ") < text.index(f"{images[0].name}: ") < text.index("Trained on")
    for number, page in enumerate(pages, start=1):
        foot = page.extract_text()
        assert f"Page {number} of {len(pages)}" in foot and time.strftime("Made %Y-") in foot
    assert "SYNTHETIC" in text and "Not a medical device" in text and "On 15 test images" in text
    assert sum(len(page.images) for page in pages) == 4


@pytest.mark.parametrize("name", ["<b>x</b>.png", "肺.png", "a" * 200 + ".png"])
def test_odd_file_names_do_not_break_the_report(trained, name):
    model = answering_models()[0]
    odd = reading()
    image = Image(name, odd.image.pixels, "digest", {"Age": "<script>"})
    data = reading_report([replace(odd, image=image)], model)
    assert PdfReader(io.BytesIO(data)).pages


def test_the_finding_is_as_cautious_as_the_warnings():
    upside_down = Check(
        "upside down", "The image appears upside down. Correct it and upload it again.", False
    )
    assert Reading(IMAGE, seen()).finding == "No pneumonia"
    assert Reading(IMAGE, seen(), checks=(upside_down,)).finding == "Uncertain"
    borderline = replace(seen(), prediction=Prediction("PNEUMONIA", 0.3, 0.3))
    assert Reading(IMAGE, borderline, threshold=0.2).finding == "Uncertain"
    divided = replace(seen(), prediction=replace(ANSWER, members=(0.1, 0.7)))
    assert Reading(IMAGE, divided).finding == "Uncertain"
    assert Reading(IMAGE, replace(seen(), frame=Frame(reason="no lungs"))).finding == "Uncertain"
    assert Reading(IMAGE, seen(), checks=(upside_down,), withheld=True).finding == "No result"


def test_zones_take_the_place_of_borderline_and_leave_every_other_warning():
    zones = Zones(0.2, 0.6)
    for probability, finding, zone in (
        (0.1, "No pneumonia", "rule out"),
        (0.3, "Uncertain", "undecided"),
        (0.65, "Pneumonia", "rule in"),
    ):
        prediction = Prediction("PNEUMONIA" if probability >= 0.25 else "NORMAL", 0.5, probability)
        found = Reading(IMAGE, replace(seen(), prediction=prediction), threshold=0.25, zones=zones)
        assert (found.finding, found.zone, found.score_values()["zone"]) == (finding, zone, zone)
        assert [warning[:10] for warning in found.image_warnings()] == ["Undecided:"] * (zone == "undecided")
    borderline = replace(seen(), prediction=Prediction("PNEUMONIA", 0.3, 0.3))
    ruled_in = Reading(IMAGE, borderline, threshold=0.2, zones=Zones(0.1, 0.25))
    assert ruled_in.finding == "Pneumonia" and not ruled_in.image_warnings()
    blank = Check("blank", "Blank image.", False)
    assert replace(ruled_in, checks=(blank,)).finding == "Uncertain"
    assert replace(ruled_in, checks=(blank,), withheld=True).zone == ""
    assert Reading(IMAGE, borderline).zone == "" and "zone" not in Reading(IMAGE, borderline).score_values()


def test_members_of_a_recalibrated_ensemble_are_on_the_scale_of_its_threshold():
    record = ModelRecord(temperature=3.0, threshold=0.9)
    members = np.array([[0.7], [0.95]])  # on both sides of the threshold before the new temperature
    (prediction,) = predictions(record, np.array([0.87]), members)
    assert prediction.members == pytest.approx((0.570, 0.727), abs=1e-3)
    divided = Reading(IMAGE, replace(seen(), prediction=prediction), threshold=shown_threshold(record))
    assert "members of the ensemble disagree: 1 of 2 reach" in " ".join(divided.warnings())
