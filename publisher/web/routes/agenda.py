"""/agenda: the session's items by day, and changes of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response

from publisher.agenda import session_file
from publisher.agenda.changes import ItemChange, inside
from publisher.agenda.session_file import SessionFile
from publisher.base.errors import FileChanged, NotFound, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.drafts.session import FILE
from publisher.drafts.times import AgendaItem
from publisher.model.history_text import details
from publisher.web import agenda_form, agenda_view, impact_view, labels
from publisher.web.agenda_form import ItemForm
from publisher.web.agenda_view import AgendaChange
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, Use

_STEPS = 30
"""Steps of the agenda's history that are shown."""

router = APIRouter()

Title = Annotated[str, Form(max_length=500)]
Time = Annotated[str, Form(max_length=40)]
Names = Annotated[list[str] | None, Form()]


@router.get("/agenda")
def agenda(request: Request, parts: Use, visitor: Reader) -> Response:
    drafts = parts.drafts.drafts(parts.app)
    is_missing = drafts.session.is_missing
    return parts.pages.render(
        request,
        "agenda.html",
        days=agenda_view.days(drafts.session, drafts.posts, parts.app.clock.now()),
        is_missing=is_missing,
        problems=() if is_missing else session_file.read(parts.app.settings.posts).problems,
        may_change=parts.app.file_changes.refusal(visitor.name) is None,
        steps=[
            (step, details(step.detail, drafts.session.zone, labels.spelled))
            for step in parts.app.queries.steps_about_file(FILE, _STEPS)
        ],
    )


@router.get("/agenda/new")
def ask(request: Request, parts: Use, visitor: Reader, at: str = "") -> Response:
    """Show the form of a new item, which may begin at a local time `at`."""
    parts.app.file_changes.require(visitor.name)
    file = agenda_view.usable(parts.app)
    return _page(request, parts, visitor, file, None, ItemForm(starts=at[:16]))


