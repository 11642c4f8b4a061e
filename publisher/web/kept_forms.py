"""What somebody typed into a draft's form in a session that had ended.

It is kept over the log-in, in the form of the log-in itself, and then stands in its page again. It is
never saved by that: whoever logged in looks at it, and sends the form.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.web import security
from publisher.web.dependencies import Parts
from publisher.web.routes import edit, media

_ROOM = re.compile(r"/posts/(?P<post>.+)/(?P<room>edit|media)")
_FIELDS = ("body", "seen", "alt", "credit", "people", "consent")
"""What is kept of a form. A file cannot be: no page can fill it in."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form of a draft."""

    address: str
    """The page that they belong to."""
    fields: Mapping[str, str]

    def __str__(self) -> str:
        return json.dumps(self.fields, ensure_ascii=False)

    @classmethod
    def read(cls, address: str, text: str) -> "Typed | None":
        """What `str` wrote, for a page of ours; None for anything else."""
        try:
            found = json.loads(text) if text and _ROOM.fullmatch(address) else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        return cls(address, {n: found[n] for n in _FIELDS if isinstance(found.get(n), str)})


async def of_form(request: Request) -> Typed | None:
    """What a form of ours brought; None for anything else, and for what another site sent."""
    parts: Parts = request.app.state.parts
    is_draft = request.method == "POST" and _ROOM.fullmatch(request.url.path)
    if not is_draft or not security.is_from_here(request, parts.where):
        return None
    form = await request.form()
    fields = {name: value for name in _FIELDS if isinstance(value := form.get(name), str) and value}
    return Typed(request.url.path, fields) if fields.keys() - {"seen"} else None


def restored(request: Request, parts: Parts, typed: Typed) -> Response:
    """The page with the form as it was; nothing is saved."""
    room = _ROOM.fullmatch(typed.address)
    assert room is not None  # noqa: S101 - as both ways to make one see to
    problem = UsageError(
        _("Nothing was saved: the session had ended. What you typed is here again."),
        hint=_("Look at it, then save it."),
    )
    if room["room"] == "edit":
        return edit.restored(request, parts, room["post"], typed.fields, problem)
    return media.restored(request, parts, room["post"], typed.fields, problem)
