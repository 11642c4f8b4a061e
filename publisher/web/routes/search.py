"""/search: posts, drafts, the agenda, accounts and people that hold some words."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from fastapi import APIRouter, Request, Response

from publisher.app import Application
from publisher.drafts import editing, text_files
from publisher.ledger.manager.rights import Rank
from publisher.ledger.reading.log_pages import SortOrder, Wanted
from publisher.ledger.reading.search_index import without_accents
from publisher.model.deliveries import Delivery
from publisher.model.problems import Findings
from publisher.web import draft_view
from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

_MOST = 30
"""Deliveries, and drafts, that are shown."""

router = APIRouter()


@router.get("/search")
def search(request: Request, parts: Use, visitor: Reader, q: str = "") -> Response:
    app, words = parts.app, _bare(q).split()
    is_admin = app.rights.permits(visitor.person, Rank.ADMIN)
    return parts.pages.render(
        request,
        "search.html",
        q=q,
        posts=_posts(app, q) if words else [],
        drafts=list(islice(_drafts(app, words), _MOST)) if words else [],
        agenda=[
            item
            for item in app.session().agenda.values()
            if _hold((item.name, item.title, item.place), words)
        ],
        accounts=[
            account
            for account in app.settings.public_accounts().values()
            if _hold((account.name, account.title, account.handle, account.organisation), words)
        ],
        people=[p for p in app.people.all() if is_admin and _hold((p.name,), words)],
    )


def _posts(app: Application, words: str) -> list[list[Delivery]]:
    """The posts on the schedule, what happened last first; each with its deliveries."""
    wanted = Wanted(text=words.strip(), order=SortOrder.HAPPENED)
    found = app.logbook.page(wanted, _MOST).deliveries
    found.sort(key=lambda delivery: delivery.post)
    posts = [list(of_post) for _, of_post in groupby(found, lambda delivery: delivery.post)]
    return sorted(posts, key=lambda some: some[0].not_before, reverse=True)


def _drafts(app: Application, words: list[str]) -> Iterator[tuple[str, str]]:
    """The id and the first words of each draft that is not queued."""
    for file in draft_view.unqueued(app):
        # Thousands may be there: only what is found is parsed.
        data = text_files.read_bytes(file.path, Findings(file.file), text_files.MAX_DRAFT) or b""
        if not _hold((file.id, data.decode("utf-8", "replace")), words):
            continue
        yield file.id, editing.first_words(file)


def _hold(texts: Iterable[str | None], words: list[str]) -> bool:
    """Whether all words are in these texts; without any, nothing is found."""
    text = _bare(" ".join(filter(None, texts)))
    return bool(words) and all(word in text for word in words)


def _bare(text: str) -> str:
    return without_accents(text).casefold()
