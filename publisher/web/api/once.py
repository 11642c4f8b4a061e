"""Once: what changes something is carried out once under the idempotency key of its request."""

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from publisher.ledger.api_requests import Answered
from publisher.web.api.access import ApiCall

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the program, new for each request. The same request with the same "
        "key gets the same answer for 24 hours, and is carried out once.",
    ),
]


def once(
    call: ApiCall,
    key: str,
    asked: str,
    carry_out: Callable[[], BaseModel | None],
    status: int = 200,
) -> Response:
    """Carry a request out, or give the answer that it got before. `asked`: all that it said.

    Raises KeyReused if the key was used for another request.
    """
    place = f"{call.request.method} {call.request.url.path}\n{asked}"
    digest = hashlib.sha256(place.encode()).hexdigest()
    with call.app.api_requests.turn(call.token.id, key, digest) as turn:
        if turn.before is None:
            made = carry_out()
            turn.answer = Answered(status, made.model_dump_json() if made else "")
        answer = turn.before or turn.answer
    assert answer is not None  # noqa: S101 - it was set, or an error was raised
    return Response(answer.body, answer.status, media_type="application/json")
