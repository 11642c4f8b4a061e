"""/posts/ID/file: editor for a draft as it is in its file, for what the composer does not show."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import FileChanged, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.drafts.editing import Manuscript
from publisher.drafts.text_files import invalid_character
from publisher.model.events import Event
from publisher.planning import word_diff
from publisher.web import draft_view, plan_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use, post_address

router = APIRouter(route_class=PostRoute)


@router.get("/posts/{post:path}/file")
def show(request: Request, parts: Use, visitor: Reader, post: str) -> Response:
    parts.app.edits.require(Event.DRAFT_EDITED, visitor.name, draft_view.accounts(parts.app, post))
    draft = editing.read(draft_view.find(parts.app, post))
    return _page(request, parts, post, draft, draft.text)


@router.post("/posts/{post:path}/file")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    body: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    do: Annotated[str, Form()] = "",
) -> Response:
    """Check the text or save it. Whatever happens, the returned page holds it."""
    try:
        return _changed_page(request, parts, visitor, post, body, seen, saves=do == "save")
    except PublisherError as error:
        return parts.pages.render(request, "kept.html", post=post, body=body, problem=error)


def _changed_page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    post: str,
    body: str,
    seen: str,
    *,
    saves: bool,
) -> Response:
    draft = editing.read(draft_view.find(parts.app, post))
    parts.app.edits.require(Event.DRAFT_EDITED, visitor.name, draft_view.accounts(parts.app, post))
    flaw = _flaw_of(draft, body)
    if flaw or not saves:
        return _page(request, parts, post, draft, body, seen=seen, problem=flaw)
    if draft.digest != seen:
        return _page(request, parts, post, draft, body, problem=_meanwhile(draft))
    revised = draft.with_text(body)
    if revised == draft:
        draft_view.read_by(parts.app, visitor.name, post, seen)
        return parts.done(visitor, _("Nothing to save: the text is the same."), post_address(post))
    try:
        _write(parts, visitor, post, draft, revised)
    except FileChanged:
        newest = editing.read(draft_view.find(parts.app, post))
        return _page(request, parts, post, newest, body, problem=_meanwhile(newest))
    return parts.done(visitor, draft_view.saved(parts.app, draft, post), post_address(post))


def restored(
    request: Request, parts: Parts, post: str, fields: Mapping[str, str], problem: UsageError
) -> Response:
    """Show the form with the text typed before the log-out, and the digest then seen."""
    body, seen = fields.get("body", ""), fields.get("seen", "")
    try:
        draft = editing.read(draft_view.find(parts.app, post))
        return _page(request, parts, post, draft, body, seen=seen, problem=problem)
    except PublisherError as error:
        return parts.pages.render(request, "kept.html", post=post, body=body, problem=error)


def _flaw_of(draft: Manuscript, body: str) -> PublisherError | None:
    """The error that would prevent the draft from being read again."""
    if flaw := invalid_character(body.replace("\r\n", "\n").replace("\r", "\n")):
        return UsageError(flaw.message, hint=flaw.hint)
    try:
        draft_view.check_size(draft.with_text(body))
    except UsageError as error:
        return error
    return None


def _meanwhile(draft: Manuscript) -> FileChanged:
    hint = _("Your text is below, with what the file holds now beside it. Combine the two.")
    return FileChanged(
        _("Someone else changed {file} in the meantime.", file=draft.file), hint=hint
    )


def _write(
    parts: Parts, visitor: Visitor, post: str, draft: Manuscript, revised: Manuscript
) -> None:
    words = {"from": draft.text, "to": revised.text}
    accounts = draft_view.accounts(parts.app, post) | draft_view.accounts(parts.app, post, revised)
    parts.app.edits.apply(
        post,
        Event.DRAFT_EDITED,
        {"text": words},
        visitor.name,
        accounts,
        digest=revised.digest,
        save=lambda: draft.save(revised),
        put_back=lambda: revised.save(draft),
    )


def _page(
    request: Request,
    parts: Parts,
    post: str,
    draft: Manuscript,
    body: str,
    *,
    seen: str | None = None,
    problem: PublisherError | None = None,
) -> Response:
    """The form with `body`. `seen`: the digest of the file it was made from; None: `draft`'s."""
    revised = {} if problem else {draft.file: draft.with_text(body).data}
    library, found = parts.app.checks.check(
        parts.app.settings,
        [draft.path],
        revised=revised,
        recorded=parts.app.queries.picture_consents(),
    )
    lost = isinstance(problem, FileChanged)
    standing = parts.app.queries.deliveries(post=post)
    return parts.pages.render(
        request,
        "file.html",
        post=post,
        seen=draft.digest if seen is None else seen,
        body=body,
        problem=problem,
        theirs=word_diff.compare(body.replace("\r\n", "\n"), draft.text) if lost else None,
        problems=[p for p in found if p.file == draft.file] if not problem else [],
        # Not while it is typed, and not if the form differs from the file.
        pending=plan_view.pending(parts.app, draft, standing)
        if seen is None and not problem
        else None,
        view=draft_view.view(parts.app, library, found, post) if not problem else None,
    )
