"""/people: administration of the people who may log in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from publisher.auth.password_links import PasswordLink
from publisher.auth.users import rights_in_words
from publisher.base.errors import UsageError
from publisher.base.i18n import LANGUAGES, _
from publisher.ledger.integrity.hash_chain import BEFORE, TOKENS
from publisher.ledger.manager.rights import Person, Rank
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.history_text import details
from publisher.web import security
from publisher.web.authentication import (
    Admin,
    Overseer,
    Visitor,
    chosen_organisations,
    organisations_of,
)
from publisher.web.confirmation import Confirmed, confirming, is_one_of
from publisher.web.dependencies import Parts, Use, person_address

_STEPS = 50
"""Steps of the people's history that are shown."""
_RANKS = [rank.value for rank in Rank]

router = APIRouter()

Role = Annotated[str, Form()]
Scope = Annotated[str, Form()]
Organisations = Annotated[list[str] | None, Form(alias="organisation", max_length=200)]


@router.get("/people")
def people(request: Request, parts: Use, visitor: Overseer) -> Response:
    sessions = parts.app.sessions.by_person()
    found = [(person, sessions.get(person.id, ())) for person in parts.app.people.all()]
    zone = parts.pages.zone
    steps = [(step, _told(step, zone)) for step in parts.app.queries.steps_about_people(_STEPS)]
    return parts.pages.render(
        request,
        "people.html",
        people=found,
        steps=steps,
        guessed=_guessed(parts),
        may_over=partial(parts.app.rights.permits_over, visitor.person),
        organisations=organisations_of(parts.app, visitor),
        ranks=_RANKS,
    )


def _guessed(parts: Parts) -> dict[str, Any]:
    return {one.name: one for one in parts.app.throttle.guessed()}


def _told(step: HistoryStep, zone: tzinfo) -> list[str]:
    """A step's details without the digests, which mean nothing to readers."""
    return details(
        {key: value for key, value in step.detail.items() if key not in (BEFORE, TOKENS)}, zone
    )


@router.post("/people")
def invite(
    request: Request,
    parts: Use,
    visitor: Admin,
    _confirmed: Confirmed,
    name: Annotated[str, Form(max_length=200)] = "",
    role: Role = "",
    scope: Scope = "",
    organisations: Organisations = None,
    language: Annotated[str, Form()] = "",
) -> Response:
    """Invite a person, and show the link once."""
    if language and language not in LANGUAGES:
        raise UsageError(_("The pages are not available in this language."))
    link = parts.app.password_links.invite(
        name,
        _rank(role),
        language or None,
        organisations=chosen_organisations(parts.app, visitor, scope, organisations),
        actor=visitor.name,
    )
    security.log_event(request, "people: invite", whom=link.person.name)
    return _show_link(request, parts, link)


def _show_link(request: Request, parts: Parts, link: PasswordLink) -> Response:
    address = link.address(parts.where.address)
    return parts.pages.render(request, "link_made.html", link=link, address=address)


def _rank(role: str) -> Rank:
    if role not in _RANKS:
        raise UsageError(_("There is no such role."))
    return Rank(role)


