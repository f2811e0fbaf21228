"""`site measure`: the active model on a hospital's images, and other models beside it."""

from pathlib import Path

import click

from core import atomic
from core.cli.diagnosis import default_model, model_option
from core.cli.output import as_json, percent, precision, print_json
from core.cli.site_source import Source, measured, source_options
from core.evaluation import percent as probability_percent
from core.evaluation import predictive_values, side_by_side
from core.inference import NOTICE, Reader
from core.registry import RegisteredModel, find_model
from core.site import (
    MAX_OTHER_MODELS,
    Group,
    SiteComparison,
    SiteMeasurement,
    compare_models,
    metric_texts,
    misclassified_images,
    other_models,
    p_text,
    readers_of,
)

ALL = "all"  # as `--compare`: every model of the registry


@click.command("measure")
@source_options
@click.option("--group", "groups", metavar="COLUMN", multiple=True, help="Column of groups; may be repeated.")
@click.option("--errors", type=click.Path(path_type=Path), help="Save the misclassified images as a table.")
@click.option(
    "--all-metrics",
    is_flag=True,
    help="Show every metric, and the best specificity at fixed sensitivities; --json always has them.",
)
@click.option(
    "--prevalence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of your patients with pneumonia: show what a prediction means there.",
)
@model_option
@click.option(
    "--compare",
    "others",
    metavar="NAME",
    multiple=True,
    help="Measure the model NAME, too, and test the difference; may be repeated, up to "
    f"{MAX_OTHER_MODELS} times. 'all': every model.",
)
@precision
@as_json
def measure_site(
    source: Source,
    groups: tuple[str, ...],
    errors: Path | None,
    all_metrics: bool,
    prevalence: float | None,
    model: Path | None,
    others: tuple[str, ...],
    precision: str,
    as_json: bool,
) -> int:
    """Measure the active model on labelled images from SOURCE.

    SOURCE is a folder with a folder NORMAL and a folder PNEUMONIA somewhere in it, or a CSV table with a
    column of paths. By default the labels are the folders, or the table's column 'label'; 'readers' are those
    that readers gave in the app. Groups that a table lacks are read from DICOM headers: age, sex, view,
    modality, device, station, ward, month. Other columns are not kept, and no name of a file or a patient
    appears in the result; only the table of --errors holds paths. To accept the model, write down criteria
    before: site criteria. With --compare, other models of `models list`, whatever their state, are measured
    beside it: each at its own threshold, on the images of which all have a result. Each takes memory of its
    own. The exit code is 1 if an image could not be read.
    """
    local = source.open(groups)
    reader = Reader(model, precision) if model else Reader.of(default_model(), precision)
    readers, not_measured = readers_of(_chosen(others, reader), precision) if others else ([], [])
    measurements = measured(local, [reader, *readers])
    compared, measurement = compare_models(measurements, not_measured), measurements[0]
    if errors:
        table = misclassified_images(measurement, list(local.table["file"]))
        atomic.write_text(errors, table.to_csv(index=False))
    if as_json:
        predictive = {"predictive_values": _predictive_values(measurement, prevalence)} if prevalence else {}
        print_json(measurement.values() | predictive | (_comparison_values(compared) if others else {}))
    else:
        _print(measurement, all_metrics)
        if prevalence:
            _print_predictive_values(measurement, prevalence)
        _print_comparison(compared)
        print(NOTICE)
    return 1 if measurement.counts.unreadable else 0


def _chosen(names: tuple[str, ...], measured: Reader) -> list[RegisteredModel]:
    """The models to measure beside one, each once."""
    others = other_models(measured.identity)
    chosen = {item.title: item for item in map(find_model, (name for name in names if name != ALL))}
    if ALL in names:
        return list(others.values())
    return [item for title, item in chosen.items() if title in others]


def _comparison_values(compared: SiteComparison) -> dict:
    """What is said besides of several models."""
    others = [measurement.values() for measurement in compared.measurements[1:]]
    return {"comparison": compared.values(), "others": others}


def _print_comparison(compared: SiteComparison) -> None:
    """Models side by side for people; nothing of one model alone."""
    for note in compared.notes():
        print(note)
    for name, metrics in (compared.metrics or {}).items():
        print(f"{name}: decision threshold {percent(metrics['threshold'])}")
        for title, text in metric_texts(metrics).items():
            print(f"  {title:<14}{text}")
    for test in compared.tests:
        print(test.sentence())
    for measurement in compared.measurements[1:]:
        for sentence in [*measurement.cautions(), *measurement.readings.model_warnings]:
            print(f"{measurement.readings.model}: {sentence}")


def _predictive_values(measurement: SiteMeasurement, prevalence: float) -> dict[str, float] | None:
    """PPV and NPV at a prevalence; None where the images do not give them."""
    metrics = measurement.metrics or {}
    sensitivity, specificity = metrics.get("sensitivity"), metrics.get("specificity")
    if sensitivity is None or specificity is None:
        return None
    values = predictive_values(sensitivity, specificity, prevalence)
    return dict(zip(("ppv", "npv"), values, strict=True)) if values else None


def _print_predictive_values(measurement: SiteMeasurement, prevalence: float) -> None:
    values = _predictive_values(measurement, prevalence)
    if values:
        ppv, npv = (probability_percent(values[name]) for name in ("ppv", "npv"))
        print(f"  At a prevalence of {percent(prevalence)}: PPV {ppv}, NPV {npv}")
    else:
        print(
            "  There are no predictive values: the images are of one class, or all get the same prediction."
        )


def _print(measurement: SiteMeasurement, all_metrics: bool) -> None:
    """A measurement for people."""
    readings = measurement.readings
    print(f"{readings.name}: model {readings.model}, decision threshold {percent(readings.threshold)}")
    for sentence in measurement.cautions():
        print(sentence)
    for title, count in measurement.counts.titled().items():
        print(f"  {title}: {count:,}")
    if measurement.metrics and all_metrics:
        for title, (text,) in side_by_side({"": measurement.metrics}).iterrows():
            print(f"  {title:<19}{text}")
        for minimum, specificity in measurement.specificities().items():
            print(f"  Specificity at sensitivity {minimum:.0%}: {percent(specificity)}")
    elif measurement.metrics:
        for title, text in metric_texts(measurement.metrics).items():
            print(f"  {title:<14}{text}")
    if measurement.calibration:
        print(measurement.calibration.sentence())
    for sentence in measurement.zone_sentences():
        print(sentence)
    for row in measurement.reliability:
        low, high = row["range"]
        print(f"  probability {low:.0%} to {high:.0%}: {row['positives']} of {row['n']} have pneumonia")
    for group in measurement.groups:
        print(_group_line(group))
    for sentence in [*measurement.weak_slices.sentences(), *measurement.shift.sentences()]:
        print(sentence)
    for sentence in [*readings.notes, *readings.model_warnings]:
        print(sentence)


def _group_line(group: Group) -> str:
    """A group in one line."""
    rates = []
    for rate, images in (("sensitivity", group.positives), ("specificity", group.negatives)):
        value, interval, p = (getattr(group, f"{rate}{end}") for end in ("", "_interval", "_p"))
        bounds = f" ({percent(interval[0])} to {percent(interval[1])})" if interval else ""
        tested = f", {p_text(p)}" if p is not None else ""
        rates.append(f"{rate} {percent(value)}{bounds}, n = {images:,}{tested}")
    return f"  {group.column} {group.group}: {'; '.join(rates)}"
