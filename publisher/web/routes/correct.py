"""/posts/ID/correct: asks for the reason, and makes the draft of a correction."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.app import Application
from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _, plural
from publisher.drafts import correcting
from publisher.drafts.correcting import Correcting
from publisher.drafts.draft import LONGEST_REASON
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.model.events import Event
from publisher.planning import correctable
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use, post_address

router = APIRouter(route_class=PostRoute)


@router.get("/posts/{post:path}/correct")
def ask(request: Request, parts: Use, visitor: Reader, post: str) -> Response:
    """Show what is out, and ask why it is to be corrected."""
    return _page(request, parts, visitor, post)


@router.post("/posts/{post:path}/correct")
def make(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Make the drafts, and open the first one."""
    try:
        made = _made(parts.app, visitor, post, " ".join(reason.split()))
    except PublisherError as error:
        return _page(request, parts, visitor, post, reason, error)
    first = next(iter(made.values()))
    told = plural(
        "{number} draft was made. Change what is wrong, then submit it.",
        "{number} drafts were made. Change what is wrong, then submit them.",
        len(made),
    )
    post_id = first.file.removeprefix("posts/").removesuffix(".md")
    return parts.done(visitor, told, f"{post_address(post_id)}/edit")


def _made(app: Application, visitor: Visitor, post: str, reason: str) -> Mapping[str, Manuscript]:
    """Make the drafts, on record: all, or none."""
    if not reason:
        raise UsageError(_("Say in one sentence what was wrong."))
    wanted = _wanted(app, visitor, post)
    new = correcting.drafts(DraftFiles(app.settings.posts), wanted, reason, _spoken(app))
    made: list[Correcting] = []
    try:
        for one in (one for one in wanted if not new[one.post].path.exists()):
            _save(app, visitor, one, new[one.post], reason, Event.DRAFT_MADE)
            made.append(one)
    except PublisherError:
        for one in made:
            _save(app, visitor, one, new[one.post], reason, Event.DRAFT_DELETED)
        raise
    return new


def _save(
    app: Application,
    visitor: Visitor,
    one: Correcting,
    draft: Manuscript,
    reason: str,
    event: Event,
) -> None:
    is_new = event is Event.DRAFT_MADE
    app.edits.apply(
        draft.file.removeprefix("posts/").removesuffix(".md"),
        event,
        {"corrects": one.post, "reason": reason},
        visitor.name,
        frozenset(one.accounts),
        digest=draft.digest,
        save=draft.create if is_new else draft.delete,
        put_back=draft.delete if is_new else draft.create,
    )


def _wanted(app: Application, visitor: Visitor, post: str) -> Sequence[Correcting]:
    """The post and its translations that are out, as far as the visitor may write of them.

    Raises NotPermitted for whoever may not write for the accounts of the post itself.
    """
    found = correctable.find(
        app.queries, DraftFiles(app.settings.posts), post, _spoken(app), app.planner.plan
    )
    corrected = next((one.corrects for one in app.queries.deliveries(post=post)), None) or post
    own = next((one for one in found if corrected == one.post), found[0])
    app.edits.require(Event.DRAFT_MADE, visitor.name, frozenset(own.accounts))
    return [
        one
        for one in found
        if one is own or app.rights.permits_writing(visitor.person, frozenset(one.accounts))
    ]


def _spoken(app: Application) -> set[str]:
    accounts = app.settings.public_accounts().values()
    return {one.language for one in accounts if one.language}


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    post: str,
    reason: str = "",
    problem: PublisherError | None = None,
) -> Response:
    return parts.pages.render(
        request,
        "correct.html",
        post=post,
        wanted=_wanted(parts.app, visitor, post),
        reason=reason,
        problem=problem,
    )
