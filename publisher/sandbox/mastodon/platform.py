"""Mastodon as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.sandbox.accounts import invented, number
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.mastodon.api import MastodonApi
from publisher.sandbox.mastodon.entities import DOMAIN
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.schema import AccountSettings

_ROOTS = ("/api/v1/", "/api/v2/")


def _bare(path: str, _query: str) -> str | None:
    return path.rstrip("/") if path.startswith(_ROOTS) else None


def _invent(name: str, _entry: AccountSettings) -> dict[str, Any]:
    credentials = {
        "access_token": invented(f"mastodon token of {name}", 43),
        "server": f"https://{DOMAIN}",
    }
    return {"user_id": number(f"mastodon account {name}"), "credentials": credentials}


MASTODON = PlatformSpec(
    channel="mastodon",
    title="Mastodon",
    page="mastodon",
    operations=(
        Operation("postStatus", "mastodon", "POST", "/api/v1/statuses"),
        Operation("getStatus", "mastodon", "GET", "/api/v1/statuses/{id}"),
        Operation("getStatusSource", "mastodon", "GET", "/api/v1/statuses/{id}/source"),
        Operation("deleteStatus", "mastodon", "DELETE", "/api/v1/statuses/{id}"),
        Operation("verifyAccount", "mastodon", "GET", "/api/v1/accounts/verify_credentials"),
        Operation("getAccountStatuses", "mastodon", "GET", "/api/v1/accounts/{id}/statuses"),
        Operation("verifyApp", "mastodon", "GET", "/api/v1/apps/verify_credentials"),
        Operation("uploadMedia", "mastodon", "POST", "/api/v2/media"),
        Operation("getMedia", "mastodon", "GET", "/api/v1/media/{id}"),
        Operation("getInstance", "mastodon", "GET", "/api/v2/instance"),
    ),
    bare=_bare,
    invent=_invent,
    open=MastodonApi,
    faults=frozenset(
        {
            What.NOT_FOUND,
            What.PROCESSING_FAILED,
            What.KEYS_IGNORED,
            What.KEY_RACE,
            What.REPEAT_FAILS,
        }
    ),
)
