"""Form recovery: keeps what a person typed when the session had ended, and shows it again.

The log-in form carries the fields through the log-in, and then the page shows them again. Nothing
is saved or done by that: the person looks at the form and sends it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from publisher.base import formats
from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _
from publisher.web import errors, labels, security
from publisher.web.compose_form import ComposeForm
from publisher.web.dependencies import Parts
from publisher.web.routes import (
    accounts,
    agenda,
    bulk,
    compose,
    consents,
    draft_file,
    pause,
    post,
    reschedule,
    review,
)

_OF_A_POST = re.compile(r"/posts/(?P<post>.+?)(?:/(?P<subpage>edit|file|move|queue|notes))?")
_NEW = "/new"
_BULK, _APPROVE_MANY = "/bulk", "/review/many"
_OTHERS = ("/pause", "/resume", "/review", _NEW, _BULK, _APPROVE_MANY)
_OF_THE_AGENDA = re.compile(r"/agenda/(new|items/[^/]+)")
_OF_CONSENTS = re.compile(r"/consents/(add|end|withdraw)")
_MANY = ("organisation", "channel", "along", "post")
"""Fields with several values, which are kept one on each line."""
_TYPED = ("body", "text", "consent", "reason", "at", "remote_ids", "title", "starts", "ends", "place", "until",
          "note")  # fmt: skip
"""Fields kept because a person typed them. Not files: no page can fill in a file field."""
_CHOSEN = ("seen", "do", "account", "own", "keep_end", *_MANY)
"""Fields kept to find the place of those. A ticked confirmation is not kept."""
_MOST = 100
"""Posts of a form about several, as its page takes them."""
_EACH = re.compile(r"(choice|at)-\d{1,18}")
"""Fields with the decision on each delivery that fell due in a pause."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The typed fields of one form."""

    address: str
    """The path it was sent to."""
    fields: Mapping[str, str] = field(default_factory=dict)
    composed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """All values of each field of the composer, in the place of `fields`."""

    def __str__(self) -> str:
        return json.dumps(self.composed or self.fields, ensure_ascii=False)

    @classmethod
    def read(cls, address: str, text: str) -> "Typed | None":
        """Parse the output of `str` for one of our forms; None for anything else."""
        try:
            found = json.loads(text) if text and is_kept(address) else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        if security.COMPOSER.fullmatch(address):
            lists = {name: value for name, value in found.items() if isinstance(value, list)}
            return cls(address, composed=ComposeForm.kept(lists))
        return cls(address, _kept(found))

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The fields as a form sends them."""
        yield from self.fields.items()
        for name, values in self.composed.items():
            yield from ((name, value) for value in values)

    @property
    def text(self) -> str:
        """What was typed of a draft, to be copied."""
        typed = [self.fields.get("body", ""), *self.composed.get("text", ())]
        return "\n\n".join(filter(str.strip, typed))

    @property
    def is_a_draft(self) -> bool:
        """Whether the form edits a draft, rather than carries out an action."""
        return self.address == _NEW or self.address.endswith(("/edit", "/file"))

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a person typed or chose anything in it."""
        if self.address in (_BULK, _APPROVE_MANY):
            return bool(self.posts)
        return bool(self.composed) or any(
            name in _TYPED or _EACH.fullmatch(name) for name in self.fields
        )

    @property
    def posts(self) -> list[str]:
        """The posts that were chosen, of a form about several."""
        return self.fields.get("post", "").splitlines()

    @property
    def page(self) -> str:
        """The address of the page with the form."""
        if self.address in (_BULK, _APPROVE_MANY):
            do = [("do", self.fields.get("do", ""))] if self.address == _BULK else []
            return f"{self.address}?{urlencode([*do, *(('post', post) for post in self.posts)])}"
        if self.address == "/pause":
            return "/accounts" if self.fields.get("account") else "/pause"
        if self.address == "/review":
            return f"/review?post={quote(self.fields.get('post', ''))}"
        if _OF_CONSENTS.fullmatch(self.address):
            return "/consents"
        found = _OF_A_POST.fullmatch(self.address) or _OF_THE_AGENDA.fullmatch(self.address)
        return quote(self.address) if found or self.address in (_NEW, "/resume") else "/"

    @property
    def action(self) -> str:
        """The form's action in the words of its button."""
        account = self.fields.get("account", "")
        if self.address == "/pause":
            return _("Pause {account}", account=account) if account else _("Pause everything now")
        if self.address == "/resume":
            return _("Resume publishing")
        do, post = self.fields.get("do", ""), self.fields.get("post", "")
        told: tuple[str, ...] = ()
        if self.address == "/review":
            told = labels.action(do), post
        elif self.address in (_BULK, _APPROVE_MANY):
            told = (
                labels.action("approve" if self.address == _APPROVE_MANY else do),
                formats.posts(len(self.posts)),
            )
        elif _OF_THE_AGENDA.fullmatch(self.address):
            told = _("Agenda"), self.fields.get("title", "")
        elif _OF_CONSENTS.fullmatch(self.address):
            told = (_("Consents"),)
        elif found := _OF_A_POST.fullmatch(self.address):
            action = {"move": "move", "queue": "queue", "notes": "note"}.get(
                found["subpage"] or "", do
            )
            told = labels.action(action), found["post"], account.replace(",", ", ")
        return " · ".join(filter(None, told))