@router.post("/agenda/new")
def add(
    request: Request,
    parts: Use,
    visitor: Writer,
    title: Title = "",
    starts: Time = "",
    ends: Time = "",
    place: Title = "",
    seen: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    parts.app.file_changes.require(visitor.name)
    file, form = agenda_view.usable(parts.app), ItemForm(title, starts, ends, place)
    try:
        changes = form.new(file.session)
    except UsageError as error:
        return _page(request, parts, visitor, file, None, form, problem=error)
    return _made(
        request, parts, visitor, file, None, form, changes,
        seen=seen, shown=shown, sure=bool(sure),
    )  # fmt: skip


@router.get("/agenda/items/{name}")
def show(request: Request, parts: Use, visitor: Reader, name: str) -> Response:
    file = agenda_view.usable(parts.app)
    item = _item(file, name)
    return _page(request, parts, visitor, file, item, ItemForm.of(item, file.session.zone))


@router.post("/agenda/items/{name}")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    name: str,
    title: Title = "",
    starts: Time = "",
    ends: Time = "",
    place: Title = "",
    keep_end: Annotated[str, Form()] = "",
    along: Names = None,
    do: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Show what a change drags along, or make it: `shown` is the digest of what was seen."""
    parts.app.file_changes.require(visitor.name)
    file = agenda_view.usable(parts.app)
    item = _item(file, name)
    form = ItemForm(title, starts, ends, place, keep_end=bool(keep_end), along=along or ())
    try:
        changes = _changes(do, form, item, file)
    except UsageError as error:
        return _page(request, parts, visitor, file, item, form, do=do, problem=error)
    if do != "change":
        form = ItemForm.of(item, file.session.zone)
    return _made(
        request, parts, visitor, file, item, form, changes,
        do=do, seen=seen, shown=shown, sure=bool(sure),
    )  # fmt: skip


def _changes(do: str, form: ItemForm, item: AgendaItem, file: SessionFile) -> list[ItemChange]:
    match do:
        case "change":
            return form.changes(item, file.session)
        case "cancel" | "restore":
            return agenda_form.switched(item, cancelled=do == "cancel")
        case _:
            raise UsageError(_("This is not possible here."))


def _made(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    file: SessionFile,
    item: AgendaItem | None,
    form: ItemForm,
    changes: Sequence[ItemChange],
    *,
    do: str = "change",
    seen: str,
    shown: str,
    sure: bool,
) -> Response:
    """Make the changes, if they were shown; else show what they drag along."""
    if not changes:
        return parts.done(visitor, _("Nothing was changed."), _address(item))
    proposed, problem = agenda_view.proposed(parts.app, file, changes), None
    try:
        toast = saved(parts, visitor, file, proposed, seen=seen, shown=shown, sure=sure)
    except PublisherError as error:
        problem, toast = error, None
    if toast is None:
        return _page(
            request, parts, visitor, file, item, form, do=do, proposed=proposed, problem=problem
        )
    return parts.done(visitor, toast, _address(changes[0].after))


def saved(
    parts: Parts,
    visitor: Visitor,
    file: SessionFile,
    proposed: AgendaChange,
    *,
    seen: str,
    shown: str,
    sure: bool,
) -> str | None:
    """Save a proposed change and return the toast; None: it must be looked at first.

    `seen` is the digest of the file that the form was made from. Raises FileChanged if it is
    another one now, and what `SharedChange.carry_out` raises.
    """
    if file.digest != seen:
        message = _("Someone else changed the agenda in the meantime.")
        raise FileChanged(message, hint=_("Look at it again, then decide."))
    change = proposed.change
    if change is None or (not shown and not change.is_plain):
        return None
    return change.carry_out(parts.app, visitor.name, shown=shown, sure=sure)


def restored(
    request: Request, parts: Parts, visitor: Visitor, address: str, fields: Mapping[str, str]
) -> Response:
    """Show the form with what was typed before the log-out."""
    file = agenda_view.usable(parts.app)
    name = address.removeprefix("/agenda/items/")
    item = None if address == "/agenda/new" else _item(file, name)
    values = {key: fields.get(key, "") for key in ("title", "starts", "ends", "place")}
    along = fields.get("along", "").split("\n")
    form = ItemForm(**values, keep_end=bool(fields.get("keep_end")), along=along)
    if item and fields.get("do") != "change":
        form = ItemForm.of(item, file.session.zone)
    return _page(request, parts, visitor, file, item, form, seen=fields.get("seen"))


def _item(file: SessionFile, name: str) -> AgendaItem:
    item = file.session.agenda.get(name)
    if item is None:
        message = _("The agenda has no such item.")
        raise NotFound(message, hint=_("Look at the agenda again."))
    return item


def _address(item: AgendaItem | None) -> str:
    return f"/agenda#item-{quote(item.name)}" if item else "/agenda"


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    file: SessionFile,
    item: AgendaItem | None,
    form: ItemForm,
    *,
    do: str = "",
    seen: str | None = None,
    proposed: AgendaChange | None = None,
    problem: PublisherError | None = None,
) -> Response:
    """The form of an item (None: a new one), with what a proposed change drags along.

    `seen`: the digest of the file that it was made from; None: of the present one.
    """
    change = proposed.change if proposed else None
    accounts = change.file.accounts if change else ()
    return parts.pages.render(
        request,
        "agenda_item.html",
        item=item,
        form_of=form,
        seen=file.digest if seen is None else seen,
        do=do,
        posts=agenda_view.hanging_on(parts.drafts.drafts(parts.app), item.name) if item else (),
        inner=inside(item, file.session.agenda) if item else (),
        proposed=proposed,
        change=change,
        rows=impact_view.rows(parts.app, change) if change else (),
        refusal=parts.app.file_changes.refusal(visitor.name, accounts),
        problem=problem,
    )
