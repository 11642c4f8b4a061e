"""/posts/ID/media: upload, description and removal of a draft's pictures."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from publisher.base.errors import Busy, PictureUnusable, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.channels.registry import widest
from publisher.drafts import check, editing
from publisher.drafts.draft import alt_missing, place_of
from publisher.drafts.editing import Manuscript
from publisher.drafts.text_files import invalid_character
from publisher.ledger.manager.draft_edits import PICTURE_ADDED, PICTURE_EDITED, PICTURE_REMOVED
from publisher.media import folder, media_file, uploads
from publisher.media.media_file import CleanPicture
from publisher.model.events import Event
from publisher.model.posts import MediaItem
from publisher.model.problems import Flaw
from publisher.preview.mockups import ShownImage
from publisher.preview.pictures import Pictures
from publisher.web import draft_view, plan_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use, post_address

router = APIRouter(route_class=PostRoute)

Said = Mapping[str, str]
"""The keys of an entry of a draft's `media`, without the file."""
_SAID = ("alt", "credit", "people", "consent")
_YES = ("true", "yes")
_LATER = "30"
"""Seconds until the next attempt, if too many pictures are being processed."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A requested change to a draft's pictures."""

    parts: Parts
    visitor: Visitor
    post: str
    draft: Manuscript
    number: int
    said: Said


@router.get("/posts/{post:path}/media")
def show(request: Request, parts: Use, visitor: Reader, post: str) -> Response:
    parts.app.edits.require(PICTURE_ADDED, visitor.name, draft_view.accounts(parts.app, post))
    return _page(request, parts, post, editing.read(draft_view.find(parts.app, post)))


