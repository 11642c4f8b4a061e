"""Mandates: who may post as another organisation's account, and on which days.

Drafts are checked against the mandate, and each post again when it leaves: a mandate may have been
withdrawn, or have ended, after the post was queued.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from typing import NamedTuple

from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.model.accounts import Mandate


class Breach(NamedTuple):
    """A breach: one thing that a mandate does not cover."""

    key: str
    """The key of the draft that causes it."""
    message: str
    hint: str


def breaches(
    mandate: Mandate | None,
    account: str,
    author: str | None,
    not_before: datetime | None,
    zone: tzinfo,
    writers: Collection[str] = (),
) -> Iterator[Breach]:
    """The breaches of a mandate by a post; `zone` is the session's, for the mandate's dates.

    `writers` have changed the post's draft on the web pages, and count as its authors.
    """
    if mandate is None:
        return
    if mandate.authors:
        yield from _of_author(mandate, account, author)
        yield from _of_writers(mandate, account, writers)
    if not_before:
        yield from _of_day(mandate, account, not_before, zone)


def _of_author(mandate: Mandate, account: str, author: str | None) -> Iterator[Breach]:
    named = ", ".join(mandate.authors)
    if author is None:
        message = _("No author is named who may post as {account}.", account=account)
        yield Breach("author", message, _("Add `author:` with one of: {names}.", names=named))
    elif not may_write(mandate, author):
        message = _("{author} may not post as {account}.", author=author, account=account)
        hint = _("Its mandate in publisher.toml names: {names}.", names=named)
        yield Breach("author", message, hint)


def may_write(mandate: Mandate | None, name: str) -> bool:
    """Whether a person of this name may be an author of posts to the mandate's account."""
    named = mandate.authors if mandate else ()
    return not named or any(same_person(name, author) for author in named)


def _of_writers(mandate: Mandate, account: str, writers: Collection[str]) -> Iterator[Breach]:
    named = ", ".join(mandate.authors)
    for writer in sorted(writers):
        if not may_write(mandate, writer):
            message = _(
                "{author} changed the draft, but may not post as {account}.",
                author=writer,
                account=account,
            )
            hint = _(
                "Its mandate in publisher.toml names: {names}. Ask one of them to write it in a "
                "new draft.",
                names=named,
            )
            yield Breach("author", message, hint)


def _of_day(mandate: Mandate, account: str, not_before: datetime, zone: tzinfo) -> Iterator[Breach]:
    day = not_before.astimezone(zone).date()
    hint = _("Take the account out of `to:`, give another `at`, or have the mandate extended.")
    if mandate.since and day < mandate.since:
        message = _(
            "The mandate to post as {account} begins on {limit}, and this goes out on {day}.",
            account=account,
            limit=mandate.since,
            day=day,
        )
        yield Breach("at", message, hint)
    if mandate.until and day > mandate.until:
        message = _(
            "The mandate to post as {account} ended on {limit}, and this goes out on {day}.",
            account=account,
            limit=mandate.until,
            day=day,
        )
        yield Breach("at", message, hint)
