"""Step-up: before what cannot be undone, a person proves once more who they are.

The form that they sent is kept: the page that asks sends it again with the proof. A session in
which they did so within the last 15 minutes is not asked. Pausing never asks.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from publisher.base.i18n import _
from publisher.web import passkey_requests, password_check, security
from publisher.web.authentication import Visitor, Writer
from publisher.web.dependencies import Parts, Use

PROOFS = ("proof-password", "proof-code", "proof-passkey")
"""Fields of the page that asks."""


class NotConfirmed(Exception):
    """The person has not proved lately who they are."""

    def __init__(self, problem: str | None = None, until: datetime | None = None) -> None:
        super().__init__()
        self.problem = problem
        self.until = until
        """After too many tries: when there is room again."""


def confirming(asks: Callable[[FormData], bool]) -> Any:
    """A dependency that raises NotConfirmed, if `asks` says so of the form."""

    async def confirm(request: Request, parts: Use, visitor: Writer) -> None:
        form = await request.form()
        if not asks(form) or parts.app.sessions.is_confirmed(visitor):
            return
        if not await _is_proven(request, parts, visitor, form):
            raise NotConfirmed
        await run_in_threadpool(parts.app.sessions.confirm, visitor)
        security.log_event(request, "confirmed")

    return Depends(confirm)


Confirmed = Annotated[None, confirming(lambda _form: True)]


def is_one_of(*actions: str) -> Callable[[FormData], bool]:
    """Whether a form's `do` is one of these."""
    return lambda form: form.get("do") in actions


async def _is_proven(request: Request, parts: Parts, visitor: Visitor, form: FormData) -> bool:
    """Whether the form has a right proof; False if it has none. Raises NotConfirmed."""
    password, code, answer = (_text(form, name) for name in PROOFS)
    try:
        if password:
            found = await password_check.person(request, parts, visitor.name, password)
            is_right = found is not None and found.id == visitor.person.id
        elif code:
            is_right = await password_check.is_code_right(request, parts, visitor.person, code)
        elif answer:
            prove = passkey_requests.proven
            owner = await run_in_threadpool(prove, request, parts, answer, must_verify=False)
            is_right = owner is not None and owner.id == visitor.person.id
        else:
            return False
    except password_check.TooManyTries as refused:
        raise NotConfirmed(until=refused.until) from None
    if not is_right:
        raise NotConfirmed(_("That was not right. Nothing was done."))
    return True


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
