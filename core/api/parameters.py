"""Query parameters: what is not understood is refused by name, never passed over."""

from collections import Counter
from collections.abc import Callable

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.images import shown

MAX_SHOWN = 80  # characters of a name or value in a message
SWITCH = "use 1 or 0, true or false, yes or no, on or off"


def check_parameters(*known: str) -> Callable[[Request], None]:
    """A dependency that refuses parameters other than `known`, and repeated ones."""

    def check(request: Request) -> None:
        counts = Counter(name for name, _ in request.query_params.multi_items())
        for name, count in counts.items():
            if name not in known:
                takes = f"it takes {', '.join(known)}" if known else "it takes none"
                raise HTTPException(
                    422, f"{request.url.path} has no parameter {shown(name)[:MAX_SHOWN]!r}; {takes}."
                )
            if count > 1:
                raise HTTPException(422, f"The parameter {name} is given {count} times. Give it once.")

    return check


async def invalid_parameter(_request: Request, error: Exception) -> Response:
    """The first invalid parameter as JSON with a reason."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name, value = first["loc"][-1], shown(str(first.get("input")))[:MAX_SHOWN]
    way_out = SWITCH if first["type"].startswith("bool") else first["msg"]
    return JSONResponse({"error": f"The parameter {name} is {value!r}; {way_out}."}, 422)
