"""The one kind of error that a page or the terminal shows to a person as it is."""


class UserError(Exception):
    """Something a person can put right: one sentence that names the value at fault and the way out."""
