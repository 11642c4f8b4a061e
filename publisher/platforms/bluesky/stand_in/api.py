"""Simulated server of Bluesky accounts: log-ins, rate limits, and dispatch of calls."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.bluesky.stand_in import (
    comments,
    counts,
    errors,
    repos,
    threadgates,
    video_service,
)
from publisher.platforms.bluesky.stand_in.errors import XrpcError
from publisher.platforms.bluesky.stand_in.log_ins import LogIns
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import DAY, Allowance
from publisher.sandbox.profiles import profile_of
from publisher.sandbox.store import Store

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[dict[str, Any]]]

HANDLERS: dict[str, Handler] = {
    "uploadBlob": repos.upload,
    "applyWrites": repos.apply,
    "getRecord": repos.get,
    "listRecords": repos.listing,
    "deleteRecord": repos.delete,
    "createRecord": threadgates.create,
    "putRecord": threadgates.put,
    "getPosts": counts.posts,
    "getPostThread": comments.thread,
    "listNotifications": comments.notifications,
    "getUploadLimits": video_service.limits,
    "uploadVideo": video_service.upload,
}
_OF_SERVICE = {
    "getUploadLimits": "app.bsky.video.getUploadLimits",
    "uploadVideo": "com.atproto.repo.uploadBlob",
}
"""The operations of the video service, with the method that their token is for."""
_FIVE_MINUTES = timedelta(minutes=5)
# docs.bsky.app, rate limits: of 5,000 points in an hour and 35,000 in a day, a post takes 3.
_EACH = Allowance(3_000, _FIVE_MINUTES)
_MORE: dict[str, tuple[Allowance, ...]] = {
    "applyWrites": (Allowance(1_666, timedelta(hours=1)), Allowance(11_666, DAY)),
    "createSession": (Allowance(30, _FIVE_MINUTES), Allowance(300, DAY)),
}


class BlueskyApi:
    """The simulation of a server of accounts (PDS)."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self._log_ins = LogIns(store.accounts)
        self._limited = limited
        self._of_account: dict[str, Callable[[Call, SandboxAccount], dict[str, Any]]] = {
            "getSession": self._session,
            "getServiceAuth": self._service_auth,
            "resolveHandle": self._resolved,
            "getProfile": self._profile,
        }

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        try:
            return JSONResponse(await self._answer(call), headers=call.headers)
        except XrpcError as error:
            return error.response(call.headers)

    async def _answer(self, call: Call) -> dict[str, Any]:
        name, now = call.operation.name, self.store.clock.now()
        if name == "createSession":
            self._count(call, self.claimed(call))
            return self._log_ins.create(_json(call), now)
        if name == "refreshSession":
            return self._log_ins.refresh(_token(call), now)
        if name == "getJobStatus":
            return video_service.job(self.store, call)
        account = (
            self._log_ins.served(_token(call), _OF_SERVICE[name], now)
            if name in _OF_SERVICE
            else self._log_ins.account_of(_token(call), now)
        )
        self._count(call, account)
        if name in self._of_account:
            return self._of_account[name](call, account)
        return await HANDLERS[name](self.store, call, account)

    def _count(self, call: Call, account: SandboxAccount | None) -> None:
        """Count a call; raises a 429 if a limit is exceeded."""
        if not self._limited or account is None:
            return
        name, payers = call.operation.name, {"user": account.name}
        now = self.store.clock.now()
        standings = [
            *self.store.meter.count("calls", payers, (_EACH,), now),
            *self.store.meter.count(name, payers, _MORE.get(name, ()), now),
        ]
        shown = next((one for one in standings if one.exceeded), standings[0])
        window = int(shown.allowance.window.total_seconds())
        call.headers |= errors.rate_headers(
            shown.allowance.requests, shown.remaining, str(shown.reset), window
        )
        if shown.exceeded:
            raise errors.too_many()

    def _session(self, call: Call, account: SandboxAccount) -> dict[str, Any]:
        handle = profile_of(call, account).handle
        return {"did": account.user_id, "handle": handle, "active": True}

    def _service_auth(self, call: Call, account: SandboxAccount) -> dict[str, Any]:
        return self._log_ins.service_auth(account, call.query, self.store.clock.now())

    def _resolved(self, call: Call, _account: SandboxAccount) -> dict[str, Any]:
        account = self._log_ins.named(call.query.get("handle"))
        if account is None:
            raise errors.invalid("Unable to resolve handle")
        return {"did": account.user_id}

    def _profile(self, call: Call, _account: SandboxAccount) -> dict[str, Any]:
        account = self._log_ins.named(call.query.get("actor"))
        if account is None:
            raise errors.invalid("Profile not found")
        profile = profile_of(call, account)
        shown = {"did": account.user_id, "handle": profile.handle, "displayName": profile.name}
        return shown | ({"avatar": profile.picture} if profile.picture else {})

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account that a call names, without verification."""
        if call.operation.name == "createSession":
            return self._log_ins.named(_json(call).get("identifier"))
        return self._log_ins.claimed(_token(call))

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of a server for a fault."""
        del call
        return errors.refusal(fault, self.store.clock.now())

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which there is no operation."""
        method = path.rpartition("/")[2]
        return XrpcError(501, "MethodNotImplemented", f"No such method: {method}").response()


def _token(call: Call) -> str | None:
    kind, _space, token = call.request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" and token else None


def _json(call: Call) -> dict[str, Any]:
    try:
        wish = json.loads(call.body)
    except ValueError:
        return {}
    return wish if isinstance(wish, dict) else {}
