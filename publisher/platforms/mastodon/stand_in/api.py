"""Simulated Mastodon API: tokens, rate limits, and dispatch of calls."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.mastodon.stand_in import errors, limits, media, mentions, reading, statuses
from publisher.platforms.mastodon.stand_in.apps import STEPS, Apps
from publisher.platforms.mastodon.stand_in.errors import ApiError
from publisher.platforms.mastodon.stand_in.refusals import rate_headers, refusal
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store, iso

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

Handler = Callable[[Store, Call, SandboxAccount], Awaitable[tuple[int, Any]]]

HANDLERS: dict[str, Handler] = {
    "postStatus": statuses.create,
    "putStatus": statuses.edit,
    "getStatusHistory": reading.history,
    "deleteStatus": statuses.delete,
    "getStatuses": reading.several,
    "getStatus": reading.status,
    "getStatusSource": reading.source,
    "getAccountStatuses": reading.statuses,
    "getNotifications": mentions.notifications,
    "verifyAccount": reading.account,
    "verifyApp": reading.app,
    "getInstance": reading.instance,
    "uploadMedia": media.upload,
    "getMedia": media.status,
}
_BEARER = "bearer "


class MastodonApi:
    """The simulation of one server for all accounts, each with the domain of its handle."""

    def __init__(self, store: Store, *, limited: bool = True) -> None:
        self.store = store
        self._apps = Apps(store)
        self._limited = limited

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""
        try:
            if call.operation.name in STEPS:
                return self._apps.handle(call)
            account = self.claimed(call)
            if account is None or account.name in self._apps.revoked:
                raise ApiError(401, errors.UNAUTHORISED)
            call.headers |= self._count(call, account)
            status, body = await HANDLERS[call.operation.name](self.store, call, account)
            return JSONResponse(body, status, headers=call.headers)
        except ApiError as error:
            error.headers = call.headers | error.headers
            return error.response()

    def _count(self, call: Call, account: SandboxAccount) -> dict[str, str]:
        """Count a call; returns the rate limit's headers. Raises a 429 if it is exceeded."""
        if not self._limited:
            return {}
        name = call.operation.name if call.operation.name in limits.RATES else "reading"
        allowance = limits.RATES.get(name, limits.OF_READING)
        now = self.store.clock.now()
        (standing,) = self.store.meter.count(
            f"mastodon {name}", {"user": account.name}, (allowance,), now
        )
        headers = rate_headers(allowance.requests, standing.remaining, iso(standing.ends))
        if standing.exceeded:
            raise ApiError(429, errors.THROTTLED, headers)
        return headers

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account of a call's token."""
        told = call.request.headers.get("authorization", "")
        token = told[len(_BEARER) :] if told.lower().startswith(_BEARER) else None
        return next(
            (
                account
                for account in self.store.accounts
                if account.channel == "mastodon" and account.credentials["access_token"] == token
            ),
            None,
        )

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The answer of Mastodon for a fault."""
        del call
        return refusal(fault, self.store.clock.now()).response()

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which Mastodon has no operation."""
        del path
        return errors.not_found().response()
