"""The three stages side by side."""

import pandas as pd
import streamlit as st

from core.config import STAGES
from core.diagnosis import available_models
from core.errors import UserError
from core.figures.comparison import SHOWN, confusion, metric_points, validation_losses
from core.runs import Run, list_runs, open_run
from pages.next_step import offer_training

CURRENT = "Current models"


def main() -> None:
    st.title("Comparison")
    runs = {run.name: run for run in list_runs() if run.evaluation()}
    models = {model.stage.number: model.record for model in available_models()}
    if not runs and not any(record.evaluation for record in models.values()):
        offer_training(
            "No model has been measured yet. Train the three stages; their numbers stand here then."
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice = st.selectbox(
            "Models of", [CURRENT, *runs], help="The current models are those that diagnose."
        )
        split = st.segmented_control("Split", ["test", "validation"], default="test", required=True)
    if choice == CURRENT:
        evaluations = {n: record.evaluation for n, record in models.items() if record.evaluation}
        origins = {n: found for n in evaluations if (found := run_of(models[n].run))}
        synthetic = any(models[n].synthetic for n in evaluations)
    else:
        evaluations = {int(n): metrics for n, metrics in runs[choice].evaluation().items()}
        origins = dict.fromkeys(evaluations, runs[choice])
        synthetic = runs[choice].facts().get("synthetic", False)
    shown = {n: splits[split] for n, splits in sorted(evaluations.items()) if split in splits}
    if synthetic:
        st.warning("**SYNTHETIC** data: these numbers say nothing about real X-rays.", icon=":material/draw:")
    if not shown:
        st.info(f"None of these models was measured on {split}. Choose the other split.")
        return
    numbers(shown, split)
    matrices(shown)
    losses(origins)


def run_of(name: str) -> Run | None:
    """The run of that name, if its folder is still there."""
    try:
        return open_run(name)
    except UserError:
        return None


def numbers(shown: dict[int, dict], split: str) -> None:
    """The metrics as a table and as points."""
    table = pd.DataFrame({f"Stage {n}": metrics for n, metrics in shown.items()}).loc[[*SHOWN, "loss", "n"]]
    text = table.apply(lambda row: row.map(lambda value: formatted(row.name, value)), axis=1)
    text.index = [*SHOWN.values(), "Loss", "Images"]
    left, right = st.columns([1, 1], gap="large")
    left.dataframe(text, width="stretch")
    missing = [number for number in STAGES if number not in shown]
    if missing:
        left.caption(f"Not measured on {split}: stage {', '.join(map(str, missing))}.")
    left.caption("A film is called PNEUMONIA from a probability of 50 %. Test was read once, after training.")
    left.download_button(
        "CSV", table.to_csv().encode(), f"comparison-{split}.csv", icon=":material/download:"
    )
    right.plotly_chart(metric_points(shown), config={"displaylogo": False})


def formatted(name: str, value: float | None) -> str:
    """A metric for people; a dash where the images cannot tell."""
    if value is None or pd.isna(value):
        return "–"
    if name == "n":
        return f"{int(value):,}"
    return f"{value:.3f}" if name in ("auc", "loss") else f"{value:.1%}"


def matrices(shown: dict[int, dict]) -> None:
    """A confusion matrix a stage."""
    st.subheader("Confusion matrices")
    for column, (number, metrics) in zip(st.columns(len(shown)), shown.items(), strict=True):
        column.plotly_chart(
            confusion(metrics["confusion_matrix"], f"Stage {number}"),
            key=f"matrix-{number}",
            config={"displayModeBar": False},
        )


def losses(origins: dict[int, Run]) -> None:
    """The loss curves, where the runs' folders are still there."""
    st.subheader("Loss")
    histories = {}
    for number, run in sorted(origins.items()):
        epochs = run.epochs()
        if len(mine := epochs[epochs["stage"] == number]):
            histories[number] = mine
    if histories:
        st.plotly_chart(validation_losses(histories), config={"displaylogo": False})
    else:
        st.caption("The folder of the run that trained these models is no longer here.")


main()
