"""The board for the sandbox: it lists what hangs on a wall."""

from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.sandbox.accounts import SandboxAccount, invented
from publisher.sandbox.endpoints import Call, Operation
from publisher.sandbox.faults import Fault
from publisher.sandbox.platform import PlatformSpec
from publisher.sandbox.store import Store
from publisher.settings.account_settings import AccountSettings


class BoardApi:
    """Its one endpoint."""

    def __init__(self, store: Store, *, limited: bool) -> None:
        del limited  # it has no limits
        self._store = store

    def claimed(self, call: Call) -> SandboxAccount | None:
        key = call.request.headers.get("board-key")
        of_board = (one for one in self._store.accounts if one.channel == PLATFORM.name)
        return next((one for one in of_board if one.credentials["board_key"] == key), None)

    async def handle(self, call: Call) -> Response:
        if call.account is None:
            return JSONResponse({"error": "whose key is this?"}, 401)
        return JSONResponse({"wall": call.parts["wall"], "notes": []})

    def refusal(self, fault: Fault, call: Call) -> Response:
        del fault, call
        return JSONResponse({"error": "out of pins"}, 503)

    def unknown_path(self, path: str) -> Response:
        return JSONResponse({"error": f"no {path}"}, 404)


def _bare(path: str, _query: str) -> str | None:
    return path if path.startswith("/walls/") else None


def _invent(name: str, _entry: AccountSettings) -> dict[str, Any]:
    return {"credentials": {"board_key": invented(name, 7)}}


PLATFORM = PlatformSpec(
    name="board",
    title="Notice board",
    page="board",
    operations=(Operation("listNotes", "board", "GET", "/walls/{wall}"),),
    bare=_bare,
    invent=_invent,
    open=BoardApi,
    typed=lambda _account: {},
    afterwards={},
    contract=1,
)
