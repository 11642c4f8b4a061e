"""Who may post as an account, and for which dates."""

from collections.abc import Iterator
from datetime import tzinfo

from publisher.content.problems import Flaw, problem
from publisher.language import _
from publisher.models import Account, Mandate, Post, Problem


def problems(post: Post, account: Account, zone: tzinfo) -> Iterator[Problem]:
    """What the account's mandate has against the post; `zone` is the one of the mandate's dates."""
    mandate = account.mandate
    if mandate is None:
        return
    if flaw := _flaw_of_author(post.author, account.name, mandate):
        yield problem(post.file, flaw, post.position("author"))
    leaves = post.due_at and max(post.due_at, post.embargo_until or post.due_at)
    day = leaves.astimezone(zone).date() if leaves else None
    if day and mandate.since and day < mandate.since:
        yield problem(
            post.file,
            _outside(
                _(
                    "The mandate to post as {account} begins on {limit}, and this goes out on {day}.",
                    account=account.name,
                    limit=mandate.since,
                    day=day,
                )
            ),
            post.position("at"),
        )
    if day and mandate.until and day > mandate.until:
        yield problem(
            post.file,
            _outside(
                _(
                    "The mandate to post as {account} ended on {limit}, and this goes out on {day}.",
                    account=account.name,
                    limit=mandate.until,
                    day=day,
                )
            ),
            post.position("at"),
        )


def _flaw_of_author(author: str | None, account: str, mandate: Mandate) -> Flaw | None:
    if not mandate.authors:
        return None
    named = ", ".join(mandate.authors)
    if author is None:
        message = _("Nobody is named who posts as {account}.", account=account)
        return Flaw("no-mandate", message, _("Add `author:` with one of: {names}.", names=named))
    if author.casefold() not in [name.casefold() for name in mandate.authors]:
        message = _("{author} may not post as {account}.", author=author, account=account)
        return Flaw(
            "no-mandate", message, _("Its mandate in publisher.toml names: {names}.", names=named)
        )
    return None


def _outside(message: str) -> Flaw:
    return Flaw(
        "no-mandate",
        message,
        _("Take the account out of `to:`, give another `at`, or have the mandate prolonged."),
    )
