"""Health check of an account on LinkedIn: its token, its page, and the person's role there."""

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
from publisher.platforms.linkedin.answers import ANSWERS
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.spec import PERMISSIONS

_NEEDED_SCOPES = ("w_organization_social", "r_organization_social")
"""To post, and to read back (Posts API, permissions)."""
_FOR_COMMENTS = tuple(PERMISSIONS.split(", "))
_MAY_POST = frozenset(
    {
        "ADMINISTRATOR",
        "CONTENT_ADMIN",
        "CONTENT_ADMINISTRATOR",
        "DIRECT_SPONSORED_CONTENT_POSTER",
    }
)
"""Roles on a page (Posts API, permissions; the page on access control spells the third so)."""
_NEVER = 10**11  # seconds since 1970; no date has more than four digits for its year


def examine(rest: Rest) -> Health:
    """Ask about the token, the page, and the role; each says what is wrong with it."""
    answer = rest.introspection()
    token = _token(answer) if answer else Health()
    if token.problem:
        return token
    answer = rest.organization()
    known = owner(answer)
    if not isinstance(known, Owner):
        return Health(
            problem_of(ANSWERS, answer) or _("LinkedIn's answer about the page cannot be used."),
            was_answered(answer),
            clock_ahead(answer),
            token.expires_at,
        )
    return replace(
        token,
        problem=_flaw_of_role(rest),
        clock_ahead=clock_ahead(answer),
        owner=known,
        profile=_profile(rest, mapping(parsed(answer.body))),
    )


def owner(answer: Answer) -> Owner | AccountSuspended | Deferred:
    """The owner from the answer about the organisation.

    The token is a person's, who may post for several pages: the organisation that publisher.toml
    names is the author of each post, and LinkedIn refuses it where that person may not.
    """
    return owner_of(ANSWERS, answer, mapping(parsed(answer.body)), "localizedName", "")


def _token(answer: Answer) -> Health:
    """The health from the answer to `introspectToken` (OAuth, token introspection)."""
    told = mapping(parsed(answer.body))
    if "active" not in told:
        # With wrong credentials of the app nothing is known of the token, which may be good.
        return Health(
            _(
                "LinkedIn gives no information about the token. Check client_id and "
                "client_secret, or leave them out."
            )
            if was_answered(answer)
            else problem_of(ANSWERS, answer),
            was_answered(answer),
            clock_ahead(answer),
        )
    ends = whole(told.get("expires_at")) or 0
    return Health(
        _flaw_of_token(told),
        remarks=tuple(filter(None, [_remark_on_comments(told)])),
        clock_ahead=clock_ahead(answer),
        expires_at=datetime.fromtimestamp(ends, UTC) if 0 < ends < _NEVER else None,
    )


def _flaw_of_token(told: Mapping[str, object]) -> str | None:
    anew = _("`publisher help credentials` shows how to get one.")
    if told.get("active") is not True:
        status = told.get("status")
        if status in ("expired", "revoked"):
            reason = _("it has expired") if status == "expired" else _("it was revoked")
            return _("The token is not valid ({reason}). {anew}", reason=reason, anew=anew)
        return _("The token is not valid. {anew}", anew=anew)
    missing = _missing(told, _NEEDED_SCOPES)
    if not missing:
        return None
    return _("The token lacks {permissions}. {anew}", permissions=missing, anew=anew)


def _remark_on_comments(told: Mapping[str, object]) -> str | None:
    missing = _missing(told, _FOR_COMMENTS)
    if not missing:
        return None
    return _(
        "To read and delete comments, the token needs {permissions}: connect the account again. "
        "Posts don't need them.",
        permissions=missing,
    )


def _missing(told: Mapping[str, object], wanted: Sequence[str]) -> str:
    """Which permissions a token lacks, as far as LinkedIn says which it has."""
    scopes = told.get("scope")
    given = scopes.replace(",", " ").split() if isinstance(scopes, str) else []
    return ", ".join(scope for scope in wanted if scope not in given) if given else ""


def may_post_for(answer: Answer) -> list[str]:
    """The URNs of the organisations for which a person may post, from the answer about roles."""
    elements = mapping(parsed(answer.body)).get("elements")
    roles = [mapping(one) for one in elements] if isinstance(elements, list) else []
    return [
        str(urn)
        for role in roles
        for urn in (role.get("organization") or role.get("organizationTarget"),)
        if urn and role.get("state") == "APPROVED" and role.get("role") in _MAY_POST
    ]


def _flaw_of_role(rest: Rest) -> str | None:
    answer = rest.roles()
    if problem := problem_of(ANSWERS, answer):
        return problem
    if rest.author in may_post_for(answer):
        return None
    return _(
        "The person who gave the token may not post on the page. Ask for them to be made an "
        "administrator or content administrator of it."
    )


def _profile(rest: Rest, told: Mapping[str, object]) -> Profile | None:
    logo = mapping(told.get("logoV2"))
    urn = logo.get("cropped") or logo.get("original")
    picture: object = ""
    if isinstance(urn, str) and urn.startswith(("urn:li:digitalmediaAsset:", "urn:li:image:")):
        # The same picture has both URNs (Images API, migration guide).
        answer = rest.media(f"urn:li:image:{urn.rpartition(':')[2]}")
        picture = mapping(parsed(answer.body)).get("downloadUrl")
    return profile_of(told, handle="vanityName", name="localizedName", picture=picture)
