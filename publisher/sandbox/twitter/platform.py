"""X as a simulated platform: its operations, accounts and faults."""

from typing import Any

from publisher.sandbox.accounts import invented, number
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.sandbox.twitter.api import X
from publisher.settings.schema import AccountSettings


def _bare(path: str) -> str | None:
    return path if path == "/2" or path.startswith("/2/") else None


def _invent(name: str, entry: AccountSettings) -> dict[str, Any]:
    app = f"app of {entry.organisation or name}"
    user_id = number(f"user {name}")
    credentials = {
        "api_key": invented(f"key, {app}", 25),
        "api_secret": invented(f"secret, {app}", 50),
        "access_token": f"{user_id}-{invented(f'token of {name}', 30)}",
        "access_token_secret": invented(f"token secret of {name}", 45),
    }
    return {"user_id": user_id, "credentials": credentials}


TWITTER = PlatformSpec(
    channel="twitter",
    title="X",
    page="x",
    operations=(
        Operation("createPosts", "twitter", "POST", "/2/tweets", success=201),
        Operation("getPostsById", "twitter", "GET", "/2/tweets/{id}"),
        Operation("deletePosts", "twitter", "DELETE", "/2/tweets/{id}"),
        Operation("getUsersMe", "twitter", "GET", "/2/users/me"),
        Operation("getUsersPosts", "twitter", "GET", "/2/users/{id}/tweets"),
        Operation("mediaUpload", "twitter", "POST", "/2/media/upload"),
        Operation("getMediaUploadStatus", "twitter", "GET", "/2/media/upload"),
        Operation("initializeMediaUpload", "twitter", "POST", "/2/media/upload/initialize"),
        Operation("appendMediaUpload", "twitter", "POST", "/2/media/upload/{id}/append"),
        Operation("finalizeMediaUpload", "twitter", "POST", "/2/media/upload/{id}/finalize"),
        Operation("createMediaMetadata", "twitter", "POST", "/2/media/metadata"),
    ),
    bare=_bare,
    invent=_invent,
    open=X,
    faults=frozenset(
        {
            What.REPLY_NOT_ALLOWED,
            What.CREDITS_DEPLETED,
            What.LOCKED,
            What.NOT_FOUND,
            What.YOUNG_PARENT,
            What.SELF_MENTION,
            What.USAGE_CAPPED,
            What.DAILY_LIMIT,
            What.PROCESSING_FAILED,
        }
    ),
)
