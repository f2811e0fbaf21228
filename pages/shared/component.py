"""A custom component: a script beside its Python file that draws into one persistent element."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.components import v2


def component(file: str, css: str, *parts: str) -> Callable[..., Any]:
    """The component whose script is named like `file` with `.js`, in an element of that name with dashes.

    Args:
        file: `__file__` of the caller.
        css: styles of the element, which follow the page's theme.
        parts: names of further scripts beside it, whose functions it calls.

    Returns:
        What `st.components.v2.component` returns, to be called with `data` and `key`.
    """
    path = Path(file)
    return v2.component(
        path.stem,
        html=f'<div class="{path.stem.replace("_", "-")}"></div>',
        css=css,
        js="\n".join(path.with_name(name).read_text() for name in (*parts, f"{path.stem}.js")),
        isolate_styles=False,
    )
