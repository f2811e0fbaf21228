import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from core.diagnosis import (
    Check,
    Look,
    Neighbour,
    Prediction,
    Reading,
    available_models,
    load_predictor,
    opinion,
    overlay_png,
    read_films,
)
from core.diagnosis.explain import HeatMap
from core.diagnosis.opinions import Opinion
from core.diagnosis.report import reading_report
from core.images import Radiograph, read

FILM = Radiograph("film.png", np.full((200, 160), 90, np.uint8), "digest")


ANSWER = Prediction("NORMAL", 0.3, 0.3)


def seen():
    heat = HeatMap(np.eye(8, dtype=np.float32))
    return Look(ANSWER, FILM.pixels, np.zeros(512, np.float32), np.zeros(1152, np.float32), heat)


def reading(doubt="", **changes):
    answer = ANSWER
    second = {"finding": "NORMAL", "otherwise": 0, "changes": 8, "lowest": 0.2, "highest": 0.4}
    second = Opinion(**{**second, "stages": {1: answer, 3: answer}, **changes})
    return Reading(FILM, seen(), doubt=doubt, opinion=second)


def test_remarks_say_how_far_an_answer_can_be_relied_on():
    assert reading().finding == "No pneumonia"
    one = reading(otherwise=1, highest=0.9).remarks()[0]
    assert one.startswith("1 of 8 small shifts and mirrorings of the film changes the answer: probabilities")
    assert reading().remarks() == [
        "Stable under small shifts and mirroring: probabilities from 20% to 40%.",
        "All stages agree: stage 1 no pneumonia (30%), stage 3 no pneumonia (30%).",
    ]
    doubtful = reading("In a corner.", finding="UNCERTAIN", otherwise=3)
    assert doubtful.finding == "Uncertain"
    assert doubtful.remarks()[0] == "In a corner."
    assert doubtful.remarks()[1].startswith("Unstable: 3 of 8 small shifts")
    other = {1: Prediction("PNEUMONIA", 0.8, 0.8), 3: Prediction("NORMAL", 0.3, 0.3)}
    assert "The stages disagree: stage 1 pneumonia (80%)" in reading(stages=other).remarks()[-1]
    assert Reading(FILM, seen()).remarks() == []
    similar = [Neighbour("a", "PNEUMONIA", 0.1), Neighbour("b", "NORMAL", 0.2)]
    assert (
        "Of the 2 training films most like it to the model, 1 are labelled"
        in reading(similar=similar).remarks()[-1]
    )


@pytest.mark.parametrize(
    ("label", "calibrated", "said"),
    [
        ("NORMAL", 0.82, "82% speaks for pneumonia, but this model calls it from a higher percentage on."),
        (
            "PNEUMONIA",
            0.4,
            "40% speaks against pneumonia, but this model calls it from a lower percentage on.",
        ),
        ("NORMAL", 0.49, ""),
        ("PNEUMONIA", 0.5, ""),
    ],
)
def test_a_call_and_a_percentage_that_say_different_things_are_told_to_be_near_the_limit(
    label, calibrated, said
):
    look = replace(seen(), prediction=Prediction(label, calibrated, calibrated))
    warnings = Reading(FILM, look).warnings()
    expected = [f"Near the limit: {said} Take the film as undecided."] if said else []
    assert warnings == expected
    unstable = replace(reading(finding="UNCERTAIN", otherwise=3), look=look)
    assert [sentence[:9] for sentence in unstable.warnings()] == ["Unstable:"]


def test_a_withheld_answer_says_why_and_nothing_else(trained):
    blank = Check("blank", "The image is blank.", True)
    withheld = Reading(FILM, seen(), (blank,), True, ("In a corner.",))
    assert withheld.finding == "No answer" and withheld.remarks() == ["The image is blank."]
    data = reading_report([withheld], available_models()[0])
    text = PdfReader(io.BytesIO(data)).pages[0].extract_text()
    assert "No answer" in text and "probability of pneumonia" not in text
    anyway = Reading(FILM, seen(), (blank,), False)
    assert anyway.finding == "No pneumonia" and anyway.warnings() == ["The image is blank."]


def test_the_overlay_has_the_films_size_and_colours_where_the_heat_is():
    picture = np.asarray(Image.open(io.BytesIO(overlay_png(reading()))), int)
    assert picture.shape == (200, 160, 3)
    spread = picture.max(axis=2) - picture.min(axis=2)
    assert spread[10, 10] > 30 and spread[10, 150] < 10  # the map is a diagonal


def test_the_report_holds_each_film_with_its_answer(trained, demo):
    paths = [next((demo / "test" / name).iterdir()) for name in ("NORMAL", "PNEUMONIA")]
    predictors = {stage: load_predictor(trained.weights_path(stage)) for stage in (1, 3)}
    readings = []
    for path in paths:
        found = read_films([read(path)], predictors[3], None, heat=True)[0]
        second = opinion(found.film, found.look, predictors, 3)
        readings.append(replace(found, opinion=second))
    model = next(item for item in available_models() if item.stage.number == 3)
    pages = PdfReader(io.BytesIO(reading_report(readings, model))).pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    for found in readings:
        assert f"{found.film.name}: {found.finding}" in text
        assert f"{found.prediction.calibrated:.1%}" in text
    assert "SYNTHETIC" in text and "not a medical device" in text and "on 15 test images" in text
    assert sum(len(page.images) for page in pages) == 4


@pytest.mark.parametrize("name", ["<b>x</b>.png", "肺.png", "a" * 200 + ".png"])
def test_odd_file_names_do_not_break_the_report(trained, name):
    model = available_models()[0]
    odd = reading()
    film = Radiograph(name, odd.film.pixels, "digest", {"Age": "<script>"})
    data = reading_report([replace(odd, film=film)], model)
    assert PdfReader(io.BytesIO(data)).pages
