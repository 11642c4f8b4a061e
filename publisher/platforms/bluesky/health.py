"""Health check of an account on Bluesky, its owner and its profile."""

from collections.abc import Mapping
from dataclasses import replace

from publisher.base.i18n import _, later
from publisher.channels.answers import mapping, parsed
from publisher.channels.health import Health, clock_ahead, one_line, problem_of, was_answered
from publisher.model.accounts import Owner, Profile
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Step
from publisher.platforms.bluesky.answers import ANSWERS, did_of
from publisher.platforms.bluesky.repo import Repo

_STATES = {
    "takendown": later("Bluesky has taken this account down. Log in to the app to see why."),
    "suspended": later("Bluesky has suspended this account. Log in to the app to see why."),
    "deactivated": later("This account is deactivated. Log in to Bluesky's app to activate it."),
}
_NOT_ACTIVE = later("This account is not active on Bluesky. Log in to the app to see why.")


def examine(repo: Repo) -> Health:
    """Ask whom the log-in belongs to, whether the account is active, and for its profile."""
    answer = repo.account()
    problem = problem_of(ANSWERS, answer)
    found = Health(problem, was_answered(answer), clock_ahead(answer))
    told = mapping(parsed(answer.body))
    known = owner(answer)
    if problem or not isinstance(known, Owner):
        return found
    if told.get("active") is False:
        found = replace(found, problem=_(_STATES.get(str(told.get("status")), _NOT_ACTIVE)))
    # The profile comes from another server, which may be away.
    shown = mapping(parsed(repo.profile().body))
    return replace(found, owner=known, profile=_profile(told, shown))


def owner(answer: Answer) -> Owner | AccountSuspended | Deferred:
    """The owner from the answer that tells whom the log-in belongs to."""
    told = mapping(parsed(answer.body))
    did, handle = did_of(told), one_line(told.get("handle"))
    if answer.status == 200 and did and handle:
        return Owner(id=did, name=f"@{handle}")
    outcome = ANSWERS.judge(answer, Step.READ)
    return outcome if isinstance(outcome, AccountSuspended | Deferred) else ANSWERS.unreadable()


def _profile(account: Mapping[str, object], shown: dict[str, object]) -> Profile:
    did = did_of(dict(account))
    is_its_own = shown.get("did") == did
    picture = shown.get("avatar") if is_its_own else None
    return Profile(
        id=did,
        handle=one_line(account.get("handle")),
        name=one_line(shown.get("displayName")) if is_its_own else "",
        picture=picture if isinstance(picture, str) else "",
    )
