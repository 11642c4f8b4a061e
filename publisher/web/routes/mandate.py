"""/accounts/NAME/mandate: what another mandate would bring, and the lines that give it.

Nothing is changed here. A mandate stands in publisher.toml, which each process reads when it
starts, on each machine from its own copy, and which may be read-only: a page that said "saved"
would promise what the workers do not do yet.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import NotFound, NotPermitted, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.ledger.manager.rights import Rank
from publisher.model.accounts import Mandate
from publisher.web import mandate_view, time_fields
from publisher.web.authentication import Admin, Overseer, Visitor
from publisher.web.dependencies import Parts, Use

router = APIRouter()

Text = Annotated[str, Form(max_length=1000)]


@router.get("/accounts/{name}/mandate")
def ask(request: Request, parts: Use, visitor: Overseer, name: str) -> Response:
    """Show the mandate of an account in a form."""
    _require(parts, visitor, name)
    mandate = parts.app.settings.accounts[name].mandate or Mandate()
    given = {
        "authors": ", ".join(mandate.authors),
        "approvers": ", ".join(mandate.approvers),
        "since": str(mandate.since or ""),
        "until": str(mandate.until or ""),
    }
    return _page(request, parts, name, given)


@router.post("/accounts/{name}/mandate")
def look(
    request: Request,
    parts: Use,
    visitor: Admin,
    name: str,
    authors: Text = "",
    approvers: Text = "",
    since: Text = "",
    until: Text = "",
) -> Response:
    """Show what the mandate would bring."""
    _require(parts, visitor, name)
    given = {"authors": authors, "approvers": approvers, "since": since, "until": until}
    try:
        mandate = Mandate(
            authors=_names(authors),
            approvers=_names(approvers),
            since=time_fields.day(since),
            until=time_fields.day(until),
        )
        if mandate.since and mandate.until and mandate.until < mandate.since:
            raise UsageError(_("The last day is before the first."))
    except UsageError as error:
        return _page(request, parts, name, given, problem=error)
    return _page(request, parts, name, given, mandate)


def _require(parts: Parts, visitor: Visitor, name: str) -> None:
    """Raise NotFound for an unknown account, NotPermitted without a right over it."""
    if name not in parts.app.settings.accounts:
        raise NotFound(_("There is no account {name}.", name=name))
    if not parts.app.rights.permits(visitor.person, Rank.ADMIN, [name]):
        message = _("{name} has no right over {accounts}.", name=visitor.name, accounts=name)
        raise NotPermitted(message)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(one.split()) for one in text.split(",") if one.strip()))


def _page(
    request: Request,
    parts: Parts,
    name: str,
    given: dict[str, str],
    mandate: Mandate | None = None,
    problem: PublisherError | None = None,
) -> Response:
    """The form; with a `mandate`, what it would bring. An empty one is none at all."""
    wanted = mandate if mandate != Mandate() else None
    found = None
    if mandate is not None:
        found = mandate_view.impact(parts.app, parts.drafts.drafts(parts.app), name, wanted)
    return parts.pages.render(
        request,
        "mandate.html",
        account=name,
        given=given,
        impact=found,
        lines=mandate_view.lines(name, wanted),
        people=[person.name for person in parts.app.people.all()],
        problem=problem,
    )
