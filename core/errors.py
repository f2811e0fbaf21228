"""The one error whose message pages and terminal show to the user unchanged."""


class UserError(Exception):
    """An error that the user can fix: one sentence that names the invalid value and the way out."""
