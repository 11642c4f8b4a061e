"""/healthz: whether posts go out, for whoever watches; it needs no log-in and tells no secret."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from publisher import broker
from publisher.app import Application
from publisher.errors import AlreadyRunning, BrokerUnavailable, PublisherError
from publisher.lock import ensure_free
from publisher.states import State
from publisher.web.parts import Use

_UNCLAIMED = 15.0  # real seconds after which somebody should have taken up what is due

router = APIRouter()


@router.get("/healthz")
def healthz(parts: Use) -> JSONResponse:
    """200 when all is well, 503 with what is wrong otherwise."""
    found = {
        "ledger": _ledger(parts.app),
        "broker": _broker(parts.app),
        "publishing": _publishing(parts.app),
    }
    wrong = {name: trouble for name, trouble in found.items() if trouble}
    answer: dict[str, Any] = {
        "status": "trouble" if wrong else "ok",
        **{name: trouble or "ok" for name, trouble in found.items()},
    }
    if not found["ledger"]:
        answer["deliveries"] = _counts(parts.app)
    return JSONResponse(answer, 503 if wrong else 200)


def _ledger(app: Application) -> str | None:
    """What is wrong; None for nothing. No message of a driver: those tell names and places."""
    try:
        app.database.check_revision()
    except PublisherError as error:
        return f"The ledger cannot be used ({type(error).__name__}). `publisher doctor` says more."
    return None


def _broker(app: Application) -> str | None:
    url = app.settings.broker.url
    if not url:
        return None  # the embedded one belongs to `publisher run`, which is looked at below
    try:
        broker.check(url)
    except BrokerUnavailable:
        return "The broker cannot be reached. `publisher doctor` says more."
    return None


def _publishing(app: Application) -> str | None:
    try:
        unclaimed = app.gauges.unclaimed(_UNCLAIMED)
        if unclaimed:
            return f"{unclaimed} due, and no dispatcher takes them up. Start `publisher run`."
        if not app.settings.broker.url and not _runs(app):
            return "`publisher run` is not at work in this workspace."
    except PublisherError:
        return "It cannot be told without the ledger."
    return None


def _runs(app: Application) -> bool:
    try:
        ensure_free(app.settings.var / "run.lock", "`publisher run`")
    except AlreadyRunning:
        return True
    return False


def _counts(app: Application) -> dict[str, int]:
    counts = app.queries.counts()
    return {state: counts.get(state, 0) for state in State}
