"""Health check of an account on X, and its profile, from one request: each costs a fee."""

from collections.abc import Mapping

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.health import Health, clock_ahead, problem_of, profile_of, was_answered
from publisher.model.accounts import Owner, Profile
from publisher.model.outcomes import Answer
from publisher.platforms.twitter.answers import ANSWERS, owner

FIELDS = ("profile_image_url", "subscription_type", "verified_type")
"""The fields to ask for besides those that X always gives: id, name, username."""
_DEFAULT = "/default_profile_images/"
"""In the address of the picture of a user who has none."""


def health(answer: Answer) -> Health:
    """The health from the answer to `GET /2/users/me`.

    The header `x-access-level` says what the access token may do (docs.x.com, app permissions).
    """
    problem = problem_of(ANSWERS, answer)
    if problem is None and answer.headers.get("x-access-level") == "read":
        problem = _(
            "The access token can only read. Give the app permission to write in X's developer "
            "portal, then make the access token again."
        )
    told = owner(answer)
    found = told if isinstance(told, Owner) else None
    return Health(
        problem,
        was_answered(answer),
        clock_ahead(answer),
        owner=found,
        options=_options(answer) if found else {},
        profile=_profile(answer) if found else None,
    )


def _options(answer: Answer) -> Mapping[str, str]:
    """Whether the account may post long texts, by its subscription (OpenAPI 2.167, User).

    Every tier of Premium may, and organisations that X has verified (help.x.com, about X Premium).
    """
    data = mapping(mapping(parsed(answer.body)).get("data"))
    tier, verified = data.get("subscription_type"), data.get("verified_type")
    if not isinstance(tier, str):
        return {}
    may = tier.casefold() not in ("", "none") or verified in ("business", "government")
    return {"long_posts": "yes" if may else "no"}


def _profile(answer: Answer) -> Profile | None:
    data = mapping(mapping(parsed(answer.body)).get("data"))
    address = data.get("profile_image_url")
    return profile_of(data, handle="username", name="name", picture=_bigger(address))


def _bigger(address: object) -> str:
    """The 73-pixel variant of a picture: X gives the one of 48 (its guide to profile images)."""
    if not isinstance(address, str) or _DEFAULT in address:
        return ""
    beginning, normal, ending = address.rpartition("_normal.")
    return f"{beginning}_bigger.{ending}" if normal else address
