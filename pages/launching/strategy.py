"""A custom stage: which convolutions it trains, under a name that is kept."""

import streamlit as st

from core.architecture import BACKBONE
from core.config import BACKBONE_CONVOLUTIONS, Strategy
from core.errors import UserError
from core.runs import strategies

BLOCKS = {block: [layer.name for layer in BACKBONE if layer.block == block] for block in range(1, 6)}
NEW = "New strategy"


def choose_strategy(given: Strategy | None, key: str) -> Strategy:
    """A saved strategy or a new one; raises UserError while its name cannot be used."""
    saved = strategies.saved()
    with st.container(border=True):
        st.markdown("**Custom stage** · starts from stage 1 and trains the head and what you unfreeze")
        names = [NEW, *saved]
        start = names.index(given.name) if given and given.name in saved else 0
        chosen = st.selectbox("Strategy", names, start, key=f"{key}-strategy")
        base = saved.get(chosen) or given or Strategy("last-block", tuple(BLOCKS[5]))
        own = f"{key}-{chosen}"
        first, second = st.columns([2, 1])
        with first:
            blocks = st.pills(
                "Whole blocks",
                list(BLOCKS),
                default=[block for block, layers in BLOCKS.items() if set(layers) <= set(base.trains)],
                format_func=lambda block: f"block {block}",
                selection_mode="multi",
                key=f"{own}-blocks",
            )
            within = {layer for block in blocks for layer in BLOCKS[block]}
            single = st.multiselect(
                "Single layers",
                [layer for layer in BACKBONE_CONVOLUTIONS if layer not in within],
                [layer for layer in base.trains if layer not in within],
                key=f"{own}-layers-{sorted(blocks)}",
                help="Convolutions to unfreeze besides whole blocks. Below block5_conv3 each epoch computes "
                "the whole network, which is slower.",
            )
        with second:
            name = st.text_input("Name", base.name, key=f"{own}-name")
            factor = st.number_input(
                "Rate, times", 1e-4, 100.0, base.rate_factor, key=f"{own}-factor", help="Of stage 1's rate."
            )
            steps = st.number_input(
                "Steps an epoch", 0, 100_000, base.steps or 0, key=f"{own}-steps", help="0: all films once."
            )
        layers = tuple(layer for layer in BACKBONE_CONVOLUTIONS if layer in within | set(single))
        row = st.container(horizontal=True)
        strategy = Strategy(name.strip(), layers, factor, steps or None)
        row.button("Save strategy", icon=":material/save:", on_click=_save, args=(strategy,))
        if chosen != NEW:
            row.button("Forget", icon=":material/delete:", on_click=strategies.forget, args=(chosen,))
    return strategy


def _save(strategy: Strategy) -> None:
    try:
        strategies.save(strategy)
        st.toast(f"Saved {strategy.name}.", icon=":material/save:")
    except UserError as error:
        st.toast(str(error), icon=":material/error:")
