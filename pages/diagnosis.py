"""An answer for dropped X-rays."""

import pandas as pd
import streamlit as st

from core.config import THRESHOLD
from core.diagnosis import AvailableModel, Prediction, available_models, load_predictor
from core.errors import UserError
from core.figures.diagnosis import probability_bar
from core.images import Radiograph, decode
from pages.next_step import offer_training

TYPES = ["jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp"]


def main() -> None:
    st.title("Diagnosis")
    models = available_models()
    if not models:
        offer_training(
            "There is no trained model yet. Train one on your X-rays, or in a few minutes on the "
            "synthetic set to see how the app works."
        )
        return
    model = st.selectbox("Model", models[::-1], format_func=lambda item: item.title)
    about(model)
    files = st.file_uploader(
        "Chest X-rays",
        TYPES,
        accept_multiple_files=True,
        help="JPEG, PNG, BMP, TIFF or WebP; several at once.",
    )
    if not files:
        st.caption("Drop one or several X-rays here. They stay on this computer and are not kept.")
        return
    answers(model, files)


def about(model: AvailableModel) -> None:
    """What the model was trained on and how it was measured."""
    record = model.record
    if record.synthetic:
        st.warning(
            "This model was trained on **SYNTHETIC** films: its answers mean nothing for real X-rays.",
            icon=":material/draw:",
        )
    parts = [
        f"Trained on {record.data or 'unknown data'} from {record.starting_weights or 'unknown'} weights"
    ]
    test = (record.evaluation or {}).get("test")
    if test and test["recall"] is not None and test["specificity"] is not None:
        parts.append(
            f"on {test['n']} test images: sensitivity {test['recall']:.0%}, "
            f"specificity {test['specificity']:.0%}"
        )
    else:
        parts.append("not measured on test images")
    st.caption("; ".join(parts) + ".")


@st.cache_resource(max_entries=3, show_spinner="Loading the model ...")
def predictor(path: str, modified: int):
    """The loaded model, shared by all sessions; loaded anew when the file changes."""
    return load_predictor(path)


@st.cache_data(max_entries=100, show_spinner=False)
def read_and_predict(data: bytes, name: str, path: str, modified: int) -> tuple[Radiograph, Prediction]:
    """The answer for a file's bytes; a rerun of the page does not compute it again."""
    film = decode(data, name)
    return film, predictor(path, modified).predict([film])[0]


def answers(model: AvailableModel, files: list) -> None:
    """A card for each readable file, a sentence for each other."""
    results = []
    bar = st.progress(0.0, "Reading ...")
    for done, file in enumerate(files, start=1):
        try:
            modified = model.path.stat().st_mtime_ns
            film, prediction = read_and_predict(file.getvalue(), file.name, str(model.path), modified)
            results.append((film, prediction))
        except UserError as error:
            st.error(str(error), icon=":material/error:")
        bar.progress(done / len(files), f"{done} of {len(files)}")
    bar.empty()
    if len(results) > 1:
        table(results)
    for number, (film, prediction) in enumerate(results):
        card(film, prediction, model, number)


def table(results: list[tuple[Radiograph, Prediction]]) -> None:
    """All answers, likely positives first."""
    rows = pd.DataFrame(
        [{"File": film.name, "Answer": p.label, "Probability": p.probability} for film, p in results]
    ).sort_values("Probability", ascending=False)
    column = st.column_config.ProgressColumn(
        "Probability of pneumonia", format="percent", min_value=0, max_value=1
    )
    st.dataframe(rows, hide_index=True, column_config={"Probability": column})
    st.download_button("CSV", rows.to_csv(index=False).encode(), "answers.csv", icon=":material/download:")


def card(film: Radiograph, prediction: Prediction, model: AvailableModel, number: int) -> None:
    """One film with its answer."""
    with st.container(border=True):
        picture, answer = st.columns([1, 2], gap="large")
        picture.image(film.pixels, width="stretch")
        with answer:
            positive = prediction.label == "PNEUMONIA"
            st.caption(f"{film.name} · {film.width} x {film.height} pixels")
            color, words = ("orange", "Pneumonia") if positive else ("blue", "No pneumonia")
            st.markdown(f"## :{color}[{words}]")
            st.markdown(f"Probability of pneumonia **{prediction.probability:.1%}**")
            st.plotly_chart(
                probability_bar(prediction.probability, THRESHOLD),
                key=f"bar-{number}",
                config={"displayModeBar": False},
            )
            st.caption(f"Called pneumonia from {THRESHOLD:.0%}. Answered by {model.title}.")
            st.caption("Research use, not a medical device: a person decides.")


main()