@router.get("/people/{name:path}")
def one(request: Request, parts: Use, visitor: Overseer, name: str) -> Response:
    """Show a person, with what the visitor may change of them."""
    person = parts.app.people.find(name)
    parts.app.people.require_over(person, visitor.name)
    return parts.pages.render(
        request,
        "person.html",
        person=person,
        is_self=person.id == visitor.person.id,
        sessions=parts.app.sessions.of(person),
        factors=parts.app.second_factors.of(person),
        tokens=parts.app.api_tokens.of(person),
        guessed=_guessed(parts).get(person.name),
        organisations=organisations_of(parts.app, visitor),
        ranks=_RANKS,
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """What an admin does to a person, as the form says it."""

    parts: Parts
    visitor: Visitor
    person: Person
    role: str
    scope: str
    organisations: Sequence[str] | None
    session: int
    token: int
    sure: bool

    @property
    def actor(self) -> str:
        return self.visitor.name


def _revoke(change: _Change) -> str:
    """End one session, or all."""
    change.parts.app.people.require_over(change.person, change.actor)
    if change.session:
        change.parts.app.sessions.end_one(change.person, change.session)
        return _("The session has ended.")
    change.parts.app.sessions.revoke(change.person)
    return _("{name} is logged out everywhere.", name=change.person.name)


def _disable(change: _Change) -> str:
    change.parts.app.people.disable(change.person, disabled=True, actor=change.actor)
    return _("{name} is kept out.", name=change.person.name)


def _enable(change: _Change) -> str:
    change.parts.app.people.disable(change.person, disabled=False, actor=change.actor)
    return _("{name} can log in again.", name=change.person.name)


def _set_rights(change: _Change) -> str:
    given = change.parts.app, change.visitor, change.scope, change.organisations
    chosen = chosen_organisations(*given)
    name, rank = change.person.name, _rank(change.role)
    person = change.parts.app.people.set_rights(name, rank, chosen, actor=change.actor)
    return _("{name} is {role}.", name=name, role=rights_in_words(person))


def _make_link(change: _Change) -> PasswordLink:
    return change.parts.app.password_links.make(change.person.name, actor=change.actor)


def _end_link(change: _Change) -> str:
    change.parts.app.password_links.end(change.person.name, actor=change.actor)
    return _("The link no longer works.")


def _clear_factors(change: _Change) -> str:
    change.parts.app.second_factors.clear(change.person.name, actor=change.actor)
    return _("{name} now logs in without a second factor.", name=change.person.name)


def _end_feed_key(change: _Change) -> str:
    change.parts.app.people.require_over(change.person, change.actor)
    change.parts.app.feed_keys.end(change.person, actor=change.actor)
    return _("This secret address no longer works.")


def _end_token(change: _Change) -> str:
    change.parts.app.api_tokens.end(change.person, change.token, actor=change.actor)
    return _("The token no longer works.")


def _remove(change: _Change) -> str:
    if not change.sure:
        message = _("This cannot be undone, so you have to confirm it.")
        raise UsageError(message, hint=_("Go back and tick the box above the button."))
    change.parts.app.people.remove(change.person.name, actor=change.actor)
    return _("{name} can no longer log in.", name=change.person.name)


_ACTIONS: Mapping[str, Callable[[_Change], PasswordLink | str]] = {
    "revoke": _revoke,
    "disable": _disable,
    "enable": _enable,
    "rights": _set_rights,
    "link": _make_link,
    "unlink": _end_link,
    "factors": _clear_factors,
    "feed": _end_feed_key,
    "token": _end_token,
    "remove": _remove,
}
_ASKED = ("rights", "link", "enable", "factors", "remove")
"""What changes somebody's rights. Keeping out and ending what is open is not asked for: it is
safe."""


@router.post("/people/{name:path}")
def change(
    request: Request,
    parts: Use,
    visitor: Admin,
    _confirmed: Annotated[None, confirming(is_one_of(*_ASKED))],
    name: str,
    do: Annotated[str, Form()] = "",
    role: Role = "",
    scope: Scope = "",
    organisations: Organisations = None,
    session: Annotated[int, Form(ge=0, lt=2**63)] = 0,
    number: Annotated[int, Form(ge=0, lt=2**63)] = 0,
    sure: Annotated[str, Form()] = "",
) -> Response:
    if do not in _ACTIONS:
        raise UsageError(_("This is not possible here."))
    person = parts.app.people.find(name)
    asked = _Change(parts, visitor, person, role, scope, organisations, session, number, bool(sure))
    done = _ACTIONS[do](asked)
    security.log_event(request, f"people: {do}", whom=person.name)
    if isinstance(done, PasswordLink):
        return _show_link(request, parts, done)
    back = "/people" if do == "remove" else person_address(person.name)
    return parts.done(visitor, done, back)
