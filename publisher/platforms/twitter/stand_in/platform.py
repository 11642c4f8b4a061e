"""X as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.platforms.twitter.stand_in.api import X
from publisher.platforms.twitter.stand_in.oauth2 import client_of, secret_of
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.accounts import SandboxAccount, invented, number
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings

_AUTHORIZATION = frozenset(
    {"/oauth/request_token", "/oauth/access_token", "/1.1/oauth/invalidate_token"}
)


def _bare(path: str, query: str) -> str | None:
    # Other platforms have a page for the consent at the same path.
    is_consent = path == "/oauth/authorize" and "oauth_token=" in query
    is_api = path == "/2" or path.startswith("/2/")
    is_consent = is_consent or path == "/i/oauth2/authorize"
    return path if is_api or is_consent or path in _AUTHORIZATION else None


def _invent(name: str, entry: AccountSettings) -> dict[str, Any]:
    app = f"app of {entry.organisation or name}"
    user_id = number(f"user {name}")
    credentials = {
        "api_key": invented(f"key, {app}", 25),
        "api_secret": invented(f"secret, {app}", 50),
        "access_token": f"{user_id}-{invented(f'token of {name}', 30)}",
        "access_token_secret": invented(f"token secret of {name}", 45),
    }
    is_premium = getattr(entry, "long_posts", None) == "yes"
    return {"user_id": user_id, "credentials": credentials, "is_premium": is_premium}


def _typed(account: SandboxAccount) -> dict[str, str]:
    keys = {name: account.credentials[name] for name in ("api_key", "api_secret")}
    client = client_of(account)
    return {**keys, "client_id": client, "client_secret": secret_of(client)}


PLATFORM = PlatformSpec(
    name="twitter",
    title="X",
    page="x",
    operations=(
        Operation("createPosts", "twitter", "POST", "/2/tweets", success=201),
        Operation("getPostsByIds", "twitter", "GET", "/2/tweets"),
        Operation("getPostsById", "twitter", "GET", "/2/tweets/{id}"),
        Operation("deletePosts", "twitter", "DELETE", "/2/tweets/{id}"),
        Operation("getUsersMe", "twitter", "GET", "/2/users/me"),
        Operation("getUsersPosts", "twitter", "GET", "/2/users/{id}/tweets"),
        Operation("getUsersMentions", "twitter", "GET", "/2/users/{id}/mentions"),
        Operation("hidePostsReply", "twitter", "PUT", "/2/tweets/{id}/hidden"),
        Operation("mediaUpload", "twitter", "POST", "/2/media/upload"),
        Operation("getMediaUploadStatus", "twitter", "GET", "/2/media/upload"),
        Operation("initializeMediaUpload", "twitter", "POST", "/2/media/upload/initialize"),
        Operation("appendMediaUpload", "twitter", "POST", "/2/media/upload/{id}/append"),
        Operation("finalizeMediaUpload", "twitter", "POST", "/2/media/upload/{id}/finalize"),
        Operation("requestToken", "twitter", "POST", "/oauth/request_token"),
        Operation("showConsent", "twitter", "GET", "/oauth/authorize"),
        Operation("giveConsent", "twitter", "POST", "/oauth/authorize"),
        Operation("accessToken", "twitter", "POST", "/oauth/access_token"),
        Operation("invalidateToken", "twitter", "POST", "/1.1/oauth/invalidate_token"),
        Operation("showOAuth2Consent", "twitter", "GET", "/i/oauth2/authorize"),
        Operation("giveOAuth2Consent", "twitter", "POST", "/i/oauth2/authorize"),
        Operation("getOAuth2Token", "twitter", "POST", "/2/oauth2/token"),
        Operation("revokeOAuth2Token", "twitter", "POST", "/2/oauth2/revoke"),
        Operation("createMediaMetadata", "twitter", "POST", "/2/media/metadata"),
        Operation("createMediaSubtitles", "twitter", "POST", "/2/media/subtitles"),
    ),
    bare=_bare,
    invent=_invent,
    open=X,
    typed=_typed,
    afterwards={
        "": "Open the address, choose the account, allow, and copy the PIN.",
        "oauth2": "Open the address, choose the account, allow. The browser then finds no page: "
        "copy the whole address that it shows.",
    },
    faults=frozenset(
        {*XFault, What.NOT_FOUND, What.PROCESSING_FAILED, What.COUNTS_REFUSED, What.COUNTS_GONE}
    ),
)
