import json
from dataclasses import replace

import numpy as np
import pytest
from site_measurements import measured

from core.cli import site_set, site_source
from core.cli.main import main
from core.errors import UserError
from core.evaluation import evaluate
from core.site import find_site_point, measure


def test_a_threshold_keeps_its_rate_on_the_images_and_promises_less_for_others():
    measurement = measured(400)
    found = find_site_point(measurement, "sensitivity", 0.9)
    table = measurement.predictions.table
    labels = (table["label"] == "PNEUMONIA").astype(int)
    on_its_own_images = evaluate(labels, table["raw"], found.point.threshold)
    assert on_its_own_images["sensitivity"] >= 0.9
    assert found.after.sensitivity <= on_its_own_images["sensitivity"]
    assert found.after.sensitivity == pytest.approx(0.9, abs=0.04)
    assert found.before.sensitivity == measurement.metrics["sensitivity"]
    assert found.point.rule == "sensitivity of at least 90% on 400 images of site"
    assert (found.images, found.patients) == (400, 200)
    assert "chance" not in " ".join(found.sentences()) and found.values()["check"]["passed"]
    json.dumps(found.values(), allow_nan=False)


def test_what_is_expected_is_measured_on_patients_that_the_threshold_was_not_found_on():
    """Of probabilities that tell nothing, the best threshold of one's own images looks good, but is not."""
    measurement = measured(200)
    random = np.random.default_rng(1)
    measurement.predictions.table["raw"] = random.random(200)
    found = find_site_point(measurement, "youden")
    labels = (measurement.predictions.table["label"] == "PNEUMONIA").astype(int)
    own = evaluate(labels, measurement.predictions.table["raw"], found.point.threshold)
    optimism = own["sensitivity"] + own["specificity"] - found.after.sensitivity - found.after.specificity
    assert own["sensitivity"] + own["specificity"] > 1.05 and optimism > 0.05
    assert "no better than chance" in found.sentences()[-1]
    check = found.values()["check"]
    assert not check["passed"] and "no better than chance" in check["detail"]


def test_few_patients_find_no_threshold():
    with pytest.raises(UserError, match="at least 30 of each class"):
        find_site_point(measured(80), "youden")


def test_a_measurement_at_a_threshold_that_was_found_on_the_same_folder_is_too_favourable():
    measurement = measured(200)
    rule = find_site_point(measurement, "youden").point.rule
    again = replace(measurement.readings, threshold_rule=rule)
    assert "was found on images of site" in " ".join(measure(again).cautions())
    elsewhere = replace(again, name="ward")
    shorter = replace(again, name="sit", temperature_rule="on 200 images of site")  # begins alike
    for readings in (measurement.readings, elsewhere, shorter):
        assert "threshold" not in " ".join(measure(readings).cautions())


def test_the_terminal_says_why_a_threshold_may_mislead(narrow_bundle, own_home, monkeypatch, capsys):
    measurement = measured(700, synthetic=True)
    monkeypatch.setattr(site_set, "measured", lambda *_: [measurement])
    monkeypatch.setattr(site_source, "open_local_images", lambda *_: None)
    for command in ("point", "recalibrate"):
        main(["site", command, "ward"])
        assert capsys.readouterr().out.startswith("SYNTHETIC images: these figures say nothing")
    main(["site", "point", "ward", "--json"])
    assert json.loads(capsys.readouterr().out)["cautions"] == measurement.cautions()
