"""/consents: who allowed pictures of people, where and until when, and changes of that.

No address holds the id of a record: it may be the name of a child, and logs keep addresses.
"""

from collections.abc import Container, Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base import formats
from publisher.base.errors import FileChanged, NotPossible, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.delivery.withdraw import Withdrawn
from publisher.drafts import consents_file
from publisher.drafts.consents import FILE, Consent
from publisher.drafts.consents_file import ConsentsFile
from publisher.ledger.manager.rights import Rank
from publisher.model.history_text import details
from publisher.web import consents_view, impact_view, labels, time_fields
from publisher.web.authentication import Manager, Reader, Visitor, Writer
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.dependencies import Parts, Use
from publisher.web.render import Toast
from publisher.web.shared_change import SharedChange

_STEPS = 30
"""Steps of the consents' history that are shown."""

router = APIRouter()

Text = Annotated[str, Form(max_length=500)]
Names = Annotated[list[str] | None, Form(max_length=50)]
Fields = Mapping[str, str]


@router.get("/consents")
def consents(request: Request, parts: Use, visitor: Reader) -> Response:
    return _page(request, parts, visitor)


@router.post("/consents/add")
def add(
    request: Request,
    parts: Use,
    visitor: Writer,
    consent: Text = "",
    organisation: Names = None,
    channel: Names = None,
    until: Text = "",
    note: Text = "",
    seen: Text = "",
) -> Response:
    """Add a record. It says for which organisations and channels: nothing stands for all."""
    given = {
        "consent": consent, "organisation": "\n".join(organisation or ()),
        "channel": "\n".join(channel or ()), "until": until, "note": note,
    }  # fmt: skip
    known = _organisations(parts)
    try:
        file = _unchanged(parts, seen)
        if not channel or (known and not organisation):
            message = _("The consent does not say which organisations and platforms it is for.")
            raise UsageError(message, hint=_("Tick only what the signed form allows."))
        record = Consent(
            id=consent.strip(),
            granted_to=_known(organisation, known),
            channels=_known(channel, SPECS),
            until=time_fields.day(until),
            note=" ".join(note.split()) or None,
        )
        change = consents_view.added(parts.app, file, record)
        toast = change.carry_out(parts.app, visitor.name, shown="", sure=True)
    except (UsageError, FileChanged, NotPossible) as error:
        return _page(request, parts, visitor, given, problem=error)
    return parts.done(visitor, toast, "/consents")


@router.post("/consents/end")
def end(
    request: Request,
    parts: Use,
    visitor: Writer,
    consent: Text = "",
    until: Text = "",
    seen: Text = "",
    shown: Text = "",
    sure: Text = "",
) -> Response:
    """Show what another last day drags along, or set it."""
    parts.app.file_changes.require(visitor.name)
    change = None
    try:
        file = _unchanged(parts, seen)
        drafts = parts.drafts.drafts(parts.app)
        day = time_fields.day(until)
        if file.record(consent).until == day:
            return parts.done(visitor, _("Nothing was changed."), "/consents")
        change = consents_view.ended(parts.app, file, drafts, consent, day)
        if shown or change.is_plain:
            toast = change.carry_out(parts.app, visitor.name, shown=shown, sure=bool(sure))
            return parts.done(visitor, toast, "/consents")
    except (UsageError, FileChanged, NotPossible) as error:
        if change is None:
            return _page(request, parts, visitor, problem=error)
        return _ending(request, parts, visitor, consent, day, change, error)
    return _ending(request, parts, visitor, consent, day, change)


@router.post("/consents/withdraw")
def withdraw(
    request: Request,
    parts: Use,
    visitor: Manager,
    _confirmed: Annotated[None, confirming(is_one_of("withdraw"))],
    consent: Text = "",
    reason: Text = "",
    shown: Annotated[str, Form()] = "",
    sure: Text = "",
    do: Text = "",
) -> Response:
    """Show what a withdrawal takes down and holds, or do it: any manager may, for all accounts."""
    file = consents_file.read(parts.app.settings.posts)
    file.record(consent)
    problem = None
    try:
        if do == "withdraw":
            toast = _withdrawn(
                parts, visitor, file, consent, reason.strip(), shown, sure=bool(sure)
            )
            return parts.done(visitor, toast, "/consents")
    except (UsageError, FileChanged, NotPossible) as error:
        problem = error
    return _withdrawal(request, parts, consent, reason, problem)


def _withdrawal(
    request: Request,
    parts: Parts,
    consent: str,
    reason: str = "",
    problem: PublisherError | None = None,
) -> Response:
    """What a withdrawal takes down and holds."""
    file = consents_file.read(parts.app.settings.posts)
    found = consents_view.concerned(parts.app, consent)
    return parts.pages.render(
        request,
        "consent_withdraw.html",
        record=file.record(consent),
        found=found,
        fates=consents_view.Fate,
        shown=consents_view.mark_of(found),
        reason=reason,
        problem=problem,
    )


