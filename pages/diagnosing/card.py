"""One film with its answer, where the model looked, and how far that can be relied on."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.dataset import known_folders
from core.diagnosis import (
    AvailableModel,
    Opinion,
    Reading,
    certainty,
    companions,
    opinion,
    reference_of,
    shared_predictor,
)
from core.errors import UserError
from core.evaluation import calibrated
from core.figures.diagnosis import probability_bar
from core.images import ImageError, Radiograph, decode_safely
from core.runs import open_run
from pages.choosing import opened
from pages.diagnosing.notes import note_form
from pages.diagnosing.session import Entry, entries, full_reading
from pages.diagnosing.take_away import of_one
from pages.diagnosing.viewer import viewer
from pages.diagnosing.words import plain

COLOURS = {"Pneumonia": "orange", "No pneumonia": "blue", "Uncertain": "violet"}
SIDE = 120  # pixels of a similar film


def card(entry: Entry, model: AvailableModel) -> None:
    """Draw the answer at once, then what small changes and the other stages say."""
    try:
        reading = full_reading(entry, model)
    except ImageError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    film = reading.film
    with st.container(border=True):
        left, right = st.columns([5, 3], gap="medium")
        with left:
            viewer(film, None if reading.withheld else reading.heat, _earlier(film), key="viewer")
        with right:
            facts = [f"{title}: {value}" for title, value in film.facts.items()]
            st.caption(plain(" · ".join([film.name, f"{film.width} x {film.height} pixels", *facts])))
            heading = st.empty()
            if not reading.withheld:
                _probability(reading, model)
            place = st.empty()
            _say(reading, heading, place)
            if not reading.withheld:
                _how(model)
            st.caption("Research use, not a medical device: a person decides.")
        below = st.container()
    if not reading.withheld:
        reading = _looked_again(entry, reading, model)
        _say(reading, heading, place)
        with below:
            _similar(reading, model)
    with below:
        note_form(entry, model)
        of_one(entry, reading, model)


def _say(reading: Reading, heading, place) -> None:
    """The finding and what a reader should know besides the probability."""
    heading.markdown(f"## :{COLOURS.get(reading.finding, 'gray')}[{reading.finding}]")
    warned = reading.warnings()
    with place.container():
        for sentence in warned:
            st.warning(sentence, icon=":material/warning:")
        for sentence in reading.remarks()[len(warned) :]:
            st.caption(sentence)
        if reading.opinion is None and not reading.withheld:
            st.caption("Looking how far this can be relied on ...")
        if reading.withheld:
            st.caption("To see what the model makes of it all the same, turn on “Answer anyway” above.")


def _probability(reading: Reading, model: AvailableModel) -> None:
    record = model.record
    shown = float(calibrated(record.threshold, record.temperature))
    probability = reading.prediction.calibrated
    st.markdown(f"Probability of pneumonia **{probability:.1%}**: {certainty(probability)}")
    st.plotly_chart(probability_bar(probability, shown), key="bar", config={"displayModeBar": False})


def _how(model: AvailableModel) -> None:
    """What the probability is and when it counts as pneumonia."""
    record = model.record
    shown = float(calibrated(record.threshold, record.temperature))
    calibration = "as the network gives it"
    if record.operating_points:  # found on validation together with the temperature
        calibration = f"calibrated on validation films (temperature {record.temperature:.2f})"
    st.caption(
        f"Called pneumonia from {shown:.1%}: {record.threshold_rule}. The probability is "
        f"{calibration}. Answered by {model.title}."
    )


def _looked_again(entry: Entry, reading: Reading, model: AvailableModel) -> Reading:
    """The reading with a second opinion, asked for once."""
    if reading.opinion is None:
        reading = replace(reading, opinion=second_opinion(reading, model))
        entry.keep(model, reading)
    return reading


def second_opinion(reading: Reading, model: AvailableModel) -> Opinion:
    """What small changes of a film and the other stages say."""
    predictors = {item.stage.number: shared_predictor(item.path) for item in companions(model)}
    reference = reference_of(model.record)
    return opinion(reading.film, reading.look, predictors, model.stage.number, reference)


def _similar(reading: Reading, model: AvailableModel) -> None:
    """The training films most like it, where the data are at hand."""
    films = reading.opinion.similar
    if not films:
        if reference_of(model.record) is None:
            st.caption(
                "The run of this model kept no training films to compare with, so nothing tells whether the "
                f"film is like them. `python -m core reference {model.record.run or 'RUN'}` keeps them."
            )
        return
    try:
        folder = open_run(model.record.run).settings().data
        dataset = opened(folder) if Path(folder) in known_folders() else None
    except UserError:
        dataset = None
    with st.expander(
        "The training films most like it to the model", icon=":material/compare:", key="similar"
    ):
        if dataset is None:
            st.caption("Their pictures are not at hand on this computer; their labels are.")
        columns = st.columns(len(films))
        for column, film in zip(columns, films, strict=True):
            row = None
            if dataset is not None:
                found = dataset.table.index[dataset.table["sha256"] == film.sha256]
                row = found[0] if len(found) else None
            if row is not None:
                column.image(dataset.pixels[row], width=SIDE)
            column.caption(f"{film.label.lower()}, distance {film.distance:.3f}")


def _earlier(film: Radiograph) -> Radiograph | None:
    """The last film of the same person before this one, among those of the session."""
    if not (film.person and film.taken):
        return None
    found = None
    for entry in entries().values():
        for reading in entry.readings.values():
            other = reading.film
            before = other.person == film.person and other.taken and other.taken < film.taken
            if before and (found is None or other.taken > found[0].taken):
                found = other, entry
    if found is None:
        return None
    try:
        return decode_safely(found[1].file.data(), found[1].file.name)
    except ImageError:
        return None
