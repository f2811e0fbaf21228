"""A custom stage: which convolutions it trains, under a name that can be saved."""

import streamlit as st

from core.architecture import Backbone
from core.config import Strategy, convolutions, declarations
from core.roles import may
from core.runs import strategies
from pages.shared.failures import failures_told
from pages.shared.setting_widget import setting_widget
from pages.shared.texts import _

NEW = _("New strategy")
SETTINGS = declarations(Strategy)


def choose_strategy(backbone: Backbone, given: Strategy | None, key: str) -> Strategy:
    """A saved strategy or a new one.

    Args:
        backbone: whose layers can be chosen.
        given: shown at first, where the backbone has its layers.
        key: of the widgets.

    Raises:
        UserError: the name cannot be used.
    """
    saved = {name: strategy for name, strategy in strategies.saved().items() if strategy.fits(backbone)}
    given = given if given and given.fits(backbone) else None
    with st.container(border=True):
        st.markdown(
            _("**Custom stage** · starts from stage 1; trains the head and the layers that you choose")
        )
        names = [NEW, *saved]
        start = names.index(given.name) if given and given.name in saved else 0
        chosen = st.selectbox(_("Strategy"), names, start, key=f"{key}-strategy")
        base = saved.get(chosen) or given or _last_block(backbone)
        strategy = _edit(backbone, base, f"{key}-{chosen}")
        row = st.container(horizontal=True)
        if may(strategies.save) and row.button(_("Save strategy"), icon=":material/save:"):
            failures_told(_save)(strategy)
            st.rerun()
        offered = chosen != NEW and may(strategies.forget)
        if offered and row.button(_("Delete strategy"), icon=":material/delete:"):
            failures_told(strategies.forget)(chosen)
            st.rerun()
    return strategy


def _edit(backbone: Backbone, base: Strategy, key: str) -> Strategy:
    """Widgets for the layers, the name, the rate factor and the steps of a strategy."""
    blocks = _blocks(backbone)
    left, right = st.columns([2, 1])
    with left:
        whole = st.pills(
            _("Whole blocks"),
            list(blocks),
            default=[block for block, layers in blocks.items() if set(layers) <= set(base.trained_layers)],
            selection_mode="multi",
            key=f"{key}-blocks",
            wrap=True,
        )
        inside = {layer for block in whole for layer in blocks[block]}
        single = st.multiselect(
            _("Single layers"),
            [layer for layer in convolutions(backbone) if layer not in inside],
            [layer for layer in base.trained_layers if layer not in inside],
            key=f"{key}-layers-{sorted(whole)}",
            help=_(
                "Convolutions to train besides whole blocks. If any of them comes before the cut layer "
                "({cut_layer}), activations cannot be cached and training is slower."
            ).format(cut_layer=backbone.cut_layer),
        )
    with right:
        name = setting_widget(SETTINGS["name"], base.name, f"{key}-name")
        factor = setting_widget(SETTINGS["rate_factor"], base.rate_factor, f"{key}-factor")
        steps = setting_widget(SETTINGS["steps"], base.steps, f"{key}-steps")
    layers = tuple(layer for layer in convolutions(backbone) if layer in inside | set(single))
    return Strategy(name.strip(), layers, factor, steps)


def _blocks(backbone: Backbone) -> dict[str, list[str]]:
    """The backbone's convolutions by block."""
    blocks: dict[str, list[str]] = {}
    for name in convolutions(backbone):
        blocks.setdefault(backbone.layer(name).block, []).append(name)
    return blocks


def _last_block(backbone: Backbone) -> Strategy:
    return Strategy("last-block", tuple(list(_blocks(backbone).values())[-1]))


def _save(strategy: Strategy) -> None:
    strategies.save(strategy)
    st.toast(_("Saved {name}.").format(name=strategy.name), icon=":material/save:")
