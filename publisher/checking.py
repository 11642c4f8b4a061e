"""Every problem in the drafts, found without ledger or network: what `publisher check` shows."""

from collections.abc import Sequence
from pathlib import Path

from publisher.channels.capabilities import CAPABILITIES
from publisher.content import library, rendering
from publisher.content.library import Library
from publisher.content.session import Session
from publisher.models import Problem
from publisher.settings import Settings


def check(
    settings: Settings, paths: Sequence[str | Path] = (), programme: Session | None = None
) -> tuple[Library, list[Problem]]:
    """Read the drafts and find every problem in them, without ledger or network.

    `programme` takes the place of posts/session.yaml: what would be, if that changed.
    """
    accounts = settings.public_accounts()
    found = library.load(settings.workspace, accounts, tuple(CAPABILITIES), paths, programme)
    problems = list(found.problems)
    for post in found.posts:
        recipients, nobody = rendering.recipients(post, accounts)
        if post.id not in found.broken:  # else the names in `to` may be what is wrong already
            problems += nobody
        for account in recipients:
            problems += rendering.problems(post, account, CAPABILITIES[account.channel])
    return found, sorted(set(problems), key=_place)


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.code, problem.message
