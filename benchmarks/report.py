"""The result as one object for machines and as a table for people."""

from benchmarks import limits
from benchmarks.answers import TOGETHER
from benchmarks.training import Training
from core import processor

GIB = 2**30


def result(data: str, machine: dict, training: Training, answers: dict) -> dict:
    """Both ways' figures, their ratios, and the share of the machine's limit that ours reach."""
    figures = {}
    for way in ("notebook", "studio"):
        speeds, runs = getattr(training, way), getattr(training, f"{way}_run")
        figures[way] = {
            **{f"stage{stage}_images_per_s": speeds[stage] for stage in speeds},
            **{f"stage{stage}_run_s": runs[stage] for stage in runs},
            "answer_1_ms": 1000 * answers[way]["answer_1_s"],
            "answer_32_images_per_s": TOGETHER / answers[way]["answer_32_s"],
            "load_s": answers[way]["load_s"],
            "answering_memory_gib": answers[way]["peak_memory"] / GIB,
        }
    figures["notebook"]["training_memory_gib"] = training.notebook_memory / GIB
    figures["studio"]["stage1_again_s"] = training.again
    figures["studio"]["rechecked_share"] = answers["studio"]["rechecked"]
    for stage, peak in training.studio_memory.items():
        figures["studio"][f"stage{stage}_memory_gib"] = peak / GIB
    ratios = _ratios(figures["notebook"], figures["studio"])
    return {
        "data": data,
        "machine": machine,
        "precision": training.precision,
        **figures,
        "ratios": {**ratios, "bfloat16": processor.bfloat16_unit()},
        "limits": _limits(machine, training.precision, figures["studio"]),
    }


def _ratios(notebook: dict, studio: dict) -> dict[str, float]:
    """This project over the notebook way, higher is better."""
    return {
        "stage1_kept": studio["stage1_images_per_s"] / notebook["stage1_images_per_s"],
        "stage1_whole_run": notebook["stage1_run_s"] / studio["stage1_run_s"],
        "stage1_again": notebook["stage1_run_s"] / studio["stage1_again_s"],
        "stage2_kept": studio["stage2_images_per_s"] / notebook["stage2_images_per_s"],
        "stage2_whole_run": notebook["stage2_run_s"] / studio["stage2_run_s"],
        "stage3": studio["stage3_images_per_s"] / notebook["stage3_images_per_s"],
        "answer_1": notebook["answer_1_ms"] / studio["answer_1_ms"],
        "answer_32": studio["answer_32_images_per_s"] / notebook["answer_32_images_per_s"],
    }


def _limits(machine: dict, precision: str, studio: dict) -> dict[str, dict]:
    """For each task the machine's own limit in images a second, and the share that is reached."""
    reached = {
        "stage1_kept": studio["stage1_images_per_s"],
        "stage2_kept": studio["stage2_images_per_s"],
        "stage3": studio["stage3_images_per_s"],
        "answer_1": 1000 / studio["answer_1_ms"],
        "answer_32": studio["answer_32_images_per_s"],
    }
    best = limits.by_task(machine, precision, batch=TOGETHER)
    return {task: {"limit": best[task], "share": reached[task] / best[task]} for task in reached}


ROWS = (
    ("stage 1, images/s on kept activations", "stage1_images_per_s", "stage1_images_per_s", "stage1_kept"),
    ("stage 1, whole run, s", "stage1_run_s", "stage1_run_s", "stage1_whole_run"),
    ("stage 1 again, another head setting, s", "stage1_run_s", "stage1_again_s", "stage1_again"),
    ("stage 2, images/s on kept activations", "stage2_images_per_s", "stage2_images_per_s", "stage2_kept"),
    ("stage 2, whole run, s", "stage2_run_s", "stage2_run_s", "stage2_whole_run"),
    ("stage 3, images/s", "stage3_images_per_s", "stage3_images_per_s", "stage3"),
    ("one answer, file to probability, ms", "answer_1_ms", "answer_1_ms", "answer_1"),
    ("32 answers together, images/s", "answer_32_images_per_s", "answer_32_images_per_s", "answer_32"),
    ("load, s", "load_s", "load_s", None),
    ("memory while answering, GiB", "answering_memory_gib", "answering_memory_gib", None),
)


def table(found: dict) -> str:
    """The result in Markdown."""
    machine, notebook, studio = found["machine"], found["notebook"], found["studio"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, bfloat16 by {found['ratios']['bfloat16']}; "
        f"matrix product {machine['float32']:.0f} GFLOP/s in float32, {machine['bfloat16']:.0f} in bfloat16; "
        f"memory {machine['bandwidth']:.0f} GB/s. Data: {found['data']}; precision {found['precision']}.",
        "",
        "| | notebook way | this project | ratio | of the machine's limit |",
        "|---|---|---|---|---|",
    ]
    for title, theirs, ours, ratio in ROWS:
        cells = [title, _number(notebook[theirs]), _number(studio[ours])]
        cells.append(f"{found['ratios'][ratio]:.1f}x" if ratio else "")
        limit = found["limits"].get(ratio)
        cells.append(f"{limit['share']:.0%} of {_number(limit['limit'])}" if limit else "")
        lines.append(f"| {' | '.join(cells)} |")
    memory = ", ".join(f"{studio[f'stage{stage}_memory_gib']:.1f}" for stage in (1, 2, 3))
    theirs = f"{notebook['training_memory_gib']:.1f}"
    lines.append(f"| peak memory of training, stages 1, 2, 3, GiB | {theirs} | {memory} | | |")
    lines += ["", f"{studio['rechecked_share']:.0%} of the test films were borderline and judged twice."]
    if found.get("pages"):
        pages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["pages"].items())
        lines += ["", f"Until a page has painted: {pages}."]
    for file, precisions in found.get("agreement", {}).items():
        said = "; ".join(
            f"{precision}: at most {item['largest']:.4f}, {item['class_changes']} of {item['n']} change class"
            for precision, item in precisions.items()
        )
        lines += ["", f"Answers of {file} against Keras in float32 — {said}."]
    if found.get("growth"):
        lines += ["", "| stage 1 on images | s | peak memory, GiB |", "|---|---|---|"]
        lines += [
            f"| {row['images']:,} | {row['seconds']:.0f} | {row['peak_memory'] / GIB:.2f} |"
            for row in found["growth"]
        ]
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
