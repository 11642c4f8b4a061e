"""/new and /posts/ID/edit: the composer, which makes a draft and changes one."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from publisher.base.errors import (
    FileChanged,
    NotPossible,
    PublisherError,
    UsageError,
)
from publisher.base.i18n import _
from publisher.drafts.when import When
from publisher.ledger.manager.draft_edits import MadeBefore
from publisher.model.events import Event
from publisher.planning import Plan
from publisher.planning.free_slots import FreeSlots
from publisher.web import (
    compose_pictures,
    compose_saving,
    composed_draft,
    draft_view,
    plan_view,
    replies_view,
)
from publisher.web.authentication import Reader, Writer
from publisher.web.compose_check import Checked, for_submission, unsaved_pictures, with_problem
from publisher.web.compose_form import FORM_FIELDS, ComposeForm
from publisher.web.compose_merge import bring_together, conflict, replaced, unchanged
from publisher.web.compose_page import SentForm, given_back, landed, page
from publisher.web.composed_draft import ComposedDraft
from publisher.web.dependencies import Parts, PostRoute, Use, post_address
from publisher.web.time_fields import TimeFields

router = APIRouter(route_class=PostRoute)


async def _filled(request: Request) -> ComposeForm:
    """The form that was sent. Raises RequestValidationError for a file in the place of words."""
    sent = await request.form()
    lists = {name: sent.getlist(name) for name in FORM_FIELDS}
    typed = {
        name: [one for one in values if isinstance(one, str)] for name, values in lists.items()
    }
    if typed != lists:
        raise RequestValidationError([])
    return ComposeForm.of_lists(typed)


Filled = Annotated[ComposeForm, Depends(_filled)]
Uploads = Annotated[list[UploadFile] | None, File()]


class _Refused(Exception):
    """Nothing was saved: the page says why, and holds what was typed."""

    def __init__(
        self, problem: PublisherError, now: Checked | None = None, plan: Plan | None = None
    ) -> None:
        super().__init__(str(problem))
        self.problem, self.now, self.plan = problem, now, plan


@router.get("/new")
def begin(
    request: Request,
    parts: Use,
    visitor: Reader,
    at: str = "",
    lang: str = "",
    translate: str = "",
    copy: str = "",
    answer: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    picture: str = "",
) -> Response:
    """Show an empty form, one for a copy of a post, or one for its translation into `lang`.

    `answer`: the number of a reader's comment that it answers. `picture`: a file of the media
    library that it shows.
    """
    app = parts.app
    if translate:
        there = composed_draft.translated_id(app, translate, lang)
        if any(one.id == there for one in draft_view.files(app)):
            return RedirectResponse(post_address(there, "edit"), 303)
    form = (
        replies_view.begun(app, visitor.person, answer)
        if answer
        else composed_draft.begun(
            app, visitor.person, at=at, lang=lang, copy=copy, translate=translate
        )
    )
    if picture:
        entry = compose_pictures.taken(parts, visitor, form, picture)
        form = form.with_media([*form.media, entry])
    form = replace(form, key=secrets.token_hex(16))
    return page(SentForm(request, parts, visitor, None, form), composed_draft.new(app, form))


# After a log-in, what was chosen to illustrate it is not there any more: the form is.
@router.get("/posts/{post:path}/illustrate")
@router.get("/posts/{post:path}/edit")
def edit(
    request: Request,
    parts: Use,
    visitor: Reader,
    post: str,
    part: str = "",
    seen: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show the form, or its live `part`: who else has it open, and if it is newer than `seen`."""
    try:
        composed = composed_draft.existing(parts.app, post)
    except NotPossible:  # a form cannot show it
        return RedirectResponse(post_address(post, "file"), 303)
    accounts = compose_saving.accounts(parts.app, composed)
    parts.app.edits.require(Event.DRAFT_EDITED, visitor.name, accounts)
    if part == "live":
        return parts.pages.render(
            request,
            "presence.html",
            post=post,
            seen=seen,
            others=parts.presence.others(post, visitor.name),
            is_newer=composed.draft.digest != seen,
        )
    return page(SentForm(request, parts, visitor, post, unchanged(composed)), composed)


