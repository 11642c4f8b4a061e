"""Health check of a Page and of its token."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.health import (
    Health,
    clock_ahead,
    owner_of,
    problem_of,
    profile_of,
    was_answered,
)
from publisher.model.accounts import Owner, Profile
from publisher.model.outcomes import AccountSuspended, Answer, Deferred
from publisher.platforms.facebook.answers import ANSWERS
from publisher.platforms.facebook.graph import PageGraph

_NEEDED_SCOPES = ("pages_manage_posts", "pages_read_engagement")
"""Source: Meta's reference of Page feed."""
_TO_COMMENT = "pages_manage_engagement"
_NEVER = 10**11  # seconds since 1970; no date has more than four digits for its year


def examine(page: PageGraph, page_id: str, *, comments: bool = False) -> Health:
    """Ask about the Page's token, and whose it is. `comments`: it comments on its posts."""
    found = health(page.debug_token(), page_id, comments=comments)
    if found.problem:
        return found
    answer = page.profile()
    known = owner(answer)
    if not isinstance(known, Owner):  # the token may be allowed to read less
        known = owner(page.me())
    if not isinstance(known, Owner):
        return found
    return replace(
        found, owner=known, profile=profile(answer), problem=flaw_of_owner(known.id, page_id)
    )


def health(answer: Answer, page_id: str, *, comments: bool = False) -> Health:
    """The health from the answer to `GET /debug_token` about the Page's own token."""
    told = mapping(mapping(parsed(answer.body)).get("data"))
    if not told:
        problem = problem_of(ANSWERS, answer) or _(
            "Facebook's answer about the token cannot be used."
        )
        return Health(problem, was_answered(answer), clock_ahead(answer))
    ends = [whole(told.get(key)) or 0 for key in ("expires_at", "data_access_expires_at")]
    first = min((second for second in ends if 0 < second < _NEVER), default=None)
    return Health(
        _flaw_of_token(told, page_id, (*_NEEDED_SCOPES, *([_TO_COMMENT] if comments else []))),
        clock_ahead=clock_ahead(answer),
        expires_at=None if first is None else datetime.fromtimestamp(first, UTC),
    )


def owner(answer: Answer) -> Owner | AccountSuspended | Deferred:
    """The owner from the answer to `GET /me?fields=id,name`: for a Page's token, the Page."""
    return owner_of(ANSWERS, answer, mapping(parsed(answer.body)), "name", "")


def profile(answer: Answer) -> Profile | None:
    """The profile from the answer with the Page's public fields."""
    told = mapping(parsed(answer.body))
    picture = mapping(mapping(told.get("picture")).get("data"))
    return profile_of(
        told, handle="username", name="name",
        picture="" if picture.get("is_silhouette") is True else picture.get("url"),
    )  # fmt: skip


def flaw_of_owner(owner_id: str, page_id: str) -> str | None:
    if owner_id == page_id:
        return None
    return _("The Page token belongs to another Page than `page_id` names.")


def _flaw_of_token(told: Mapping[str, object], page_id: str, needed: Sequence[str]) -> str | None:
    anew = _("`publisher help credentials` shows how to get one.")
    if told.get("is_valid") is not True:
        says = mapping(told.get("error")).get("message")
        if says:
            return _("The Page token is not valid ({reason}). {anew}", reason=says, anew=anew)
        return _("The Page token is not valid. {anew}", anew=anew)
    if told.get("type") not in (None, "PAGE"):
        return _(
            "The token belongs to a {kind}, not to a Page. {anew}", kind=told["type"], anew=anew
        )
    if flaw := flaw_of_owner(str(told.get("profile_id") or page_id), page_id):
        return flaw
    scopes = told.get("scopes")
    missing = (
        [scope for scope in needed if scope not in scopes] if (isinstance(scopes, list)) else []
    )
    return (
        _(
            "The Page token lacks {permissions}. {anew}",
            permissions=", ".join(missing),
            anew=anew,
        )
        if missing
        else None
    )
