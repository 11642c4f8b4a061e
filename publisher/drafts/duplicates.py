"""Duplicate texts: drafts with the same text for one account, refused without `repeat`."""

from collections.abc import Mapping

from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.drafts.library import Library
from publisher.model.accounts import Account
from publisher.model.problems import Flaw, problem
from publisher.model.values import Problem, Severity

_Text = tuple[object, ...]


def find(library: Library, accounts: Mapping[str, Account]) -> list[Problem]:
    """A warning for each later draft of the same text; only the ledger knows cancelled ones."""
    found = []
    first: dict[_Text, str] = {}
    dated = [post for post in library.posts if (post.due_at or post.at_once) and not post.repeat]
    for post in dated:
        if post.held or post.id in library.broken:
            continue
        for account in rendering.recipients(post, accounts)[0]:
            parts = post.texts.get(rendering.section_for(post, account), ())
            words = tuple(" ".join(part.split()) for part in parts)
            if not any(words):
                continue
            other = first.setdefault((account.name, words, post.link), post.id)
            if other != post.id:
                its = flaw(account.name, other)
                found.append(problem(post.file, its, post.position("at"), Severity.WARNING))
    return found


def flaw(account: str, other: str) -> Flaw:
    """The flaw of the later of two drafts."""
    message = _("{account} already gets this text from {other}.", account=account, other=other)
    hint = _("Change the text, or set `repeat: true` if it is meant to go out again.")
    return Flaw("duplicate-text", message, hint)
