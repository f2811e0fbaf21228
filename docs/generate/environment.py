"""The page of environment variables, from their table in core/config/environment.py."""

from core.config import environment, old_names
from docs.generate.template import filled


def page() -> str:
    """docs/environment.md"""
    variables = [
        (f"`{item.name}`", f"`{item.default}`" if item.default else "unset", item.expected, item.meaning)
        for item in environment.VARIABLES
    ]
    renamed = [(f"`{old}`", f"`{new}`") for old, new in old_names.ENVIRONMENT.items()]
    return filled("environment.md", "core/config/environment.py", variables=variables, renamed=renamed)