def _withdrawn(
    parts: Parts,
    visitor: Visitor,
    file: ConsentsFile,
    consent: str,
    reason: str,
    shown: str,
    *,
    sure: bool,
) -> Toast:
    """Write into the file that it is withdrawn; then take down and hold all that shows it."""
    if not reason:
        message = _("Say why, in a few words, for the record.")
        raise UsageError(message, hint=_("Go back and write a reason."))
    if shown != consents_view.mark_of(consents_view.concerned(parts.app, consent)):
        message = _("What it would take down is no longer what you were shown.")
        raise NotPossible(message, hint=_("Look at it again, then decide."))
    if not sure:
        message = _("This cannot be undone, so you have to confirm it.")
        raise UsageError(message, hint=_("Go back and tick the box above the button."))
    # First the file: the next `queue` would bring back what was held for a consent that stands.
    if change := consents_view.withdrawn(file, consent, reason):
        parts.app.file_changes.apply(change, visitor.name)
    held, done = parts.app.delivery.withdrawal.withdraw_consent(
        consent, actor=visitor.name, reason=reason
    )
    return _said(len(held), done)


def _said(held: int, done: list[Withdrawn]) -> Toast:
    problems = [
        _("{post} on {account}", post=one.delivery.post, account=one.delivery.account)
        + f": {one.problem}"
        for one in done
        if one.problem
    ]
    said = [_("The consent is withdrawn.")]
    if number := len(done) - len(problems):
        said.append(_("Withdrawn: {what}.", what=formats.deliveries(number)))
    if held:
        said.append(_("Held: {what}.", what=formats.deliveries(held)))
    if problems:
        said.append(_("Not withdrawn: {what}", what="; ".join(problems)))
    return Toast(" ".join(said), warns=bool(problems))


def restored(
    request: Request, parts: Parts, visitor: Visitor, address: str, fields: Fields
) -> Response:
    """Show the page with what was typed before the log-out: a new record, or a reason."""
    if address == "/consents/withdraw" and parts.app.rights.permits(visitor.person, Rank.MANAGER):
        return _withdrawal(request, parts, fields.get("consent", ""), fields.get("reason", ""))
    return _page(request, parts, visitor, fields if address == "/consents/add" else None)


def _unchanged(parts: Parts, seen: str) -> ConsentsFile:
    """The file. Raises FileChanged if it is not the one that was `seen`."""
    file = consents_file.read(parts.app.settings.posts)
    if file.digest != seen:
        message = _("Someone else changed the consents in the meantime.")
        raise FileChanged(message, hint=_("Look at them again, then decide."))
    return file


def _organisations(parts: Parts) -> list[str]:
    found = {one.organisation for one in parts.app.settings.accounts.values()}
    return sorted(name for name in found if name)


def _known(names: list[str] | None, known: Container[str]) -> frozenset[str]:
    """The chosen names. Raises UsageError for one that the form does not offer."""
    chosen = frozenset(names or ())
    if any(name not in known for name in chosen):
        raise UsageError(_("This is not possible here."))
    return chosen


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    given: Fields | None = None,
    problem: PublisherError | None = None,
) -> Response:
    """The list. `given`: what was typed of a new record."""
    file, zone = consents_file.read(parts.app.settings.posts), parts.pages.zone
    is_manager = parts.app.rights.permits(visitor.person, Rank.MANAGER)
    steps = parts.app.queries.steps_about_file(FILE, _STEPS) if is_manager else ()
    return parts.pages.render(
        request,
        "consents.html",
        rows=consents_view.rows(parts.app, file, parts.drafts.drafts(parts.app)),
        terms=consents_view.ConsentTerm,
        seen=file.digest,
        problems=file.problems,
        organisations=_organisations(parts),
        channels=sorted(SPECS),
        given=given or {},
        may_change=parts.app.file_changes.refusal(visitor.name) is None,
        is_manager=is_manager,
        steps=[(step, details(step.detail, zone, labels.spelled)) for step in steps],
        problem=problem,
    )


def _ending(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    consent: str,
    until: date | None,
    change: SharedChange,
    problem: PublisherError | None = None,
) -> Response:
    """What another last day drags along."""
    file = consents_file.read(parts.app.settings.posts)
    return parts.pages.render(
        request,
        "consent_end.html",
        record=file.record(consent),
        until=until,
        seen=file.digest,
        change=change,
        rows=impact_view.rows(parts.app, change),
        refusal=change.refusal(parts.app, visitor.name),
        problem=problem,
    )
