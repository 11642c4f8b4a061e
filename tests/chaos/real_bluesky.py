"""Bluesky's own server in the sandbox's place, which plays the faults and passes on the rest.

So an answer of the real server is lost, comes late or never, as an answer of the sandbox is.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import libipld
import requests
from starlette.responses import Response

from publisher.platforms.bluesky.stand_in.api import BlueskyApi
from publisher.platforms.bluesky.stand_in.platform import PLATFORM as BLUESKY
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.platforms import PLATFORMS
from publisher.sandbox.store import Store
from tests.chaos.verdict import Post
from tests.support import bluesky

_TIMEOUT = 180.0
_PASSED_ON = frozenset({"authorization", "content-type"})
_NO_LIMIT = {"x-ratelimit-bypass": "tests"}


class RealBluesky:
    """The server, its accounts, and when it made each post public."""

    def __init__(self, server: bluesky.BlueskyServer) -> None:
        self._server = server
        self._accounts: dict[str, bluesky.Account] = {}
        self._begun: dict[str, datetime] = {}
        """When the first request with a key was passed on that was taken."""

    def moved(self, accounts: Sequence[SandboxAccount]) -> list[SandboxAccount]:
        """The sandbox's accounts, those on Bluesky as new accounts of the real server."""
        return [self._moved(one) if one.channel == "bluesky" else one for one in accounts]

    def _moved(self, account: SandboxAccount) -> SandboxAccount:
        made = self._accounts[account.name] = self._server.account(account.name)
        update = {"handle": made.handle, "user_id": made.did, "credentials": made.credentials}
        return account.model_copy(update=update)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A sandbox that is made meanwhile passes calls on to the real server."""

        def opened(store: Store, *, limited: bool) -> "_PassingOn":
            return _PassingOn(self, store, limited=limited)

        with mock.patch.dict(PLATFORMS, bluesky=replace(BLUESKY, open=opened)):
            yield

    def answer(self, call: Call) -> Response:
        """Pass a call on, and return the real server's answer."""
        asked = call.request
        begun = datetime.now(UTC)
        answer = requests.request(
            asked.method,
            f"{self._server.address}{asked.url.path}",
            params=asked.url.query,
            data=call.body,
            headers={
                **{name: value for name, value in asked.headers.items() if name in _PASSED_ON},
                **_NO_LIMIT,
            },
            timeout=_TIMEOUT,
        )
        if call.operation.name == "applyWrites" and answer.ok:
            for write in json.loads(call.body)["writes"]:
                self._begun.setdefault(write["rkey"], begun)
        kind = answer.headers.get("content-type")
        return Response(answer.content, answer.status_code, media_type=kind)

    def posts(self) -> list[Post]:
        """All posts on the server, as in the sandbox's `state.json`."""
        return [
            self._post(name, each)
            for name, account in self._accounts.items()
            for each in account.posts()
        ]

    def _post(self, account: str, listed: dict[str, Any]) -> Post:
        key, record = listed["uri"].rpartition("/")[2], listed["value"]
        reply = record.get("reply")
        begun = self._begun.get(key)
        return {
            "channel": "bluesky",
            "account": account,
            "id": key,
            "text": record["text"],
            "in_reply_to": reply["parent"]["uri"].rpartition("/")[2] if reply else None,
            "media": [
                {"sha256": _sha256(image["image"]["ref"]["$link"]), "alt": image["alt"]}
                for image in record.get("embed", {}).get("images", [])
            ],
            "published": True,
            "deleted": False,
            "published_at": begun.isoformat() if begun else record["createdAt"],
        }


class _PassingOn(BlueskyApi):
    """Bluesky as the sandbox has it, but each call is the real server's."""

    def __init__(self, real: RealBluesky, store: Store, *, limited: bool) -> None:
        super().__init__(store, limited=limited)
        self._real = real

    async def handle(self, call: Call) -> Response:
        return await asyncio.to_thread(self._real.answer, call)


@contextmanager
def serve(folder: Path) -> Iterator[RealBluesky]:
    """Run the real server with its data in a new folder."""
    folder.mkdir()
    with bluesky.serve(folder) as server:
        yield RealBluesky(server)


def _sha256(cid: str) -> str:
    """The SHA-256 of a file, in hexadecimal, from its id."""
    digest = libipld.decode_cid(cid)["hash"]["digest"]
    return bytes(digest).hex()
