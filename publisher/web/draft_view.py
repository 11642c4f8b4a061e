"""The draft behind a post: its problems, its translations, and whether the ledger has it so."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NoSuchPost, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.channels.registry import CAPABILITIES
from publisher.delivery.identity import verified
from publisher.drafts import editing, library, rendering
from publisher.drafts.check import check
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.drafts.library import Library
from publisher.drafts.text_files import MAX_DRAFT
from publisher.media.cache import Copies
from publisher.model.models import Delivery, MediaItem, Post, Problem
from publisher.preview.draft_view import DraftPreview as View
from publisher.preview.draft_view import Drafts
from publisher.preview.pictures import Pictures
from publisher.web import pending
from publisher.web.pending import Pending
from publisher.web.render import Notice

_LANGUAGE = re.compile(r"\.[a-z]{2,3}(-[A-Za-z]{2,4})?$")


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft that was found."""

    file: str
    """Its path relative to the workspace."""
    post: Post | None
    """None: it cannot be read."""
    problems: Sequence[Problem]
    versions: Sequence[Post]
    """Itself and its translations, when there are any."""
    pending: Pending
    """What queueing it would change."""
    view: View | None
    """How it would look, where that is not as the ledger has it."""


def read(app: Application, post_id: str, standing: Sequence[Delivery]) -> DraftView | None:
    """The draft of a post; None when there is none. `standing` is what the ledger has of it."""
    shelf = DraftFiles(app.settings.posts)
    files = {file.id: file for file in shelf.files}
    file = files.get(post_id)
    if file is None:
        return None
    drafts, problems = check(app.settings, [other.path for other in _group(file, files.values())])
    post = drafts.post(post_id)
    others = drafts.translations(post) if post else ()
    waits = pending.of(app, _readable(file), standing)
    return DraftView(
        file=file.file,
        post=post,
        problems=[problem for problem in problems if problem.file == file.file],
        versions=[post, *others] if post and others else [],
        pending=waits,
        view=view(app, drafts, problems, post_id) if waits.accounts or not standing else None,
    )


def waits(app: Application, post_id: str) -> Pending | None:
    """What queueing the draft of a post would change; None when there is none."""
    file = next((f for f in DraftFiles(app.settings.posts).files if f.id == post_id), None)
    return pending.of(app, _readable(file), app.queries.deliveries(post=post_id)) if file else None


def find(app: Application, post_id: str) -> DraftFile:
    """The draft of a post among those that are under posts/; NoSuchPost when it has none."""
    found = next((f for f in DraftFiles(app.settings.posts).files if f.id == post_id), None)
    if found is None:
        raise NoSuchPost(
            _("{name} has no draft.", name=post_id),
            hint=_("It may have another name now: search the log, or the posts."),
        )
    return found


def accounts(app: Application, post_id: str) -> frozenset[str]:
    """The accounts that a draft goes to, and those for which the ledger has its post."""
    file, public = find(app, post_id), app.settings.public_accounts()
    copies = Copies.of(app.settings)
    read = library.load(
        app.settings.workspace, public, tuple(CAPABILITIES), [file.path], copies=copies
    )
    post = read.post(post_id)
    named = rendering.recipients(post, public)[0] if post else ()
    standing = app.queries.deliveries(post=post_id)
    return frozenset({*(one.name for one in named), *(one.account for one in standing)})


def saved(app: Application, draft: Manuscript, post_id: str) -> Notice:
    """What to tell whoever saved a draft: that it is, and what readers do not see of it."""
    standing = app.queries.deliveries(post=post_id)
    waits = pending.of(app, draft, standing)
    if out := [row.account for row in waits.out]:
        text = _(
            "Saved in the draft. It is published on {accounts}: readers still see what was published.",
            accounts=", ".join(out),
        )
        return Notice(text, warns=True)
    if waits.broken:
        text = _("Saved. It has errors: it is not queued before they are mended.")
        return Notice(text, warns=True)
    return Notice(_("Saved."))


def check_size(draft: Manuscript) -> None:
    """UsageError if a draft is too big to be read again."""
    if (size := len(draft.data)) > MAX_DRAFT:
        raise UsageError(
            _("It would have {number} bytes; more than {limit} are not read.",
              number=formats.number(size), limit=formats.number(MAX_DRAFT))
        )  # fmt: skip


def _group(file: DraftFile, files: Iterable[DraftFile]) -> list[DraftFile]:
    """The draft and those whose names differ by the language alone."""
    base = _LANGUAGE.sub("", file.id)
    return [other for other in files if _LANGUAGE.sub("", other.id) == base]


def _readable(file: DraftFile) -> Manuscript | None:
    try:
        return editing.read(file)
    except PublisherError:  # what is wrong with it stands among the problems
        return None


def view(
    app: Application, read_drafts: Library, problems: Sequence[Problem], post_id: str
) -> View | None:
    """A draft of the library as its readers will see it; None when it is not there."""
    post = read_drafts.post(post_id)
    shown = _pictures(tuple(map(_state_of, post.media))) if post else None
    drafts = Drafts(
        app.settings,
        read_drafts,
        problems,
        {},
        app.clock.now(),
        shown,
        handles(app),
        one_clock=True,
    )
    return next(iter(drafts.views([post_id])), None)


@lru_cache(maxsize=8)  # a text is checked at every pause of whoever types it
def _pictures(_files: tuple[tuple[str, int, int], ...]) -> Pictures:
    return Pictures()


def _state_of(item: MediaItem) -> tuple[str, int, int]:
    """Another one when its file changes."""
    try:
        found = item.path.stat()
    except OSError:
        return str(item.path), 0, 0
    return str(item.path), found.st_mtime_ns, found.st_size


def handles(app: Application) -> Mapping[str, str]:
    """What accounts are called on their platforms, as their keys told, by the account."""
    found = verified(app.owners, app.settings.public_accounts())
    return {name: owner.name for name, owner in found.items() if owner.name}


def unqueued(app: Application) -> list[str]:
    """The ids of drafts of which the ledger has nothing."""
    ids = [file.id for file in DraftFiles(app.settings.posts).files]
    known = app.queries.known_posts(ids)
    return [post_id for post_id in ids if post_id not in known]
