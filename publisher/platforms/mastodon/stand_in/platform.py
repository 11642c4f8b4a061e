"""Mastodon as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.platforms.mastodon.stand_in.api import MastodonApi
from publisher.platforms.mastodon.stand_in.entities import DOMAIN
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.sandbox.accounts import SandboxAccount, invented, number
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings

_ROOTS = ("/api/v1/", "/api/v2/")


_AUTHORIZATION = frozenset({"/oauth/token", "/oauth/revoke"})


def _bare(path: str, query: str) -> str | None:
    # X has its page for the consent at the same path.
    is_consent = path == "/oauth/authorize" and "client_id=" in query
    is_api = path.startswith(_ROOTS) or path in _AUTHORIZATION
    return path.rstrip("/") if is_api or is_consent else None


def _invent(name: str, _entry: AccountSettings) -> dict[str, Any]:
    credentials = {
        "access_token": invented(f"mastodon token of {name}", 43),
        "server": f"https://{DOMAIN}",
    }
    return {"user_id": number(f"mastodon account {name}"), "credentials": credentials}


def _typed(account: SandboxAccount) -> dict[str, str]:
    return {"server": account.credentials["server"]}


PLATFORM = PlatformSpec(
    name="mastodon",
    title="Mastodon",
    page="mastodon",
    operations=(
        Operation("registerApp", "mastodon", "POST", "/api/v1/apps"),
        Operation("showAuthorization", "mastodon", "GET", "/oauth/authorize"),
        Operation("giveAuthorization", "mastodon", "POST", "/oauth/authorize"),
        Operation("obtainToken", "mastodon", "POST", "/oauth/token"),
        Operation("revokeToken", "mastodon", "POST", "/oauth/revoke"),
        Operation("postStatus", "mastodon", "POST", "/api/v1/statuses"),
        Operation("getStatuses", "mastodon", "GET", "/api/v1/statuses"),
        Operation("getStatus", "mastodon", "GET", "/api/v1/statuses/{id}"),
        Operation("putStatus", "mastodon", "PUT", "/api/v1/statuses/{id}"),
        Operation("getStatusHistory", "mastodon", "GET", "/api/v1/statuses/{id}/history"),
        Operation("getStatusSource", "mastodon", "GET", "/api/v1/statuses/{id}/source"),
        Operation("deleteStatus", "mastodon", "DELETE", "/api/v1/statuses/{id}"),
        Operation("getNotifications", "mastodon", "GET", "/api/v1/notifications"),
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
    typed=_typed,
    afterwards={"": "Open the address, choose the account, allow, and copy the code."},
    faults=frozenset({*MastodonFault, What.NOT_FOUND, What.PROCESSING_FAILED, What.EDIT_LATE}),
)
