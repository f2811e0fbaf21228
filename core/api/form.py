"""The files of a multipart form: all of them, with their names, or a reason.

Sources: RFC 7578 (multipart/form-data), RFC 2231 and RFC 5987 (names in other character sets).
"""

from email.message import Message

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from core.api.guards import limited_body
from core.images import distinct, shown

MAX_FILES = 64
MAX_FIELDS = 10  # that are not files; they are refused, with their names
UNNAMED = "image"


async def form_files(request: Request) -> list[tuple[str, bytes]]:
    """Name and content of each file in a request's form; names are printable and distinct.

    A part without file name and content, as browsers send where no file was chosen, is left out.

    Raises:
        HTTPException: 400, 413 or 415; the form is no form, is cut off, or contains something else.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.split(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415, "Send the images as multipart/form-data, one part per file.")
    parser = _Parser(request.headers, limited_body(request), max_files=MAX_FILES, max_fields=MAX_FIELDS)
    try:
        form = await parser.parse()
    except ClientDisconnect as error:
        raise HTTPException(400, "The connection ended before the form did. Send it again.") from error
    except MultiPartException as error:
        raise HTTPException(400, f"The form cannot be read: {error.message}") from error
    except KeyError as error:
        raise HTTPException(400, "The form cannot be read: its boundary is missing.") from error
    except (ValueError, LookupError) as error:  # a character set that is none
        raise HTTPException(400, f"The form cannot be read: {error}.") from error
    if not parser.has_ended:
        raise HTTPException(
            400,
            "The form is cut off before its last boundary, or is empty: none of its images was read. Send it "
            "again, with the right Content-Length.",
        )
    texts = [name for name, part in form.multi_items() if isinstance(part, str)]
    if texts:
        raise HTTPException(
            400,
            f"The form field {shown(texts[0])[:80]!r} is not a file. The form contains one part per image, "
            "with a file name; options belong in the address, as in /api/predict?heatmap=1.",
        )
    taken: set[str] = set()
    files = []
    for _, part in form.multi_items():
        assert not isinstance(part, str)  # those were refused
        data = await part.read()
        if part.filename or data:
            files.append((distinct(shown(part.filename or UNNAMED), taken), data))
    if not files:
        raise HTTPException(400, "The form contains no file. Add one part per image, with a file name.")
    return files


class _Parser(MultiPartParser):
    """A parser that knows whether the form was whole, and reads names in other character sets."""

    has_ended = False

    def on_headers_finished(self) -> None:
        """Without a file name that it understands, the parser would take a file for a text."""
        header = self._current_part.content_disposition or b""
        if b"filename*" in header.lower():
            self._current_part.content_disposition = _with_plain_name(header)
        super().on_headers_finished()

    def on_end(self) -> None:
        """Called at the last boundary."""
        self.has_ended = True


def _with_plain_name(header: bytes) -> bytes:
    """A Content-Disposition whose `filename*` was decoded into `filename`."""
    message = Message()
    message["content-disposition"] = "".join(header.decode("latin-1").splitlines())
    field = message.get_param("name", "file", "content-disposition")
    quoted = [
        str(value).replace("\\", "\\\\").replace('"', '\\"')
        for value in (field, _extended_name(message) or UNNAMED)
    ]
    return 'form-data; name="{}"; filename="{}"'.format(*quoted).encode("utf-8", "replace")


def _extended_name(message: Message) -> str:
    """The file name; the extended one where there is a plain one for old programs, too."""
    parameters = message.get_params([], "content-disposition")
    names = [value for name, value in parameters if name.lower() == "filename"]
    extended = next((value for value in names if isinstance(value, tuple)), None)
    if extended is None:
        return str(names[0]) if names else ""
    charset, _, text = extended
    try:
        return text.encode("latin-1").decode(charset or "utf-8", "replace")
    except LookupError:
        return text
