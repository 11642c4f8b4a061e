"""The draft behind a post: its problems, its translations, and whether the ledger has it so."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from publisher import figures
from publisher.app import Application
from publisher.channels.capabilities import CAPABILITIES
from publisher.checking import check
from publisher.content import rendering
from publisher.content.library import Library
from publisher.content.manuscript import Manuscript
from publisher.content.pictures import CleanPicture
from publisher.content.shelf import DraftFile, Shelf
from publisher.content.textfile import MAX_DRAFT
from publisher.errors import NoSuchPost, UsageError
from publisher.language import _
from publisher.models import Capabilities, Delivery, MediaItem, Post, Problem, Severity
from publisher.preview.drafts import Draft as View
from publisher.preview.drafts import Drafts

_LANGUAGE = re.compile(r"\.[a-z]{2,3}(-[A-Za-z]{2,4})?$")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that was found."""

    file: str
    """Its path relative to the workspace."""
    post: Post | None
    """None: it cannot be read."""
    problems: Sequence[Problem]
    versions: Sequence[Post]
    """Itself and its translations, when there are any."""
    changed: Sequence[str]
    """Accounts for which the ledger has other words or another time."""
    view: View | None
    """How it would look; only for a draft of which nothing is queued."""


def read(app: Application, post_id: str, standing: Sequence[Delivery]) -> Draft | None:
    """The draft of a post; None when there is none. `standing` is what the ledger has of it."""
    shelf = Shelf(app.settings.posts)
    files = {file.id: file for file in shelf.files}
    file = files.get(post_id)
    if file is None:
        return None
    library, problems = check(app.settings, [other.path for other in _group(file, files.values())])
    post = library.post(post_id)
    others = library.translations(post) if post else ()
    return Draft(
        file=file.file,
        post=post,
        problems=[problem for problem in problems if problem.file == file.file],
        versions=[post, *others] if post and others else [],
        changed=list(_changed(app, post, standing)) if post else [],
        view=None if standing else _view(app, library, problems, post_id),
    )


def find(app: Application, post_id: str) -> DraftFile:
    """The draft of a post among those that are under posts/; NoSuchPost when it has none."""
    found = next((f for f in Shelf(app.settings.posts).files if f.id == post_id), None)
    if found is None:
        raise NoSuchPost(
            _("{name} has no draft.", name=post_id),
            hint=_("It may have another name now: search the log, or the posts."),
        )
    return found


def saved(app: Application, draft: Manuscript) -> str:
    """What to tell whoever saved a draft: that it is, and whether it has errors."""
    _library, problems = check(app.settings, [draft.path])
    if any(p.severity is Severity.ERROR and p.file == draft.file for p in problems):
        return _("Saved. It has errors: it is not queued before they are mended.")
    return _("Saved.")


def check_size(draft: Manuscript) -> None:
    """UsageError if a draft is too big to be read again."""
    if (size := len(draft.data)) > MAX_DRAFT:
        raise UsageError(
            _("It would have {number} bytes; more than {limit} are not read.",
              number=figures.number(size), limit=figures.number(MAX_DRAFT))
        )  # fmt: skip


def _group(file: DraftFile, files: Iterable[DraftFile]) -> list[DraftFile]:
    """The draft and those whose names differ by the language alone."""
    base = _LANGUAGE.sub("", file.id)
    return [other for other in files if _LANGUAGE.sub("", other.id) == base]


def _changed(app: Application, post: Post, standing: Sequence[Delivery]) -> Iterator[str]:
    accounts = app.settings.public_accounts()
    bare = post.model_copy(update={"media": ()})  # pictures would have to be cleaned to compare
    for delivery in standing:
        account = accounts.get(delivery.account)
        if account is None or not delivery.in_reach:
            continue
        content = rendering.render(bare, account, CAPABILITIES[account.channel], _no_picture)
        words = [part.text for part in content.parts]
        if words != [part.text for part in delivery.content.parts] or (
            post.due_at != delivery.due_at and not post.at_once
        ):
            yield delivery.account


def _no_picture(item: MediaItem, _capabilities: Capabilities) -> CleanPicture:
    raise AssertionError(f"{item.path} was left out")


def _view(
    app: Application, library: Library, problems: Sequence[Problem], post_id: str
) -> View | None:
    drafts = Drafts(app.settings, library, problems, {}, app.clock.now())
    return next(iter(drafts.views([post_id])), None)


def unqueued(app: Application) -> list[str]:
    """The ids of drafts of which the ledger has nothing."""
    ids = [file.id for file in Shelf(app.settings.posts).files]
    known = app.queries.known_posts(ids)
    return [post_id for post_id in ids if post_id not in known]
