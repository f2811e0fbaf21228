"""Films of a set: filtered, sorted, in pages of a hundred; one of them in full with its facts."""

from math import ceil

import numpy as np
import pandas as pd
import streamlit as st

from core.config import CLASS_NAMES, THRESHOLD
from core.dataset import Dataset, cohorts, forget_cohort, save_cohort
from core.dataset.browsing import ORDERS, Filter, films, matching
from core.dataset.problems import PROBLEMS
from core.errors import UserError
from core.figures.dataset import grey_levels
from core.images import read
from core.runs import list_runs, open_run, shipped_runs
from pages.seeing.film_grid import film_grid
from pages.seeing.looks import looks_of

FILMS_A_PAGE = 100
NO_MODEL = "no model"
ALL = "all films"
ANY = "with or without"


@st.fragment
def browse(dataset: Dataset) -> None:
    """Filters, the grid, and the film that was clicked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        present = set(dataset.table["split"].unique())
        splits = [split for split in ("train", "val", "test") if split in present]
        split = st.segmented_control("Split", splits, key="split", bind="query-params")
        label = st.segmented_control("Class", CLASS_NAMES, key="label", bind="query-params")
        order = st.selectbox("Sort by", ORDERS, key="order", width=150)
        descending = st.toggle("Descending", key="descending")
        beside = st.toggle(
            "Side by side", key="beside", help="Normal left, pneumonia right.", disabled=bool(label)
        )
    with st.expander("More filters", icon=":material/filter_list:"):
        first, second, third = st.columns(3)
        causes = sorted(dataset.table["cause"].unique())
        cause = first.segmented_control("Cause", causes, key="cause")
        patient = first.text_input("Patient", key="patient", placeholder="part of the name").strip()
        smallest = second.number_input("At least this wide and high", 0, 10_000, 0, 64, key="smallest")
        problem = second.selectbox(
            "Problem", [ANY, *PROBLEMS], key="problem", help="As the audit finds them."
        )
        model = third.selectbox("Model", [NO_MODEL, *_models()], key="model", help="Filters by its answers.")
        off = model == NO_MODEL
        called = third.segmented_control("It says", CLASS_NAMES, key="called", disabled=off)
        right = third.segmented_control("and is", ["right", "wrong"], key="right", disabled=off)
    wanted = Filter(
        split,
        label,
        cause,
        patient,
        smallest,
        None if off else called,
        None if off or right is None else right == "right",
        order,
        descending,
    )
    table = _films(dataset.fingerprint, model, dataset)
    rows = _cohort(dataset, _matching(dataset.fingerprint, wanted, model, problem, dataset))
    if not len(rows):
        st.info("No film is like that. Loosen a filter.")
        return
    key = f"{dataset.fingerprint[:8]}-{hash((wanted, model, problem))}"
    st.caption(f"{len(rows):,} images, as the network sees them. Click one to see it in full.")
    if beside and not label:
        labels = table["label"].to_numpy()[rows]
        for column, name in zip(st.columns(2, gap="medium"), CLASS_NAMES, strict=True):
            with column:
                chosen = rows[labels == name]
                st.markdown(f"**{name}** {len(chosen):,}")
                _paged(dataset, table, chosen, FILMS_A_PAGE // 2, f"{key}-{name}")
    else:
        _paged(dataset, table, rows, FILMS_A_PAGE, key)


def _paged(dataset: Dataset, table: pd.DataFrame, rows: np.ndarray, at_once: int, key: str) -> None:
    """Films in pages; one that is clicked opens."""
    if not len(rows):
        st.caption("None.")
        return
    pages = ceil(len(rows) / at_once)
    page = st.pagination(pages, key=f"page-{key}") if pages > 1 else 1
    shown = rows[(page - 1) * at_once : page * at_once]
    clicked = film_grid(dataset, shown, _captions(table, shown), f"films-{key}")
    if clicked is not None:
        st.session_state["film"] = int(clicked)
        _enlarged(dataset, table, int(clicked))


def _cohort(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Keep to a cohort, if one is chosen; keep what is shown as a new one, or forget one."""
    known = cohorts(dataset.root)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Cohort", [ALL, *known], key=f"cohort-{dataset.fingerprint[:8]}", width=220)
        if chosen != ALL:
            rows = rows[dataset.table["sha256"].iloc[rows].isin(known[chosen])]
            st.button("Forget", icon=":material/delete:", on_click=forget_cohort, args=(dataset.root, chosen))
        with st.popover("Save as cohort", icon=":material/bookmark_add:"):
            st.caption(f"Keeps these {len(rows):,} films under a name, for browsing and for training.")
            name = st.text_input("Name of the cohort").strip()
            if st.button("Save", key="save-cohort", disabled=not name):
                try:
                    save_cohort(dataset, name, rows)
                    st.toast(f"{len(rows):,} films kept as {name}.", icon=":material/bookmark:")
                    st.rerun(scope="fragment")
                except UserError as error:
                    st.error(str(error), icon=":material/error:")
    return rows


