"""/healthz: health check for monitoring; needs no log-in and contains no secret."""

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from publisher.base.i18n import _
from publisher.model.states import State
from publisher.monitoring.monitor import Monitor, Report
from publisher.monitoring.troubles import Subject
from publisher.reporting.status import late_as_json

_LOOKS = ThreadPoolExecutor(4, thread_name_prefix="healthz")
"""Its own threads: those of the pages may all wait for a database that does not answer."""
_FRESH = 1.0
"""Seconds for which a result is reused: anyone may ask, and each check has a cost."""

router = APIRouter()


class RecentCheck:
    """The last check's result. One check runs at a time, and all waiting requests get it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._report: Report | None = None
        self._begun = 0.0

    async def look(self, monitor: Monitor) -> Report:
        asked = time.monotonic()
        async with self._turn:
            if self._report is None or self._begun < asked - _FRESH:
                self._begun = time.monotonic()
                self._report = await asyncio.get_running_loop().run_in_executor(
                    _LOOKS, partial(monitor.look, count=True)
                )
            return self._report


@router.get("/healthz")
async def healthz(request: Request) -> JSONResponse:
    """Answer 200 if all is well, else 503 with the causes; within two seconds, whatever hangs."""
    report = await request.app.state.lately.look(request.app.state.parts.monitor)
    return JSONResponse(_answer(report), 200 if report.is_well else 503)


def _answer(report: Report) -> Mapping[str, Any]:
    publishing = report.about(
        Subject.DISPATCHERS, Subject.WORKERS, Subject.PUBLISHING, Subject.PLATFORMS
    )
    ledger = report.about(Subject.LEDGER)
    found = {
        "ledger": str(ledger or ""),
        "disk": str(report.about(Subject.DISK) or ""),
        "clock": str(report.about(Subject.CLOCK) or ""),
        "broker": str(report.about(Subject.BROKER) or ""),
        "publishing": _("This is not known without the ledger.")
        if ledger
        else str(publishing or report.late_in_words),
        "processes": report.standstills,
    }
    return {
        "status": "ok" if report.is_well else "trouble",
        **{name: trouble or "ok" for name, trouble in found.items()},
        "cause": report.troubles[0].message if report.troubles else report.late_in_words or None,
        "remedy": report.troubles[0].hint if report.troubles else None,
        "late": late_as_json(report.late),
        **({"deliveries": {s: report.counts.get(s, 0) for s in State}} if report.counts else {}),
    }