@router.post("/new")
async def make(
    request: Request,
    parts: Use,
    visitor: Writer,
    form: Filled,
    do: Annotated[str, Form()] = "",
    upload: Uploads = None,
) -> Response:
    """Show the form again, with what was done to it, or save its draft."""
    return await _answer(SentForm(request, parts, visitor, None, form, do), upload or ())


@router.post("/posts/{post:path}/edit")
async def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    form: Filled,
    do: Annotated[str, Form()] = "",
    upload: Uploads = None,
) -> Response:
    """Show the form again, with what was done to it, or save or delete the draft."""
    return await _answer(SentForm(request, parts, visitor, post, form, do), upload or ())


@router.post("/posts/{post:path}/illustrate")
async def illustrate(
    request: Request, parts: Use, visitor: Writer, post: str, upload: Uploads = None
) -> Response:
    """Show the composer with new pictures, from the page of a post."""
    try:
        composed = await run_in_threadpool(composed_draft.existing, parts.app, post)
    except NotPossible:  # a form cannot show it
        return RedirectResponse(post_address(post, "file"), 303)
    sent = SentForm(request, parts, visitor, post, unchanged(composed), "check")
    return await _answer(sent, upload or ())


async def _answer(sent: SentForm, sent_files: Sequence[UploadFile]) -> Response:
    """Keep the pictures that came along; then do what was asked. What was typed is never lost."""
    files, added, problem = [file for file in sent_files if file.filename], 0, None
    try:
        if files:
            await run_in_threadpool(_require, sent)
        for file in files:
            sent = replace(sent, form=sent.form.with_uploads([await _kept(sent, file)]))
            added += 1
        if sent.do.startswith("cut:") and not files:
            sent = await _cut(sent)
    except PublisherError as error:
        problem = error
    if not files and not problem:
        return await run_in_threadpool(_done, sent)
    return await run_in_threadpool(_with_pictures, sent, added, problem)


def _require(sent: SentForm) -> None:
    """Raise NotPermitted before a picture is prepared, which takes long."""
    if sent.post:
        accounts = draft_view.accounts(sent.parts.app, sent.post)
        sent.parts.app.edits.require(Event.DRAFT_EDITED, sent.visitor.name, accounts)


async def _kept(sent: SentForm, file: UploadFile) -> str:
    """Keep the clean copy of a picture until its draft is saved; its name in the form."""
    cleaning = partial(compose_pictures.cleaned, file.file, file.filename or "")
    picture = await sent.parts.uploads.take(sent.visitor.name, cleaning)
    keep = unsaved_pictures(sent.parts.app).keep
    return await run_in_threadpool(keep, picture, sent.visitor.name)


async def _cut(sent: SentForm) -> SentForm:
    """The form in which a picture is its crop, which is made when it is the person's turn."""
    await run_in_threadpool(_require, sent)

    def cutting() -> ComposeForm:
        post = sent.composed().id
        return compose_pictures.cut(sent.parts, sent.visitor, post, sent.form, sent.do)

    form = await sent.parts.uploads.take(sent.visitor.name, cutting)
    return replace(sent, form=form, do="check")


def _with_pictures(sent: SentForm, new: int, problem: PublisherError | None) -> Response:
    """The form with its new pictures, which are described before anything is saved."""
    try:
        return page(sent, sent.composed(), problem=problem, new=new)
    except PublisherError as error:
        return given_back(sent, error)


def _done(sent: SentForm) -> Response:
    try:
        composed = sent.composed()
    except PublisherError as error:
        return given_back(sent, error)
    action = _ACTIONS.get(sent.do, _step)
    try:
        return action(sent, composed)
    except MadeBefore as before:
        return landed(sent, before.post, None)
    except FileChanged as error:
        return conflict(sent, error)
    except _Refused as refused:
        return page(sent, composed, now=refused.now, problem=refused.problem, plan=refused.plan)
    except PublisherError as error:
        return page(sent, composed, problem=error)