def is_kept(address: str) -> bool:
    """Whether a form sent to this address can be restored on its page."""
    if _OF_THE_AGENDA.fullmatch(address) or _OF_CONSENTS.fullmatch(address):
        return True
    found = _OF_A_POST.fullmatch(address)
    return address in _OTHERS or (found is not None and found["subpage"] != "queue")


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
    form, address = await request.form(), request.url.path
    if security.COMPOSER.fullmatch(address):
        return Typed(address, composed=ComposeForm.kept({n: form.getlist(n) for n in form}))
    many = {name: "\n".join(map(str, form.getlist(name))) for name in _MANY}
    return Typed(address, _kept({**dict(form.items()), **many}))


def restored(request: Request, parts: Parts, typed: Typed) -> Response:
    """Render the page with the form as it was; nothing is saved or done."""
    try:
        return _restored(request, parts, typed)
    except PublisherError as error:  # the session that has begun must not be lost with it
        return errors.foreseen(request, error)


def _restored(request: Request, parts: Parts, typed: Typed) -> Response:
    found = _OF_A_POST.fullmatch(typed.address)
    if typed.is_a_draft:
        return _draft(request, parts, found["post"] if found else None, typed)
    # The templates of these pages fill in these values.
    request.state.again, visitor, fields = typed, request.state.visitor, typed.fields
    if answer := _of_shared(request, parts, typed):
        return answer
    if found is None:
        page = accounts.accounts if fields.get("account") else pause.ask
        return page(request, parts, visitor)
    if found["subpage"] == "move":
        at, own = fields.get("at", ""), fields.get("own", "")
        return reschedule.ask(request, parts, visitor, found["post"], at, own)
    return post.show(request, parts, visitor, found["post"])


def _of_shared(request: Request, parts: Parts, typed: Typed) -> Response | None:
    """The page of a form that is about neither a post of its address nor an account."""
    visitor, address, fields = request.state.visitor, typed.address, typed.fields
    if address == "/resume":
        return pause.restored(request, parts, fields)
    if address in ("/review", _BULK, _APPROVE_MANY):
        return _of_chosen(request, parts, typed)
    if _OF_THE_AGENDA.fullmatch(address):
        return agenda.restored(request, parts, visitor, address, fields)
    if _OF_CONSENTS.fullmatch(address):
        return consents.restored(request, parts, visitor, address, fields)
    return None


def _of_chosen(request: Request, parts: Parts, typed: Typed) -> Response:
    """The page of a form about one post of a list, or several."""
    visitor, fields = request.state.visitor, typed.fields
    if typed.address == _BULK:
        return bulk.ask(request, parts, visitor, fields.get("do", ""), typed.posts[:_MOST])
    if typed.address == _APPROVE_MANY:
        return review.many(request, parts, visitor, typed.posts[:_MOST])
    return review.review(request, parts, visitor, fields.get("post", ""))


def _draft(request: Request, parts: Parts, post: str | None, typed: Typed) -> Response:
    problem = UsageError(
        _("Nothing was saved: your session had ended. What you typed is here again."),
        hint=_("Look at it, then save it."),
    )
    if post and typed.address.endswith("/file"):
        return draft_file.restored(request, parts, post, typed.fields, problem)
    return compose.restored(request, parts, post, ComposeForm.of_lists(typed.composed), problem)
