"""The measurements as one object for programs and as a table for people."""

from datetime import date
from importlib.metadata import version

from benchmarks import limits
from benchmarks.effort import TOGETHER
from benchmarks.training import Training
from core.config import processor

GIB = 2**30
WAYS = ("notebook", "studio")
PACKAGES = ("tensorflow", "keras", "openvino")


def result(data: str, model: str, machine: dict, training: Training, answers: dict) -> dict:
    """Measurements of both ways, their ratios, and our share of the machine's limits.

    Args:
        data: name of the data set.
        model: title of the model that made the predictions.
        machine: as returned by `limits.Machine.measure`.
        training: as returned by `training.measure`.
        answers: as returned by `answers.measure`.
    """
    figures = {way: _figures(way, training, answers[way]) for way in WAYS}
    figures["notebook"]["training_memory_gib"] = training.notebook_memory / GIB
    figures["studio"]["stage1_again_s"] = training.again
    figures["studio"] |= _studio_alone(answers["studio"])
    for stage, peak in training.studio_memory.items():
        figures["studio"][f"stage{stage}_memory_gib"] = peak / GIB
    ratios = _ratios(figures["notebook"], figures["studio"])
    return {
        "date": date.today().isoformat(),
        "versions": {package: version(package) for package in PACKAGES},
        "data": data,
        "model": model,
        "machine": machine,
        "precision": training.precision,
        **figures,
        "ratios": {**ratios, "bfloat16": processor.bfloat16_unit()},
        "limits": _limits(machine, training.precision, figures["studio"]),
    }


def _figures(way: str, training: Training, answers: dict) -> dict[str, float]:
    """What is measured both ways."""
    speeds, runs = getattr(training, way), getattr(training, f"{way}_run")
    return {
        **{f"stage{stage}_images_per_s": speed for stage, speed in speeds.items()},
        **{f"stage{stage}_run_s": seconds for stage, seconds in runs.items()},
        "answer_1_ms": 1000 * answers["answer_1_s"],
        "answer_32_images_per_s": TOGETHER / answers["answer_32_s"],
        "answer_1_slow_ms": 1000 * answers["answer_1_slow_s"],
        "start_s": answers["start_s"],
        "answering_memory_gib": answers["peak_memory"] / GIB,
    }


def _studio_alone(answers: dict) -> dict[str, float]:
    """What the notebook way has no counterpart of."""
    return {
        "answer_full_ms": 1000 * answers["answer_full_s"],
        "second_opinion_answers": answers["second_opinion_s"] / answers["answer_1_s"],
        "rechecked_share": answers["rechecked"],
        "stages_memory_gib": answers["stages_memory"] / GIB,
    }


def _ratios(notebook: dict, studio: dict) -> dict[str, float]:
    """This project relative to the notebook way; higher is better."""
    return {
        "stage1_kept": studio["stage1_images_per_s"] / notebook["stage1_images_per_s"],
        "stage1_whole_run": notebook["stage1_run_s"] / studio["stage1_run_s"],
        "stage1_again": notebook["stage1_run_s"] / studio["stage1_again_s"],
        "stage2_kept": studio["stage2_images_per_s"] / notebook["stage2_images_per_s"],
        "stage2_whole_run": notebook["stage2_run_s"] / studio["stage2_run_s"],
        "stage3": studio["stage3_images_per_s"] / notebook["stage3_images_per_s"],
        "answer_1": notebook["answer_1_ms"] / studio["answer_1_ms"],
        "answer_1_slow": notebook["answer_1_slow_ms"] / studio["answer_1_slow_ms"],
        "answer_full": notebook["answer_1_ms"] / studio["answer_full_ms"],
        "answer_32": studio["answer_32_images_per_s"] / notebook["answer_32_images_per_s"],
        "start": notebook["start_s"] / studio["start_s"],
        "answering_memory": notebook["answering_memory_gib"] / studio["answering_memory_gib"],
    }


def _limits(machine: dict, precision: str, studio: dict) -> dict[str, dict]:
    """For each task the machine's limit in images per second, and the share of it that we reach."""
    reached = {
        "stage1_kept": studio["stage1_images_per_s"],
        "stage2_kept": studio["stage2_images_per_s"],
        "stage3": studio["stage3_images_per_s"],
        "answer_1": 1000 / studio["answer_1_ms"],
        "answer_1_slow": 1000 / studio["answer_1_slow_ms"],
        "answer_full": 1000 / studio["answer_full_ms"],
        "answer_32": studio["answer_32_images_per_s"],
    }
    best = limits.by_task(machine, precision, batch=TOGETHER)
    return {task: {"limit": best[task], "share": reached[task] / best[task]} for task in reached}


