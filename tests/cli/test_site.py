import hashlib
import json
import os
import shutil

import pandas as pd
import pytest

from core.cli.main import main
from core.config import environment
from core.dataset import open_dataset
from core.evaluation import METRICS, OperatingPoint, predictive_values
from core.inference import AuditLog, Reader
from core.registry import active_model, find_model, list_models, register_operating_point, retire
from core.site import LabelLog, blinded, measured_set, write_criteria
from tests.monitor.logged_results import WITHHELD, add_results, steady


def test_size_tells_how_many_images_are_needed_and_what_those_at_hand_show(capsys):
    assert main(["site", "size", "--margin", "0.1", "--positives", "50", "--negatives", "50"]) == 0
    text = capsys.readouterr().out
    assert "141 PNEUMONIA images" in text and "50 NORMAL images" in text
    assert main(["site", "size", "--margin", "0.1", "--positives", "50", "--negatives", "50", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["required"]["for_width"]["sensitivity"] == 141
    assert values["evidence"]["images"] == {"sensitivity": 50, "specificity": 50}


def test_size_refuses_half_of_the_images_at_hand_and_rates_that_are_none(capsys):
    assert main(["site", "size", "--positives", "50"]) == 2
    assert "--negatives" in capsys.readouterr().err
    assert main(["site", "size", "--sensitivity", "90"]) == 2
    assert "The sensitivity is 90" in capsys.readouterr().err


@pytest.fixture
def local_table(trained, demo, tmp_path):
    """A table of the demo's test images, one of its training images, and a file that is no image."""
    images = open_dataset(demo).table
    trained_on = Reader(find_model("trained/3").model.path).reference.training_images
    first = images[images["sha256"].isin(trained_on)].iloc[:1]
    files = [demo / path for path in [*first["path"], *images.loc[images["split"] == "test", "path"]]]
    (tmp_path / "Grace Hopper.png").write_text("no image")
    rows = [
        f"{file},{file.parent.name},Ada {number // 2},{'AP' if number % 2 else 'PA'}"
        for number, file in enumerate(files)
    ]
    rows.append("Grace Hopper.png,NORMAL,Grace,AP")
    (tmp_path / "table.csv").write_text("\n".join(["file,finding,patient name,view", *rows]))
    return tmp_path / "table.csv", len(files)


def test_measure_counts_what_it_leaves_out_and_names_nobody(local_table, capsys):
    table, files = local_table
    arguments = [
        "site",
        "measure",
        str(table),
        "--labels",
        "finding",
        "--patient",
        "patient name",
        "--group",
        "view",
    ]
    assert main([*arguments, "--json"]) == 1
    output = capsys.readouterr().out
    values = json.loads(output)
    assert values["counts"]["files"] == files + 1 and values["counts"]["in_training"] == 1
    assert sum(values["counts"]["unreadable"].values()) == 1
    assert values["counts"]["results"] + sum(values["counts"]["withheld"].values()) == files - 1
    assert "trained/3" in values["model"]
    assert not any(name in output for name in ("Ada", "Grace", str(table.parent)))
    main([*arguments, "--errors", str(table.parent / "errors.csv")])
    errors = pd.read_csv(table.parent / "errors.csv")
    (true_negatives, false_positives), (false_negatives, true_positives) = values["metrics"][
        "confusion_matrix"
    ]
    assert len(errors) == false_positives + false_negatives
    predicted = errors["probability"] >= values["threshold"]
    assert (predicted != (errors["label"] == "PNEUMONIA")).all() and errors["file"].map(os.path.exists).all()
    text = capsys.readouterr().out
    assert "Left out: the model was trained on them: 1" in text and "Unreadable: The file" in text
    assert "Weak slices are not searched: too few images or errors." in text


def test_measure_shows_every_metric_and_what_a_prediction_means_at_a_prevalence(local_table, capsys):
    table, _files = local_table
    arguments = ["site", "measure", str(table), "--labels", "finding", "--prevalence", "0.2"]
    main([*arguments, "--json"])
    values = json.loads(capsys.readouterr().out)
    assert set(values["metrics"]) >= set(METRICS) and set(values["intervals"]) == set(METRICS)
    assert list(values["specificities"]) == ["0.9", "0.95", "0.98"]
    rates = (values["metrics"][rate] for rate in ("sensitivity", "specificity"))
    expected = predictive_values(*rates, 0.2)
    shown = values["predictive_values"]
    assert expected is None and shown is None or tuple(shown.values()) == pytest.approx(expected)
    main([*arguments, "--all-metrics"])
    text = capsys.readouterr().out
    assert all(metric.title in text for metric in METRICS.values())
    assert "Specificity at sensitivity 95%: " in text
    assert ("At a prevalence of 20.0%: PPV" in text) == (expected is not None)
    assert main([*arguments[:-1], "20"]) == 2
    assert "20.0 is not in the range 0<x<1" in capsys.readouterr().err


def test_measure_lays_every_model_beside_the_active_one_and_tells_which_it_cannot_use(
    narrow_bundle, demo, own_home, capsys
):
    for threshold in (0.2, 0.3, 0.4):
        point = OperatingPoint("one", threshold, "fixed")
        register_operating_point("bundled/3", point, "tests", {})
    retire("bundled/3@2", "tests")
    damaged = find_model("bundled/3@3").model.path
    damaged.chmod(0o644)
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    arguments = ["site", "measure", str(demo / "test")]
    assert main([*arguments, "--compare", "all", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    compared = values["comparison"]
    assert [name.split(" (")[0] for name in compared["models"]] == [
        "bundled/3",
        "bundled/3 v2",
        "bundled/3 v1",
    ]
    assert compared["images"] == values["counts"]["results"]
    assert {item["measure"] for item in compared["differences"]} >= {"auc", "sensitivity"}
    assert "bundled/3@3 was not measured." in " ".join(compared["notes"])
    assert [item["threshold"] for item in values["others"]] == pytest.approx([0.3, 0.2])
    assert main([*arguments, "--compare", "bundled/3@2", "--compare", "bundled/3"]) == 0
    text = capsys.readouterr().out
    assert "images have a result of each model; only these are compared." in text
    assert "bundled/3 v2" in text and "bundled/3 v1" not in text
    for threshold in (0.5, 0.6):
        point = OperatingPoint("one", threshold, "fixed")
        register_operating_point("bundled/3", point, "tests", {})
    assert main([*arguments, "--compare", "all"]) == 2
    assert "5 models are too many to be measured beside one: all" in capsys.readouterr().err
    assert main([*arguments, "--compare", "yours/3"]) == 2
    assert "There is no model 'yours/3'" in capsys.readouterr().err


@pytest.mark.slow
def test_zones_are_saved_with_their_images_which_the_monitor_compares_with(
    narrow_bundle, demo, own_home, capsys
):
    rates = ["--miss-rate", "0.2", "--false-alarm-rate", "0.2"]
    assert main(["site", "zones", str(demo), *rates, "--save", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    item = find_model(values["version"])
    assert item.model.record.zones["rule"] == f"on {values['images']} images of {values['site']}"
    images = measured_set(item.model.identity)
    assert images.table["probability"].count() == values["images"]
    assert {"brightness", "contrast", "lung_area", "lung_distinctness"} <= set(images.table.dropna(axis=1))
    main(["models", "promote", item.title, "--override", "--reason", "for the test"])
    assert active_model().model.record.zones == item.model.record.zones
    capsys.readouterr()
    assert main(["site", "watch"]) == 0
    assert images.words() in capsys.readouterr().out
    assert main(["site", "measure", str(demo)]) == 0
    assert "By the model's zones (rule out below" in capsys.readouterr().out


@pytest.mark.slow
def test_shortcuts_are_tested_in_the_terminal_as_on_the_page(narrow_bundle, demo, own_home, capsys):
    assert main(["site", "shortcuts", str(demo), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert set(values["baselines"]) == {"corners", "frame", "histogram"}
    assert {row["hidden"] for row in values["occlusion"]} >= {"corners", "outer 15%"}
    assert values["model"].startswith("bundled/3") and values["notice"]
    assert main(["site", "shortcuts", str(demo)]) == 0
    text = capsys.readouterr().out
    assert "corners hidden: ROC AUC " in text and "share of the heat in the lungs" in text
    assert "The shortcut baselines take at least 50 images of each class" in text


def test_measure_refuses_a_column_that_makes_no_groups_before_it_reads(local_table, capsys):
    table, _ = local_table
    assert main(["site", "measure", str(table), "--labels", "finding", "--group", "file"]) == 2
    assert "different values" in capsys.readouterr().err


def test_watch_tells_the_light_of_the_active_model_and_a_red_one_by_its_exit_code(
    narrow_bundle, own_home, capsys
):
    assert main(["site", "watch"]) == 0
    assert "There is no audit log yet" in capsys.readouterr().out
    model = str(active_model().model.identity)
    add_results(AuditLog(), [row | {"model": model} for row in [*steady(150), *[WITHHELD] * 50]])
    assert main(["site", "watch"]) == 1
    assert capsys.readouterr().out.startswith("Red. Results withheld: 50 of 50 in results 151 to 200; ")
    assert main(["site", "watch", "--json"]) == 1
    values = json.loads(capsys.readouterr().out)
    assert values["light"] == "red" and [block["withheld"] for block in values["blocks"]] == [0, 50]


def test_cron_hears_nothing_while_the_light_stays(narrow_bundle, own_home, capsys, monkeypatch):
    monkeypatch.setenv(environment.WEBHOOK.name, "http://127.0.0.1:9/hook")
    assert main(["site", "watch", "--tell"]) == 0
    said = capsys.readouterr()
    assert (
        "The light was green before, so the webhook on 127.0.0.1 was not told." in said.out and said.err == ""
    )


def test_reports_compares_the_log_with_a_table_and_refuses_one_without_paths(
    narrow_bundle, own_home, tmp_path, capsys
):
    (tmp_path / "a.png").write_text("a")
    (tmp_path / "reports.csv").write_text("image,label\na.png,1\n")
    digest = hashlib.sha256(b"a").hexdigest()
    add_results(AuditLog(), [{"model": str(active_model().model.identity), "sha256": digest}])
    assert main(["site", "reports", str(tmp_path / "reports.csv")]) == 0
    assert "Sensitivity: 0.000 (0.000 to 0.793), 0 of 1." in capsys.readouterr().out
    assert main(["site", "reports", str(tmp_path / "reports.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sensitivity"]["images"] == 1
    add_results(
        AuditLog(), [{"model": str(active_model().model.identity), "sha256": digest, "probability": 0.9}]
    )
    write_criteria(0.9, None, None, None, "Ada")
    assert main(["site", "reports", str(tmp_path / "reports.csv")]) == 0
    assert (
        "Criterion: Sensitivity at least 0.9: 1.000 (0.207 to 1.000), not shown." in capsys.readouterr().out
    )
    add_results(AuditLog(), [{"model": str(active_model().model.identity), "sha256": digest}])
    assert main(["site", "reports", str(tmp_path / "reports.csv")]) == 1
    assert "0.000 (0.000 to 0.793), missed." in capsys.readouterr().out
    (tmp_path / "reports.csv").write_text("accession,label\n4711,1\n")
    assert main(["site", "reports", str(tmp_path / "reports.csv")]) == 2
    assert "has no column of paths (it has accession, label)" in capsys.readouterr().err


def test_criteria_are_written_down_first_and_drawings_meet_them_in_vain(
    narrow_bundle, demo, own_home, tmp_path, capsys
):
    assert main(["site", "accept", str(demo / "test")]) == 2
    assert "No criteria have been written down. Do that first" in capsys.readouterr().err
    assert main(["site", "criteria"]) == 0
    assert capsys.readouterr().out == "No criteria have been written down.\n"
    assert main(["site", "criteria", "--withheld", "0.5"]) == 0
    assert capsys.readouterr().out.startswith("at most 50% of results withheld; written down by ")
    assert main(["site", "accept", str(demo / "test"), "--pdf", str(tmp_path / "report.pdf")]) == 1
    text = capsys.readouterr().out
    assert "SYNTHETIC" in text and "Accepted." not in text
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_a_model_is_accepted_on_images_that_met_the_criteria_and_are_kept_to_compare_with(
    narrow_bundle, real, own_home, tmp_path, capsys
):
    for label in ("NORMAL", "PNEUMONIA"):
        (tmp_path / "ward" / label).mkdir(parents=True)
        for file in sorted((real / "test" / label).iterdir())[:10]:
            shutil.copy(file, tmp_path / "ward" / label)
    main(["site", "criteria", "--withheld", "0.5"])
    capsys.readouterr()
    assert main(["site", "accept", str(tmp_path / "ward"), "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert outcome["result"] == "met"
    assert main(["site", "accept", str(tmp_path / "ward")]) == 0
    text = capsys.readouterr().out
    assert "1 of 1 criteria are met." in text and "the 20 images of ward" in text
    assert len(measured_set(active_model().model.identity).table) == 20


def test_labels_tells_how_well_readers_agree_and_saves_what_they_said(own_home, tmp_path, capsys):
    folder = tmp_path / "ward"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.png").write_text(str(number))
    assert main(["site", "labels", str(folder)]) == 0
    assert "Nobody has labelled any of these 4 images" in capsys.readouterr().out
    order = list(blinded([str(path) for path in folder.iterdir()]))
    for reader, letters in {"Ada": "PPNN", "Grace": "PNNN"}.items():
        for sha256, letter in zip(order, letters, strict=True):
            LabelLog().add(sha256, reader, {"P": "PNEUMONIA", "N": "NORMAL"}[letter])
    assert main(["site", "labels", str(folder), "--csv", str(tmp_path / "labels.csv")]) == 0
    text = capsys.readouterr().out
    assert "agree on 3 of 4 images" in text and "Cohen's kappa 0.50" in text and "by consensus: 1" in text
    saved = (tmp_path / "labels.csv").read_text().splitlines()
    assert saved[0] == "file,sha256,reader: Ada,reader: Grace,label" and saved[2].endswith(
        "PNEUMONIA,NORMAL,"
    )
    assert main(["site", "labels", str(folder), "--json"]) == 0
    (pair,) = json.loads(capsys.readouterr().out)["agreement"]
    assert pair["readers"] == ["Ada", "Grace"] and pair["kappa"] == pytest.approx(0.5)


def test_a_label_is_kept_by_terminal_and_three_readers_agree_beyond_chance(own_home, demo, capsys):
    folder = demo / "test" / "NORMAL"
    first, second = sorted(folder.iterdir())[:2]
    for reader in ("Ada", "Grace", "Rosalind"):
        assert main(["site", "label", str(first), "normal", "--reader", reader]) == 0
        assert main(["site", "label", str(second), "PNEUMONIA", "--reader", reader]) == 0
    assert "Kept as version 6 of the labels." in capsys.readouterr().out
    assert main(["site", "labels", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "Images that all 3 readers have labelled: 2; Fleiss' kappa 1.00." in text
    assert "Grace and the names of the folders agree on 1 of 2 images" in text
    assert main(["site", "labels", str(folder), "--labels", "readers"]) == 2
    assert "would be compared with themselves" in capsys.readouterr().err
    table = own_home / "table.csv"
    table.write_text(f"file,label\n{first},clear\n{second},lobar\n")
    assert main(["site", "labels", str(table)]) == 0
    assert "came with. The column 'label' holds no labels that are known" in capsys.readouterr().out
    assert main(["site", "labels", str(table), "--positive", "lobar", "--negative", "clear"]) == 0
    assert "Grace and the column 'label' of table.csv agree on 2 of 2 images" in capsys.readouterr().out
    assert main(["site", "label", str(first), "lobar", "--reader", "Ada"]) == 2
    assert main(["site", "label", str(folder / "none.png"), "normal", "--reader", "Ada"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_few_patients_give_neither_a_threshold_nor_a_temperature(local_table, capsys):
    table, _ = local_table
    before = [item.title for item in list_models()]
    assert main(["site", "point", str(table), "--labels", "finding", "--save"]) == 2
    assert "at least 30 of each class" in capsys.readouterr().err
    assert main(["site", "recalibrate", str(table), "--labels", "finding", "--save"]) == 2
    assert "recalibration takes at least 141 of each class" in capsys.readouterr().err
    assert [item.title for item in list_models()] == before
