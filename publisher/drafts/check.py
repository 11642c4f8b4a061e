"""`publisher check`: every problem in the drafts, found without ledger or network.

Pages and programs have it done in a process of its own (`check_process.py`), by the same functions.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from publisher.base import progress
from publisher.base.i18n import _
from publisher.channels.registry import capabilities_of
from publisher.drafts import library, rendering, translations
from publisher.drafts.consents import Consents
from publisher.drafts.library import Library
from publisher.drafts.lint import Linter
from publisher.drafts.picture_consents import PictureConsents, Recorded
from publisher.drafts.session import Session
from publisher.media.cache import Copies
from publisher.model import mandates
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.problems import MOST, Flaw, problem
from publisher.model.values import Problem
from publisher.settings.schema import LintSettings


class CheckSettings(Protocol):
    """The settings of a workspace by which its drafts are checked: no secret is among them."""

    @property
    def workspace(self) -> Path: ...
    @property
    def var(self) -> Path: ...
    @property
    def language(self) -> str: ...
    @property
    def lint(self) -> LintSettings: ...
    def public_accounts(self) -> dict[str, Account]: ...


Checked = tuple[Library, list[Problem]]
"""Drafts, with the problems in them."""
Records = Consents | None
"""Consents instead of those of posts/consents.yaml; None: those of the file."""


class Checks(Protocol):
    """What reads and checks drafts: this module, or `check_process`."""

    def check(
        self,
        settings: CheckSettings,
        paths: Sequence[str | Path] = (),
        programme: Session | None = None,
        revised: Mapping[str, bytes] = ...,
        unsaved: Mapping[str, Path] = ...,
        records: Consents | None = None,
        recorded: Recorded = ...,
    ) -> tuple[Library, list[Problem]]: ...

    def read(
        self,
        settings: CheckSettings,
        paths: Sequence[str | Path] = (),
        programme: Session | None = None,
        revised: Mapping[str, bytes] = ...,
        unsaved: Mapping[str, Path] = ...,
        records: Consents | None = None,
        recorded: Recorded = ...,
    ) -> Library: ...


def check(
    settings: CheckSettings,
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    unsaved: Mapping[str, Path] = MappingProxyType({}),
    records: Consents | None = None,
    recorded: Recorded = MappingProxyType({}),
    too_costly: Collection[str] = (),
) -> tuple[Library, list[Problem]]:
    """Read the drafts and find every problem in them, without ledger or network.

    `programme` replaces posts/session.yaml, `records` posts/consents.yaml, `revised` the contents
    of drafts, by their paths relative to the workspace, and `unsaved` pictures: this checks a
    change before it is saved. Whoever has a ledger gives what is `recorded` there of consents. See
    `library.load`.
    """
    accounts = settings.public_accounts()
    found = read(settings, paths, programme, revised, unsaved, records, recorded, too_costly)
    problems = list(found.problems)
    lint = settings.lint
    handles = [account.handle for account in accounts.values() if account.handle]
    linter = Linter(found.posts, lint.hashtags.model_dump(), handles)
    for post in progress.over(found.posts, _("Checking drafts")):
        recipients, _nobody = rendering.recipients(post, accounts)  # `library` reports nobody
        of_texts: list[Problem] = []
        for account in recipients:
            of_texts += rendering.problems(post, account, capabilities_of(account))
            problems += _outside_mandate(post, account, found.session.zone)
        problems += _one_for_all(of_texts)
        problems += linter.problems(post, recipients)
    if "stale-translation" not in lint.ignore:
        languages = (found.session.defaults.lang or settings.language, settings.language)
        problems += translations.stale(found, settings.workspace / "posts", languages)
    wanted = _without_ignored(problems, found, lint.ignore)
    return found, list(_first_of_each_kind(sorted(set(wanted), key=_place)))


def read(
    settings: CheckSettings,
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    unsaved: Mapping[str, Path] = MappingProxyType({}),
    records: Consents | None = None,
    recorded: Recorded = MappingProxyType({}),
    too_costly: Collection[str] = (),
) -> Library:
    """Read the drafts as `check` does, with the parser's problems alone."""
    accounts, copies = settings.public_accounts(), Copies.of(settings.var)
    return library.load(
        settings.workspace,
        accounts,
        paths,
        programme,
        revised,
        copies,
        unsaved,
        records,
        recorded,
        too_costly,
    )


def _one_for_all(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The problems, with one for all accounts that have the same empty text."""
    empty = Counter(one.line for one in problems if one.code == "empty-text")
    for one in problems:
        if one.code == "empty-text" and empty[one.line] > 1:
            hint = _("Write it below the front matter.")
            yield one.model_copy(update={"message": _("The text is empty."), "hint": hint})
        else:
            yield one


def _outside_mandate(post: Post, account: Account, zone: tzinfo) -> Iterator[Problem]:
    for breach in mandates.breaches(
        account.mandate, account.name, post.author, post.not_before, zone
    ):
        flaw = Flaw("no-mandate", breach.message, breach.hint)
        yield problem(post.file, flaw, post.position(breach.key))


def said(
    settings: CheckSettings,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    recorded: Recorded = MappingProxyType({}),
) -> PictureConsents:
    """What is said of the people in each picture; read when it is first asked for."""
    accounts, copies = settings.public_accounts(), Copies.of(settings.var)
    return library.said(settings.workspace, accounts, revised, copies, recorded)


def _without_ignored(
    problems: Sequence[Problem], found: Library, ignore: Collection[str]
) -> list[Problem]:
    """The problems without the advice that the workspace or the draft ignores."""
    of_drafts = {post.file: post.ignore for post in found.posts if post.ignore}
    return [
        problem
        for problem in problems
        if problem.code not in ignore and problem.code not in of_drafts.get(problem.file, ())
    ]


def _first_of_each_kind(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The problems without what is too much to read: a text may have ten thousand of one kind."""
    number = Counter[tuple[str, str]]()
    for one in problems:
        kind = one.file, one.code
        number[kind] += 1
        if number[kind] <= MOST:
            yield one
        elif number[kind] == MOST + 1:
            message = _("There are more problems of this kind: {code}.", code=one.code)
            hint = _("Fix the ones shown, then check again.")
            more = {"code": "too-many-problems", "message": message, "hint": hint}
            yield one.model_copy(update=more)


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.code, problem.message
