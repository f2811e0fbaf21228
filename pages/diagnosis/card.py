"""One image with its result, what to do with it, heat map and second opinion."""

from dataclasses import replace

import streamlit as st

from core.evaluation import UNDECIDED, percent
from core.figures.diagnosis import probability_bar
from core.images import ImageError
from core.inference import NOTICE, AvailableModel, Reader, Reading
from pages.diagnosis.downloads import image_downloads
from pages.diagnosis.earlier_image import earlier_xray, tell_search
from pages.diagnosis.entries import READING, VIEWER, Entry, full_reading, result_key
from pages.diagnosis.finding import TITLES, colour_of
from pages.diagnosis.first_reading import first_reading_buttons, show_first_reading
from pages.diagnosis.human_reading import agreement_buttons
from pages.diagnosis.sharper_map import choose_sharper, sharper_map
from pages.diagnosis.similar_images import similar_images
from pages.shared.asking import ask_about
from pages.shared.cautions import show_cautions
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.texts import _, translated
from pages.shared.viewer import viewer


def card(entry: Entry, model: AvailableModel, following: Entry | None) -> None:
    """Draw the result and the image at once, and again with the second opinion.

    Args:
        entry: the image.
        model: that read it.
        following: the image to show once the user's reading of this one is saved; None to stay.
    """
    try:
        reading = full_reading(entry, model)
    except ImageError as error:
        ask_about(READING, "")
        show_error(error)
        return
    ask_about(READING, entry.question)
    with st.container(key="result"):  # laid out in look.css: on a phone the X-ray follows the headline
        if entry.hidden:
            _first_reading(entry, reading)
            return
        entry.seen = True
        _with_result(entry, reading, model, following)
    if not reading.withheld and reading.second_opinion is None:
        second_opinion = Reader(model.path).second_opinion(reading)
        entry.cache(result_key(model), replace(reading, second_opinion=second_opinion))
        st.rerun()


def _first_reading(entry: Entry, reading: Reading) -> None:
    """The image without its result, and what the user says of it."""
    with st.container(key="headline"):
        st.caption(escaped(reading.image.name))
        st.markdown(_("## Your reading first"))
    with st.container(key="x-ray"):
        lungs = reading.output.lungs
        viewer(reading.image, None, lungs, None, VIEWER, "", box=entry.box, draw=entry.draw)
    with st.container(key="remarks"):
        first_reading_buttons(entry)


def _with_result(entry: Entry, reading: Reading, model: AvailableModel, following: Entry | None) -> None:
    """The finding in a line, the image, and all else."""
    with st.container(key="headline"):
        st.caption(escaped(reading.image.name))
        score = f" :small[{translated(reading.shown_score)}]" if reading.shown_score else ""
        st.markdown(f"## :{colour_of(reading.finding)}[{TITLES[reading.finding]}]{score}")
    with st.container(key="x-ray"):
        heat_map = None if reading.withheld else reading.heat_map
        lungs, earlier = reading.output.lungs, earlier_xray(entry, reading.image)
        answer = " · ".join(filter(None, [TITLES[reading.finding], translated(reading.shown_score)]))
        viewer(
            reading.image,
            heat_map,
            lungs,
            earlier,
            VIEWER,
            answer,
            outlined=reading.doubts_lungs,
            box=entry.box,
            draw=entry.draw,
            sharper=sharper_map(entry, reading, model),
        )
        choose_sharper(entry, reading, model)
    with st.container(key="remarks"):
        show_first_reading(entry)
        with st.container(key="meaning"):  # what follows keeps its place, and what was typed there
            _finding(reading)
        agreement_buttons(entry, model, following)
        image_downloads(entry, reading, model)
        tell_search(entry)
        _remarks(reading)
        _technical_details(reading, model)


def _remarks(reading: Reading) -> None:
    """What a reader should know besides; warnings stand with the finding."""
    for sentence in reading.remarks()[len(reading.warnings()) :]:
        st.caption(escaped(sentence))
    if not reading.withheld and reading.second_opinion is None:
        st.caption(_("Checking how stable the result is ..."))
    st.caption(translated(NOTICE))


def _finding(reading: Reading) -> None:
    """What the finding means: advice, probability, and what speaks against it."""
    st.markdown(_("**What to do now:** {advice}").format(advice=translated(reading.advice)))
    if reading.void_score and not reading.withheld:
        st.markdown(translated(reading.void_score))
    if reading.probability is not None:
        probability = percent(reading.probability)
        st.markdown(f"{translated(reading.score_name)} **{probability}**: {translated(reading.certainty)}")
        if spread := reading.spread_sentence():
            st.caption(translated(spread))
        figure = probability_bar(
            reading.probability,
            reading.threshold,
            _threshold_title(reading),
            reading.spread,
            reading.doubtful or reading.zone == UNDECIDED,
            (reading.zones.low, reading.zones.high) if reading.zones else None,
        )
        st.plotly_chart(figure, key="bar", config={"displayModeBar": False})
    show_cautions(reading.image_warnings())  # those that concern the model stand at the top of the page
    if reading.withheld:
        st.caption(_("To see the result anyway, turn on “Show withheld results” under Advanced."))


def _threshold_title(reading: Reading) -> str:
    """What stands above the bar."""
    if reading.zones is None:
        return _("threshold {threshold:.1%}").format(threshold=reading.threshold)
    return _("undecided from {low} to {high}").format(
        low=percent(reading.zones.low), high=percent(reading.zones.high)
    )


def _technical_details(reading: Reading, model: AvailableModel) -> None:
    """What an engineer asks: the file, the model, and the training images that are most similar."""
    image = reading.image
    with st.expander(_("Technical details"), icon=":material/info:", key="details"):
        facts = [f"{title}: {value}" for title, value in image.facts.items()]
        st.caption(
            escaped(
                " · ".join(
                    [
                        image.name,
                        _("{width} x {height} pixels").format(width=image.width, height=image.height),
                        *facts,
                    ]
                )
            )
        )
        st.caption(
            _("Model: {title}, {identity}.").format(title=escaped(model.title), identity=model.identity)
        )
        if reading.withheld:
            return
        st.caption(f"{translated(model.threshold_sentence())} {translated(model.calibration_sentence())}")
        similar_images(reading.second_opinion.similar if reading.second_opinion else [], model)
