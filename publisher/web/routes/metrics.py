"""/metrics: Prometheus metrics, counted in the ledger so that all processes agree."""

import hmac
import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fastapi import APIRouter, Request
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.responses import PlainTextResponse, Response

from publisher.app import Application
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.reading.gauges import LATENESS
from publisher.ledger.reading.lateness import Cause
from publisher.web.dependencies import Parts, Use

_LATE = 15.0  # real seconds

router = APIRouter()


@router.get("/metrics")
def metrics(request: Request, parts: Use) -> Response:
    """Answer requests from this machine, or with the token of `[web] metrics_token`."""
    if not _may_watch(request, parts):
        return PlainTextResponse(
            "Only from this machine, or with `Authorization: Bearer` and [web] metrics_token.\n",
            403,
        )
    registry = CollectorRegistry()
    registry.register(_Figures(parts.app))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _may_watch(request: Request, parts: Parts) -> bool:
    token = parts.where.metrics_token
    given = request.headers.get("authorization", "")
    if token is not None and token.get_secret_value():
        wanted = f"Bearer {token.get_secret_value()}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    return _is_near(request)


def _is_near(request: Request) -> bool:
    """Whether the client is on this machine, and not a proxy for another client."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return address.is_loopback and not forwarded


class _Figures(Collector):
    def __init__(self, app: Application) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        gauges = self._app.gauges
        told = "Deliveries by account and state"
        yield _gauges("deliveries", told, ("account", "state"), gauges.states().items())
        waiting = self._app.queries.waiting()
        yield _gauge("queue_depth", "Deliveries that will go out by themselves", waiting.scheduled)
        yield _gauge("in_flight", "Deliveries in a worker's hands", waiting.publishing)
        yield _gauge("due", "Deliveries that are due and wait", gauges.unclaimed(0.0))
        yield from self._late()
        alive = Counter(one.process.kind for one in self._app.heartbeats.all() if one.is_alive)
        told = "Processes that have shown life within 40 s"
        yield _gauges("processes", told, ("kind",), (((k,), alive[k]) for k in ProcessKind))
        yield self._lateness()
        told = "Accounts that are paused, or suspended and need a person; * stands for all"
        stopped = (
            ((one.account, "paused" if one.paused_at else "suspended"), 1)
            for one in self._app.queries.accounts()
            if one.needs_person
        )
        yield _gauges("account_stopped", told, ("account", "why"), stopped)
        yield from self._limits()

    def _late(self) -> Iterator[Metric]:
        found, now = self._app.lateness.find(_LATE), self._app.clock.now()
        numbers, seconds = found.by_cause(), dict.fromkeys(Cause, 0.0)
        for group in found.groups:
            lasts = (now - group.since).total_seconds()
            seconds[group.cause] = max(seconds[group.cause], lasts)
        told = "Deliveries that should have left 15 s ago and are not out"
        yield _gauges("late", told, ("cause",), (((c,), numbers.get(c, 0)) for c in Cause))
        told = "For how long the first of them has been late"
        yield _gauges("late_seconds", told, ("cause",), (((c,), seconds[c]) for c in Cause))

    def _lateness(self) -> Metric:
        found = self._app.gauges.lateness()
        bounds = [*zip(map(str, LATENESS), found.within, strict=True), ("+Inf", found.count)]
        return HistogramMetricFamily(
            "publisher_lateness_seconds",
            "How late what is out went out",
            buckets=[(bound, float(number)) for bound, number in bounds],
            sum_value=found.seconds,
        )

    def _limits(self) -> Iterator[Metric]:
        labels = ("account", "limit")
        current = self._app.limits.current()
        found = [
            ((account, one.name), one) for account, limits in current.items() for one in limits
        ]
        yield _gauges(
            "limit_requests",
            "How much a limit of the platform takes",
            labels,
            ((of, limit.total) for of, limit in found),
        )
        yield _gauges(
            "limit_remaining",
            "What is left of it, as last told",
            labels,
            ((of, limit.remaining) for of, limit in found),
        )


def _gauges(
    name: str, told: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> Metric:
    """A gauge with a value for each set of labels."""
    family = GaugeMetricFamily(f"publisher_{name}", told, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"publisher_{name}", told, value=value)
