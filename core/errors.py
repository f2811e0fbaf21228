"""The one error whose message pages and terminal show to the user unchanged."""


class UserError(Exception):
    """An error that the user can fix: one sentence that names the invalid value and the way out.

    Attributes:
        command: the way out from a terminal, which pages show apart from the sentence; "" for none.
    """

    def __init__(self, *arguments: object, command: str = "") -> None:
        """Keep the sentence, and the command for the terminal."""
        super().__init__(*arguments)
        self.command = command

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"{sentence} Command: {self.command}" if self.command else sentence


def sentence_of(error: Exception) -> str:
    """What an error says; of a UserError the sentence as it was made, which pages can translate."""
    return error.args[0] if isinstance(error, UserError) and error.args else str(error)