ROWS = (  # title, key of the notebook way, key of this project, key of the ratio
    ("stage 1, images/s on cached activations", "stage1_images_per_s", "stage1_images_per_s", "stage1_kept"),
    ("stage 1, complete run, s", "stage1_run_s", "stage1_run_s", "stage1_whole_run"),
    ("stage 1 again, another learning rate, s", "stage1_run_s", "stage1_again_s", "stage1_again"),
    ("stage 2, images/s on cached activations", "stage2_images_per_s", "stage2_images_per_s", "stage2_kept"),
    ("stage 2, complete run, s", "stage2_run_s", "stage2_run_s", "stage2_whole_run"),
    ("stage 3, images/s", "stage3_images_per_s", "stage3_images_per_s", "stage3"),
    ("one prediction, file to probability, ms", "answer_1_ms", "answer_1_ms", "answer_1"),
    ("the same, 99th percentile, ms", "answer_1_slow_ms", "answer_1_slow_ms", "answer_1_slow"),
    ("one prediction with lungs, checks and heat map, ms", "answer_1_ms", "answer_full_ms", "answer_full"),
    ("second opinion in addition, in predictions", None, "second_opinion_answers", None),
    ("batch of 32 predictions, images/s", "answer_32_images_per_s", "answer_32_images_per_s", "answer_32"),
    ("start of a process to its first prediction, s", "start_s", "start_s", "start"),
    (
        "peak memory of predictions, GiB",
        "answering_memory_gib",
        "answering_memory_gib",
        "answering_memory",
    ),
    ("the same after three more models, GiB", None, "stages_memory_gib", None),
)


def table(measured: dict) -> str:
    """The result as Markdown."""
    lines = [
        _conditions(measured),
        "",
        "| | notebook way | this project | ratio | of the machine's limit |",
        "|---|---|---|---|---|",
        *(_row(measured, *row) for row in ROWS),
        _memory_row(measured["notebook"], measured["studio"]),
        "",
        _rechecked(measured["model"], measured["studio"]),
    ]
    if measured.get("pages"):
        pages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in measured["pages"].items())
        lines += ["", f"Time until a page is painted: {pages}."]
    for model, precisions in measured.get("agreement", {}).items():
        lines += ["", _agreement(model, precisions)]
    if measured.get("growth"):
        lines += ["", *_growth(measured["growth"])]
    return "\n".join(lines)


def _conditions(measured: dict) -> str:
    machine = measured["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, bfloat16 unit: {measured['ratios']['bfloat16']}; "
        f"matrix product {machine['float32']:.0f} GFLOP/s in float32, {machine['bfloat16']:.0f} in bfloat16; "
        f"memory {machine['bandwidth']:.0f} GB/s. Data: {measured['data']}; "
        f"precision {measured['precision']}. {measured['date']}; "
        f"{', '.join(f'{name} {number}' for name, number in measured['versions'].items())}."
    )


def _row(measured: dict, title: str, notebook: str | None, studio: str, ratio: str | None) -> str:
    theirs = _number(measured["notebook"][notebook]) if notebook else ""
    cells = [title, theirs, _number(measured["studio"][studio])]
    cells.append(f"{measured['ratios'][ratio]:.1f}x" if ratio else "")
    limit = measured["limits"].get(ratio)
    cells.append(f"{limit['share']:.0%} of {_number(limit['limit'])} images/s" if limit else "")
    return f"| {' | '.join(cells)} |"


def _memory_row(notebook: dict, studio: dict) -> str:
    by_stage = ", ".join(f"{studio[f'stage{stage}_memory_gib']:.1f}" for stage in (1, 2, 3))
    return (
        f"| peak memory of training, stages 1, 2, 3, GiB | {notebook['training_memory_gib']:.1f} "
        f"| {by_stage} | | |"
    )


def _rechecked(model: str, studio: dict) -> str:
    return f"Predictions by {model}: {studio['rechecked_share']:.0%} of the test images again in float32."


def _agreement(model: str, precisions: dict[str, dict]) -> str:
    differences = "; ".join(
        f"{precision}: at most {item['largest']:.4f}, {item['class_changes']} of {item['n']} labels change"
        for precision, item in precisions.items()
    )
    return f"Probabilities of {model} compared with Keras in float32: {differences}."


def _growth(rows: list[dict]) -> list[str]:
    return [
        "| stage 1, number of images | s | peak memory, GiB |",
        "|---|---|---|",
        *(f"| {row['images']:,} | {row['seconds']:.0f} | {row['peak_memory'] / GIB:.2f} |" for row in rows),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