def _step(sent: SentForm, composed: ComposedDraft) -> Response:
    """The form after one of its buttons that saves nothing."""
    if sent.do == "slot":
        return page(replace(sent, form=_in_next_slot(sent, composed.id)), composed)
    form = compose_pictures.stepped(sent.parts, sent.visitor, composed.id, sent.form, sent.do)
    new = len(form.media) - len(sent.form.media)
    return page(replace(sent, form=form), composed, new=max(0, new))


def _in_next_slot(sent: SentForm, post: str) -> ComposeForm:
    """The form with the time of the next free slot of the chosen accounts."""
    app = sent.parts.app
    session, drafts = app.session(), sent.parts.drafts.drafts(app).posts.values()
    free = FreeSlots(app.settings, app.queries, session, drafts)
    local = free.next(sent.form.account or (), app.clock.now(), but=post)
    when = TimeFields.of(When(kind="time", local=local))
    return replace(sent.form, when=when.kind, at=when.at)


def restored(
    request: Request, parts: Parts, post: str | None, form: ComposeForm, problem: UsageError
) -> Response:
    """Show the form with what was typed before the log-out."""
    sent = SentForm(request, parts, request.state.visitor, post, form)
    return _with_pictures(sent, 0, problem)


def _savable(sent: SentForm, composed: ComposedDraft) -> Checked:
    """The form as it would be saved. Raises what keeps it from being saved."""
    try:
        return compose_saving.savable(sent.parts.app, sent.visitor.name, composed, sent.form)
    except compose_saving.NotSavable as unsavable:
        problem = UsageError(_("Nothing was saved yet."), hint=_("Correct what is marked."))
        raise _Refused(problem, unsavable.now) from None


def _keep(sent: SentForm, composed: ComposedDraft) -> Response:
    now = _savable(sent, composed)
    app = sent.parts.app
    compose_saving.save(app, sent.visitor.name, now, sent.form.fingerprint)
    return landed(sent, composed.id, draft_view.saved(app, composed.draft, composed.id))


def _submit(sent: SentForm, composed: ComposedDraft) -> Response:
    """Save the draft and queue it: both, if nothing is against it."""
    app = sent.parts.app
    now = for_submission(_savable(sent, composed))
    hint = _("Correct what is marked, or keep it as a draft.")
    if now.has_errors or now.library is None:
        raise _Refused(UsageError(_("Nothing was submitted yet."), hint=hint), now)
    plan = app.planner.compare(now.library, now.found, [composed.draft.path], read=[composed.id])
    if plan.errors:
        now = with_problem(now, plan.errors[0])
        raise _Refused(UsageError(_("Nothing was submitted yet."), hint=hint), now)
    shown = plan_view.digest(plan)
    if plan.overdue and not (sent.form.sure and sent.form.shown == shown):
        problem = UsageError(
            _("Its time has passed: it goes out at once."),
            hint=_("Confirm that, or choose another time."),
        )
        raise _Refused(problem, now, plan)
    compose_saving.save(app, sent.visitor.name, now, sent.form.fingerprint)
    try:
        toast = compose_saving.queue(sent.parts, sent.visitor, composed, shown)
    except compose_saving.NotQueued as unqueued:
        return landed(sent, composed.id, unqueued.toast, "queue")
    return landed(sent, composed.id, toast)


def _delete(sent: SentForm, composed: ComposedDraft) -> Response:
    if composed.draft.digest != sent.form.seen:
        raise FileChanged(
            _("Someone else changed {file} in the meantime.", file=composed.draft.file)
        )
    if not sent.form.sure:
        raise UsageError(_("Tick the box to delete the draft."))
    compose_saving.delete(sent.parts.app, sent.visitor.name, composed)
    return sent.parts.done(sent.visitor, _("Deleted: {file}.", file=composed.draft.file), "/posts")


def _replace(sent: SentForm, composed: ComposedDraft) -> Response:
    """Save what was typed in the place of the newer version that was shown beside it."""
    return _keep(replaced(sent, composed), composed)


_ACTIONS: Mapping[str, Callable[[SentForm, ComposedDraft], Response]] = {
    "keep": _keep,
    "submit": _submit,
    "delete": _delete,
    "merge": bring_together,
    "replace": _replace,
}
