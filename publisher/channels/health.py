"""Health check of an account, by reading only: credentials, owner and clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from publisher.base.i18n import _
from publisher.channels.answers import Answers, dated, identifier, named_status
from publisher.model.accounts import Owner, Profile
from publisher.model.outcomes import Accepted, AccountSuspended, Answer, Deferred, Step, Wire

LARGEST_LIMIT = 10**9
"""The largest number that publisher.toml takes for a limit."""
_LONGEST = 100  # characters of a name; X allows 50, and Facebook 75


@dataclass(frozen=True, slots=True)
class Health:
    """The result: whether the platform would take posts of an account now."""

    problem: str | None = None
    """Why not, and what to do; None: it would, as far as reading can show."""
    is_certain: bool = True
    """False when the platform could not be asked."""
    clock_ahead: timedelta | None = None
    """How far our clock is ahead of the platform's (negative: behind), to the second."""
    expires_at: datetime | None = None
    """When the credentials expire; None: never, or the platform does not say."""
    owner: Owner | None = None
    """The owner of the credentials; None: the platform did not say."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    """The account's options for publisher.toml, such as limits of its own server, as far as the
    platform tells them.
    """
    profile: Profile | None = None
    """How the platform shows the owner; None: it did not say, or has no profiles."""
    remarks: tuple[str, ...] = ()
    """What a person should know, and what does not keep the account from being connected: a server
    that takes less than usual, a setting that does not fit. Each says what to do.
    """


def owner_of(
    answers: Answers, answer: Answer, told: Mapping[str, object], key: str, sign: str
) -> Owner | AccountSuspended | Deferred:
    """The owner that an answer names by `id` and `key`; `sign` is put before the name."""
    user_id, name = identifier(told.get("id")), told.get(key)
    if answer.wire is Wire.ANSWERED and answer.status == 200 and user_id and isinstance(name, str):
        return Owner(id=user_id, name=sign + name)
    outcome = answers.judge(answer, Step.READ)
    return outcome if isinstance(outcome, AccountSuspended | Deferred) else answers.unreadable()


def profile_of(
    told: Mapping[str, object], *, handle: str, name: str, picture: object
) -> Profile | None:
    """The profile in an answer, by its keys for handle and name; None without an `id`.

    Of names, only the first line and 100 characters count; they are for people to read.
    """
    user_id = identifier(told.get("id"))
    if not user_id:
        return None
    return Profile(
        id=user_id,
        handle=one_line(told.get(handle)),
        name=one_line(told.get(name)),
        picture=picture if isinstance(picture, str) else "",
    )


def one_line(value: object) -> str:
    """The first line of a name, without what cannot be printed, at most 100 characters."""
    lines = value.strip().splitlines() if isinstance(value, str) else []
    return "".join(sign for sign in lines[0] if sign.isprintable())[:_LONGEST] if lines else ""


def problem_of(answers: Answers, answer: Answer) -> str | None:
    """Why the account cannot be read; None when it can."""
    if not was_answered(answer):  # no post is uncertain, so the message is not about one
        return _(
            "{platform} does not answer ({reason}).",
            platform=answers.name,
            reason=answer.reason or named_status(answer.status or 0),
        )
    outcome = answers.judge(answer, Step.READ)
    return None if isinstance(outcome, Accepted) else outcome.message


def was_answered(answer: Answer) -> bool:
    """Whether the platform itself answered."""
    return answer.wire is Wire.ANSWERED and (answer.status or 0) < 500


def clock_ahead(answer: Answer) -> timedelta | None:
    """How far our clock is ahead of the one that dated the answer; None without a date."""
    told = dated(answer.headers.get("date", ""))
    return answer.received_at - told if told else None
