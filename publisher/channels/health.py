"""What an account's platform says of the account itself, found by reading alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from publisher.base.i18n import _
from publisher.channels.answers import dated, identifier, mapping, parsed, whole
from publisher.channels.classify import meaning, unreadable
from publisher.model.models import Owner
from publisher.model.outcomes import Accepted, AccountHeld, Answer, Deferred, Step, Wire

_NEEDED_SCOPES = ("pages_manage_posts", "pages_read_engagement")
"""Source: Meta's reference of Page feed."""
_NEVER = 10**11  # seconds since 1970; no date has more than four digits for its year


@dataclass(frozen=True, slots=True)
class Health:
    """Whether posts of an account would be taken now."""

    problem: str | None = None
    """Why not, and what to do; None: they would, as far as reading can tell."""
    is_certain: bool = True
    """False when the platform could not be asked."""
    clock_ahead: timedelta | None = None
    """How far our clock is ahead of the platform's (negative: behind), to the second."""
    expires_at: datetime | None = None
    """When the credentials end; None: never, or the platform does not say."""
    owner: Owner | None = None
    """Whom the credentials belong to; None: the platform did not say."""


def of_x(answer: Answer) -> Health:
    """From the answer to `GET /2/users/me`.

    The header `x-access-level` tells what the access token may do (docs.x.com, app permissions).
    """
    problem = _problem("twitter", answer)
    if problem is None and answer.headers.get("x-access-level") == "read":
        problem = _(
            "The access token may only read. Give the app the permission to write "
            "in X's developer portal, then make the access token anew."
        )
    owner = owner_on_x(answer)
    return Health(
        problem,
        _was_answered(answer),
        _clock_ahead(answer),
        owner=owner if isinstance(owner, Owner) else None,
    )


def owner_on_x(answer: Answer) -> Owner | AccountHeld | Deferred:
    """From the answer to `GET /2/users/me`."""
    data = mapping(mapping(parsed(answer.body)).get("data"))
    return _owner("twitter", answer, data, "username", "@")


def owner_of_page(answer: Answer) -> Owner | AccountHeld | Deferred:
    """From the answer to `GET /me?fields=id,name`, which is the Page for a Page's token."""
    return _owner("facebook", answer, mapping(parsed(answer.body)), "name", "")


def _owner(
    channel: str, answer: Answer, told: Mapping[str, object], key: str, sign: str
) -> Owner | AccountHeld | Deferred:
    user_id, name = identifier(told.get("id")), told.get(key)
    if answer.wire is Wire.ANSWERED and answer.status == 200 and user_id and isinstance(name, str):
        return Owner(id=user_id, name=sign + name)
    outcome = meaning(channel, answer, Step.READ)
    return outcome if isinstance(outcome, AccountHeld | Deferred) else unreadable(channel)


def of_page(answer: Answer, page_id: str) -> Health:
    """From the answer to `GET /debug_token` about the Page's own token."""
    told = mapping(mapping(parsed(answer.body)).get("data"))
    if not told:
        problem = _problem("facebook", answer) or _(
            "Facebook's answer about the token cannot be used."
        )
        return Health(problem, _was_answered(answer), _clock_ahead(answer))
    ends = [whole(told.get(key)) or 0 for key in ("expires_at", "data_access_expires_at")]
    first = min((second for second in ends if 0 < second < _NEVER), default=None)
    return Health(
        _flaw_of_token(told, page_id),
        clock_ahead=_clock_ahead(answer),
        expires_at=None if first is None else datetime.fromtimestamp(first, UTC),
    )


def _flaw_of_token(told: Mapping[str, object], page_id: str) -> str | None:
    anew = _("docs/credentials.md shows how to get one.")
    if told.get("is_valid") is not True:
        says = mapping(told.get("error")).get("message")
        if says:
            return _("The page token is not valid ({reason}). {anew}", reason=says, anew=anew)
        return _("The page token is not valid. {anew}", anew=anew)
    if told.get("type") not in (None, "PAGE"):
        return _(
            "The token is none of a Page but of a {kind}. {anew}", kind=told["type"], anew=anew
        )
    if flaw := flaw_of_owner(str(told.get("profile_id") or page_id), page_id):
        return flaw
    scopes = told.get("scopes")
    missing = (
        [scope for scope in _NEEDED_SCOPES if scope not in scopes]
        if (isinstance(scopes, list))
        else []
    )
    return (
        _(
            "The page token lacks {permissions}. {anew}",
            permissions=", ".join(missing),
            anew=anew,
        )
        if missing
        else None
    )


def flaw_of_owner(owner_id: str, page_id: str) -> str | None:
    if owner_id == page_id:
        return None
    return _("The page token belongs to another Page than `page_id` names.")


def _problem(channel: str, answer: Answer) -> str | None:
    outcome = meaning(channel, answer, Step.READ)
    return None if isinstance(outcome, Accepted) else outcome.message


def _was_answered(answer: Answer) -> bool:
    return answer.wire is Wire.ANSWERED and (answer.status or 0) < 500


def _clock_ahead(answer: Answer) -> timedelta | None:
    told = dated(answer.headers.get("date", ""))
    return answer.received_at - told if told else None