def _models() -> list[str]:
    """Measured stages of all runs."""
    runs = [*list_runs(), *shipped_runs()]
    return [f"{run.name} · stage {stage}" for run in runs for stage in sorted(run.evaluation())]


@st.cache_resource(show_spinner=False, max_entries=10)  # nobody changes it, so it need not be copied
def _films(fingerprint: str, model: str, _dataset: Dataset) -> pd.DataFrame:
    predictions = None
    if model != NO_MODEL:
        name, stage = model.rsplit(" · stage ", 1)
        tables = [open_run(name).predictions(int(stage), split) for split in ("validation", "test")]
        predictions = pd.concat([table for table in tables if table is not None])
    return films(_dataset, looks_of(fingerprint, _dataset), predictions)


@st.cache_data(show_spinner=False, max_entries=50)
def _matching(fingerprint: str, wanted: Filter, model: str, problem: str, _dataset: Dataset) -> np.ndarray:
    among = None if problem == ANY else _with_problem(fingerprint, problem, _dataset)
    return matching(_films(fingerprint, model, _dataset), wanted, THRESHOLD, among)


@st.cache_data(show_spinner="Looking ...", max_entries=50, ttl="10m")
def _with_problem(fingerprint: str, problem: str, _dataset: Dataset) -> np.ndarray:
    return PROBLEMS[problem](_dataset)


def _captions(table: pd.DataFrame, rows: np.ndarray) -> list[str]:
    """Whose film it is, or its class; with the model's answer where there is one."""
    chosen = table.loc[rows]
    names = chosen["patient"].where(chosen["patient"] != "", chosen["label"].str.lower())
    answers = chosen["probability"].map(lambda value: "" if pd.isna(value) else f" {value:.0%}")
    return list(names + answers)


@st.dialog("Film", width="large")
def _enlarged(dataset: Dataset, table: pd.DataFrame, row: int) -> None:
    film = table.loc[row]
    left, right = st.columns([1.3, 1])
    try:
        pixels = read(dataset.root / film["path"]).pixels
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        pixels = dataset.pixels[row]
    left.image(pixels, film["path"], width="stretch")
    facts = {
        "Class": film["label"],
        "Split": film["split"],
        "Patient": film["patient"] or "unknown",
        "Cause": film["cause"],
        "Size": f"{film['width']} x {film['height']} pixels, {film['bytes'] / 1024:,.0f} KiB",
        "Brightness": f"{film['brightness']:.0f} of 255",
        "Contrast": f"{film['contrast']:.0f}",
        "Copies": "yes" if film["copied"] else "none",
    }
    if not pd.isna(film["probability"]):
        facts["Model"] = f"pneumonia {film['probability']:.1%}"
    right.markdown("  \n".join(f"**{name}** {value}" for name, value in facts.items()))
    right.plotly_chart(grey_levels(pixels), config={"displayModeBar": False}, key="grey-levels")
