"""Form recovery: keeps what a person typed when the session had ended, and shows it again.

The log-in form carries the fields through the log-in, and then the page shows them again. Nothing
is saved or done by that: the person looks at the form and sends it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _
from publisher.web import errors, labels, security
from publisher.web.dependencies import Parts
from publisher.web.routes import accounts, edit, media, pause, post, reschedule, review

_OF_A_POST = re.compile(r"/posts/(?P<post>.+?)(?:/(?P<room>edit|media|move|queue|notes))?")
_OTHERS = ("/pause", "/resume", "/review")
_TYPED = ("body", "alt", "credit", "people", "consent", "reason", "at", "remote_ids", "text")
"""Fields kept because a person typed them. Not files: no page can fill in a file field."""
_CHOSEN = ("seen", "number", "do", "account", "post", "own")
"""Fields kept to find the place of those. A ticked confirmation is not kept."""
_EACH = re.compile(r"(choice|at)-\d{1,18}")
"""Fields with the decision on each delivery that fell due in a pause."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The typed fields of one form."""

    address: str
    """The path it was sent to."""
    fields: Mapping[str, str]

    def __str__(self) -> str:
        return json.dumps(self.fields, ensure_ascii=False)

    @classmethod
    def read(cls, address: str, text: str) -> "Typed | None":
        """Parse the output of `str` for one of our forms; None for anything else."""
        try:
            found = json.loads(text) if text and is_kept(address) else None
        except (ValueError, RecursionError):
            return None
        return cls(address, _kept(found)) if isinstance(found, dict) else None

    @property
    def is_a_draft(self) -> bool:
        """Whether the form edits a draft, rather than carries out an action."""
        return self.address.endswith(("/edit", "/media"))

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a person typed or chose anything in it."""
        return any(name in _TYPED or _EACH.fullmatch(name) for name in self.fields)

    @property
    def page(self) -> str:
        """The address of the page with the form."""
        if self.address == "/pause":
            return "/accounts" if self.fields.get("account") else "/pause"
        if self.address == "/review":
            return f"/review?post={quote(self.fields.get('post', ''))}"
        found = _OF_A_POST.fullmatch(self.address)
        return quote(self.address) if found or self.address == "/resume" else "/"

    @property
    def deed(self) -> str:
        """The form's action in the words of its button."""
        account = self.fields.get("account", "")
        if self.address == "/pause":
            return _("Pause {account}", account=account) if account else _("Pause everything now")
        if self.address == "/resume":
            return _("Go on publishing")
        do = self.fields.get("do", "")
        if self.address == "/review":
            return " · ".join(filter(None, (labels.deed(do), self.fields.get("post", ""))))
        found = _OF_A_POST.fullmatch(self.address)
        if not found:
            return ""
        deed = {"move": "move", "queue": "queue", "notes": "note"}.get(found["room"] or "", do)
        parts = (labels.deed(deed), found["post"], account.replace(",", ", "))
        return " · ".join(filter(None, parts))


def is_kept(address: str) -> bool:
    """Whether a form sent to this address can be restored on its page."""
    found = _OF_A_POST.fullmatch(address)
    return address in _OTHERS or (found is not None and found["room"] != "queue")


def _kept(fields: Mapping[str, object]) -> Mapping[str, str]:
    return {
        name: value
        for name, value in fields.items()
        if (name in _TYPED or name in _CHOSEN or _EACH.fullmatch(name))
        and isinstance(value, str)
        and value
    }


async def of_form(request: Request) -> Typed | None:
    """The typed fields of one of our forms; None for anything else or from another site."""
    parts: Parts = request.app.state.parts
    if request.method != "POST" or not security.is_from_here(request, parts.where):
        return None
    return Typed(request.url.path, _kept(dict((await request.form()).items())))


def restored(request: Request, parts: Parts, typed: Typed) -> Response:
    """Render the page with the form as it was; nothing is saved or done."""
    try:
        return _restored(request, parts, typed)
    except PublisherError as error:  # the session that has begun must not be lost with it
        return errors.foreseen(request, error)


def _restored(request: Request, parts: Parts, typed: Typed) -> Response:
    found = _OF_A_POST.fullmatch(typed.address)
    if found and typed.is_a_draft:
        return _draft(request, parts, found, typed.fields)
    # The templates of these pages fill in these values.
    request.state.again, visitor, fields = typed, request.state.visitor, typed.fields
    if typed.address == "/resume":
        return pause.restored(request, parts, fields)
    if typed.address == "/review":
        return review.review(request, parts, visitor, fields.get("post", ""))
    if found is None:
        room = accounts.accounts if fields.get("account") else pause.ask
        return room(request, parts, visitor)
    if found["room"] == "move":
        at, own = fields.get("at", ""), fields.get("own", "")
        return reschedule.ask(request, parts, visitor, found["post"], at, own)
    return post.show(request, parts, visitor, found["post"])


def _draft(
    request: Request, parts: Parts, found: re.Match[str], fields: Mapping[str, str]
) -> Response:
    problem = UsageError(
        _("Nothing was saved: the session had ended. What you typed is here again."),
        hint=_("Look at it, then save it."),
    )
    if found["room"] == "edit":
        return edit.restored(request, parts, found["post"], fields, problem)
    return media.restored(request, parts, found["post"], fields, problem)
