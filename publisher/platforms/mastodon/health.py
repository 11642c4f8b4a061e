"""Health check of an account on Mastodon: its token, its scopes, and what its server takes.

Sources: docs.joinmastodon.org, verify_credentials of accounts and apps, and instance. Mastodon does
not say what a token may do, only what its app may: a token of the account's settings has all of it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.health import (
    LARGEST_LIMIT,
    Health,
    clock_ahead,
    owner_of,
    problem_of,
    profile_of,
    was_answered,
)
from publisher.model.accounts import Owner
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Wire
from publisher.platforms.mastodon.answers import ANSWERS
from publisher.platforms.mastodon.server import AccountServer
from publisher.platforms.mastodon.spec import (
    MAX_ALT_TEXT,
    MAX_CHARACTERS,
    MAX_PICTURE_BYTES,
    MAX_PICTURES,
)

_NEEDED_SCOPES = {
    "read": ("read:accounts", "read:statuses"),
    "write": ("write:media", "write:statuses"),
}
"""The broad scopes, and those that are enough instead."""
_DEFAULT_PICTURE = "/missing.png"


def owner(server: AccountServer) -> Owner | AccountSuspended | Deferred:
    """The account of the token, named with its server."""
    answer = server.owner()
    told = mapping(parsed(answer.body))
    found = owner_of(ANSWERS, answer, told, "username", "@")
    if not isinstance(found, Owner):
        return found
    return Owner(id=found.id, name=f"{found.name}@{_domain(server)}")


def examine(server: AccountServer) -> Health:
    """Ask for the account, its app and the server."""
    answer = server.owner()
    told = mapping(parsed(answer.body))
    known = owner_of(ANSWERS, answer, told, "username", "@")
    if not isinstance(known, Owner):
        return Health(
            problem_of(ANSWERS, answer) or _no_mastodon(server),
            was_answered(answer),
            clock_ahead(answer),
        )
    instance = _instance(server)
    handle = f"{told.get('username')}@{_named(instance, server)}"
    picture = told.get("avatar_static")
    return Health(
        _flaw_of_account(told) or _flaw_of_scopes(server.app()),
        clock_ahead=clock_ahead(answer),
        options=_limits(instance),
        owner=Owner(id=known.id, name=f"@{handle}"),
        profile=profile_of(
            {**told, "handle": handle},
            handle="handle",
            name="display_name",
            picture="" if str(picture).endswith(_DEFAULT_PICTURE) else picture,
        ),
        remarks=tuple(filter(None, [_remark_on_account(told)])),
    )


def _domain(server: AccountServer) -> str:
    """The domain in the handles of the server's accounts."""
    return _named(_instance(server), server)


def _named(instance: Mapping[str, Any], server: AccountServer) -> str:
    """The domain that the server gives itself: its address may be another (`WEB_DOMAIN`)."""
    told = instance.get("domain") or instance.get("uri")
    name = str(told or "").strip().rpartition("/")[2]
    return name or urlsplit(server.address).netloc


def _instance(server: AccountServer) -> dict[str, Any]:
    """What the server says of itself; empty if it does not. Older ones know version 1 alone."""
    answer = server.instance(2)
    if answer.wire is Wire.ANSWERED and answer.status != 200:
        answer = server.instance(1)
    return mapping(parsed(answer.body)) if answer.status == 200 else {}


def _no_mastodon(server: AccountServer) -> str:
    return _(
        "The server {server} does not answer like a Mastodon server. Check `server` in "
        "secrets.toml.",
        server=urlsplit(server.address).netloc,
    )


def _flaw_of_account(told: Mapping[str, Any]) -> str | None:
    if told.get("suspended") is True:
        return _("The server has suspended this account. Sign in to it and look for a notice.")
    return None


def _remark_on_account(told: Mapping[str, Any]) -> str | None:
    if told.get("limited") is True:
        return _(
            "The server has limited this account: its public posts go out unlisted. Sign in to "
            "it and look for a notice."
        )
    return None


def _flaw_of_scopes(answer: Answer) -> str | None:
    """What the token's app may not do; None when it may, or the server does not say so.

    Mastodon 4.3 and newer say it.
    """
    scopes = mapping(parsed(answer.body)).get("scopes")
    if answer.status != 200 or not isinstance(scopes, list):
        return None
    missing = [
        broad
        for broad, narrow in _NEEDED_SCOPES.items()
        if broad not in scopes and not set(narrow) <= {str(scope) for scope in scopes}
    ]
    if not missing:
        return None
    return _(
        "The access token lacks {permissions}. Give its application the scopes read and write in the "
        "account's settings, under Development, then make the access token again.",
        permissions=", ".join(missing),
    )


def _limits(instance: Mapping[str, Any]) -> dict[str, int]:
    """The server's limits, by the account's options that name them; without those it does not say.

    Servers of other makes say some of them, or none.
    """
    limits = mapping(instance.get("configuration"))
    statuses, media = mapping(limits.get("statuses")), mapping(limits.get("media_attachments"))
    # Pleroma, and others that know version 1 alone.
    of_old = instance.get("max_toot_chars")
    told = {
        MAX_CHARACTERS: whole(statuses.get("max_characters") or of_old),
        MAX_PICTURES: whole(statuses.get("max_media_attachments")),
        MAX_PICTURE_BYTES: whole(media.get("image_size_limit")),
        MAX_ALT_TEXT: whole(media.get("description_limit")),
    }
    return {name: limit for name, limit in told.items() if limit and limit <= LARGEST_LIMIT}