@router.post("/posts/{post:path}/media")
async def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    do: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    number: Annotated[int, Form(ge=0, le=1000)] = 0,
    alt: Annotated[str, Form(max_length=5000)] = "",
    credit: Annotated[str, Form(max_length=500)] = "",
    people: Annotated[str, Form()] = "",
    consent: Annotated[str, Form(max_length=500)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Add, edit or remove a picture. On an error, the returned page holds what was typed."""
    said = _said(alt, credit, people, consent)
    try:
        wish = await run_in_threadpool(_wish, parts, visitor, post, seen, number, said)
        if do == "add":
            await _added(wish, file)
        elif act := _ACTS.get(do):
            await run_in_threadpool(act, wish)
        else:
            raise UsageError(_("This cannot be done here."))
        return await run_in_threadpool(_done, wish)
    except PublisherError as error:
        kept, of = said if do in ("add", "edit") else {}, number if do == "edit" else None
        return await run_in_threadpool(_refused, request, parts, post, kept, of, seen, error)


def _wish(parts: Parts, visitor: Visitor, post: str, seen: str, number: int, said: Said) -> _Wish:
    """Read the draft. Raises FileChanged if it is not the one that was `seen`."""
    draft = editing.read(draft_view.find(parts.app, post))
    draft_view.require_unchanged(draft, seen)
    # Before a picture is prepared, which takes long; checked again when it is written.
    parts.app.edits.require(PICTURE_ADDED, visitor.name, draft_view.accounts(parts.app, post))
    return _Wish(parts, visitor, post, draft, number, said)


def _done(wish: _Wish) -> Response:
    notice = draft_view.saved(wish.parts.app, wish.draft, wish.post)
    return wish.parts.done(wish.visitor, notice, post_address(wish.post, "media"))


def _refused(
    request: Request,
    parts: Parts,
    post: str,
    said: Said,
    number: int | None,
    seen: str,
    error: PublisherError,
) -> Response:
    """Show the page with what was typed of the picture with that number, or None: a new one.

    `seen` is the digest of the draft that the person saw.
    """
    newest = editing.read(draft_view.find(parts.app, post))
    # In another file, the picture of that number may be another one.
    number = number if seen == newest.digest else None
    answer = _page(request, parts, post, newest, said, number, error)
    if isinstance(error, Busy):
        answer.headers["Retry-After"] = _LATER
    return answer


def restored(
    request: Request, parts: Parts, post: str, fields: Said, problem: UsageError
) -> Response:
    """Show the page with the description typed before the log-out."""
    said = {key: value for key, value in fields.items() if key in _SAID}
    number, seen = fields.get("number", ""), fields.get("seen", "")
    is_edit = fields.get("do") == "edit" and number.isdecimal()
    of = int(number[:4]) if is_edit else None
    return _refused(request, parts, post, said, of, seen, problem)


def _said(alt: str, credit: str, people: str, consent: str) -> Said:
    """The form's values, without empty ones."""
    values = {"alt": alt, "credit": credit, "people": "yes" if people else "", "consent": consent}
    plain = {key: _plain(key, value) for key, value in values.items()}
    return {key: value for key, value in plain.items() if value}


def _plain(key: str, value: str) -> str:
    """A value normalised as this page writes it."""
    if key == "people":
        return "true" if value.strip().lower() in _YES else ""
    return " ".join(value.split())


async def _added(wish: _Wish, file: UploadFile | None) -> None:
    """Validate the form first; then clean the picture when its turn in the queue comes."""
    _check(wish.said)
    if file is None or not file.filename:
        raise UsageError(_("Choose a picture."))
    cleaning = partial(_cleaned, file.file, file.filename)
    picture = await wish.parts.turns.take(wish.visitor.name, cleaning)
    await run_in_threadpool(_add, wish, picture)


def _cleaned(file: BinaryIO, name: str) -> CleanPicture:
    found = uploads.clean(file, name, widest())
    if isinstance(found, Flaw):
        raise PictureUnusable(found.message, hint=found.hint)
    return found


def _add(wish: _Wish, picture: CleanPicture) -> None:
    """Store the picture and name it in the draft: both, or neither.

    The file is named after the post: its old name may contain a child's name.
    """
    posts = wish.parts.app.settings.posts
    stem = slug(wish.post) or "media"
    with folder.staged(posts, picture.data, stem, picture.suffix) as staged:
        # A leading slash refers to posts/ from within its folders.
        slash = "/" if "/" in wish.post else ""
        entry = {"file": f"{slash}{folder.NAME}/{staged.name}", **wish.said}
        revised = wish.draft.with_picture(entry)
        told = {**_told(entry), "digest": picture.digest}
        with _recorded(wish, PICTURE_ADDED, told, revised), staged.placed():
            wish.draft.save(revised)


def _edit(wish: _Wish) -> None:
    _check(wish.said)
    old = _entry(wish)
    new = _revised(old, wish.said)
    if new == old:
        return
    was, now = _told(old), _told(new)
    told = {
        key: {"from": was.get(key), "to": now.get(key)}
        for key in {**was, **now}
        if was.get(key) != now.get(key)
    }
    revised = wish.draft.with_picture_as(wish.number, new)
    with _recorded(wish, PICTURE_EDITED, {"file": old.get("file"), **told}, revised):
        wish.draft.save(revised)


def _remove(wish: _Wish) -> None:
    entry = _entry(wish)
    revised = wish.draft.without_picture(wish.number)
    with _recorded(wish, PICTURE_REMOVED, _told(entry), revised):
        wish.draft.save(revised)


_ACTS: Mapping[str, Callable[[_Wish], None]] = {"edit": _edit, "remove": _remove}


def _recorded(
    wish: _Wish, event: Event, detail: Mapping[str, object], revised: Manuscript
) -> AbstractContextManager[None]:
    draft_view.check_size(revised)
    accounts = draft_view.accounts(wish.parts.app, wish.post)
    return wish.parts.app.edits.recorded(wish.post, event, detail, wish.visitor.name, accounts)


def _check(said: Said) -> None:
    """Raise UsageError for values that `check` would refuse in any draft."""
    if "alt" not in said:
        flaw: Flaw | None = alt_missing()
    else:
        flaw = next(filter(None, map(invalid_character, said.values())), None)
    if flaw:
        raise UsageError(flaw.message, hint=flaw.hint)


def _entry(wish: _Wish) -> Mapping[str, str]:
    entries = wish.draft.media
    if wish.number >= len(entries):
        raise UsageError(_("The draft has no such picture."))
    return entries[wish.number]


def _revised(entry: Mapping[str, str], said: Said) -> Mapping[str, str]:
    """The entry with the new values. An equivalent value keeps its spelling."""
    kept = {
        key: value
        for key, value in entry.items()
        if key not in _SAID or _plain(key, value) == said.get(key)
    }
    return {**said, **kept}


def _told(entry: Mapping[str, str]) -> dict[str, str]:
    """An entry as recorded in the history."""
    return {"alternative_text" if key == "alt" else key: value for key, value in entry.items()}


def _page(
    request: Request,
    parts: Parts,
    post: str,
    draft: Manuscript,
    said: Said = MappingProxyType({}),
    number: int | None = None,
    problem: PublisherError | None = None,
) -> Response:
    """The pictures of `draft`, and a form for one more.

    Unsaved values (`said`) are in the form of the picture with that `number`, or of the new one.
    """
    library, found = check.check(parts.app.settings, [draft.path])
    return parts.pages.render(
        request,
        "media.html",
        post=post,
        seen=draft.digest,
        shown=list(_shown(parts, post, draft)),
        said=said,
        number=number,
        consents=sorted(library.consents),
        problem=problem,
        problems=[p for p in found if p.file == draft.file],
        most=media_file.MAX_BYTES,
        pending=plan_view.pending(parts.app, draft, parts.app.queries.deliveries(post=post)),
    )


def _shown(
    parts: Parts, post: str, draft: Manuscript
) -> Iterator[tuple[Mapping[str, str], ShownImage | None]]:
    """Each entry of a draft's `media`; None for a file that cannot be shown, as problems say."""
    posts, views = parts.app.settings.posts, Pictures()
    for said in draft.media:
        path = place_of(said.get("file", ""), post, posts)
        view = None
        if not media_file.inspect(path, posts):
            with suppress(PictureUnusable):
                view = views.view(MediaItem(path=path.resolve(), alt=said.get("alt", "")), widest())
        yield said, view
