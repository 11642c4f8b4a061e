"""Bluesky as a simulated platform: its operations, accounts and faults."""

import re
from typing import Any

from publisher.platforms.bluesky.stand_in.api import BlueskyApi
from publisher.platforms.bluesky.stand_in.comments import did, uri
from publisher.platforms.bluesky.stand_in.errors import BlueskyFault
from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.account_settings import AccountSettings


def _bare(path: str, _query: str) -> str | None:
    return path if path.startswith("/xrpc/") else None


def _invent(name: str, entry: AccountSettings) -> dict[str, Any]:
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "account"
    handle = (entry.handle or f"{label}.bsky.social").removeprefix("@").lower()
    word = invented(f"app password of {name}", 16).lower()
    password = "-".join(word[start : start + 4] for start in range(0, 16, 4))
    return {
        "handle": handle,
        "user_id": did(f"did of {name}"),
        "credentials": {"identifier": handle, "app_password": password},
    }


def _typed(account: SandboxAccount) -> dict[str, str]:
    return {name: account.credentials[name] for name in ("identifier", "app_password")}


def _query(name: str, method: str) -> Operation:
    return Operation(name, "bluesky", "GET", f"/xrpc/{method}")


def _procedure(name: str, method: str) -> Operation:
    return Operation(name, "bluesky", "POST", f"/xrpc/{method}")


PLATFORM = PlatformSpec(
    name="bluesky",
    title="Bluesky",
    page="bluesky",
    comment_id=uri,
    operations=(
        _procedure("createSession", "com.atproto.server.createSession"),
        _procedure("refreshSession", "com.atproto.server.refreshSession"),
        _query("getSession", "com.atproto.server.getSession"),
        _procedure("uploadBlob", "com.atproto.repo.uploadBlob"),
        _procedure("applyWrites", "com.atproto.repo.applyWrites"),
        _query("getRecord", "com.atproto.repo.getRecord"),
        _query("listRecords", "com.atproto.repo.listRecords"),
        _procedure("deleteRecord", "com.atproto.repo.deleteRecord"),
        _procedure("createRecord", "com.atproto.repo.createRecord"),
        _procedure("putRecord", "com.atproto.repo.putRecord"),
        _query("resolveHandle", "com.atproto.identity.resolveHandle"),
        _query("getProfile", "app.bsky.actor.getProfile"),
        _query("getPosts", "app.bsky.feed.getPosts"),
        _query("getPostThread", "app.bsky.feed.getPostThread"),
        _query("listNotifications", "app.bsky.notification.listNotifications"),
        _query("getServiceAuth", "com.atproto.server.getServiceAuth"),
        _query("getUploadLimits", "app.bsky.video.getUploadLimits"),
        _procedure("uploadVideo", "app.bsky.video.uploadVideo"),
        _query("getJobStatus", "app.bsky.video.getJobStatus"),
    ),
    bare=_bare,
    invent=_invent,
    open=BlueskyApi,
    typed=_typed,
    afterwards={"": "Nothing more: the app password is tried at once."},
    faults=frozenset({*BlueskyFault, What.TOKEN_DEAD, What.PROCESSING_FAILED}),
)
