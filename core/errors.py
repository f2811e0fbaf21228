"""The one error whose message pages and terminal show to the user unchanged."""


class UserError(Exception):
    """An error that the user can fix: one sentence that names the invalid value and the way out."""


def sentence_of(error: Exception) -> str:
    """What an error says; of a UserError the sentence as it was made, which pages can translate."""
    return error.args[0] if isinstance(error, UserError) and error.args else str(error)
