"""/metrics: Prometheus metrics, counted in the ledger so that all processes agree."""

import hmac
import ipaddress
from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from publisher.app import Application
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.reading.gauges import LATENESS
from publisher.ledger.reading.lateness import Cause, LateGroup
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
        yield self._states()
        waiting = self._app.queries.waiting()
        yield _gauge("queue_depth", "Deliveries that will go out by themselves", waiting.scheduled)
        yield _gauge("in_flight", "Deliveries in a worker's hands", waiting.publishing)
        yield _gauge("due", "Deliveries that are due and wait", self._app.gauges.unclaimed(0.0))
        yield from self._late()
        yield self._processes()
        yield self._lateness()
        yield self._standing()
        yield from self._limits()

    def _states(self) -> Metric:
        told = "Deliveries by account and state"
        family = GaugeMetricFamily("publisher_deliveries", told, labels=("account", "state"))
        for (account, state), number in self._app.gauges.states().items():
            family.add_metric((account, state), number)
        return family

    def _late(self) -> Iterator[Metric]:
        labels = ("cause",)
        number = GaugeMetricFamily(
            "publisher_late",
            "Deliveries that should have left 15 s ago and are not out",
            labels=labels,
        )
        seconds = GaugeMetricFamily(
            "publisher_late_seconds", "For how long the first of them has been late", labels=labels
        )
        now = self._app.clock.now()
        found: dict[Cause, list[LateGroup]] = {cause: [] for cause in Cause}
        for group in self._app.lateness.find(_LATE).groups:
            found[group.cause].append(group)
        for cause, groups in found.items():
            number.add_metric((cause,), sum(group.number for group in groups))
            longest = max(((now - group.since).total_seconds() for group in groups), default=0.0)
            seconds.add_metric((cause,), longest)
        yield from (number, seconds)

    def _processes(self) -> Metric:
        told = "Processes that have shown life within 40 s"
        family = GaugeMetricFamily("publisher_processes", told, labels=("kind",))
        alive = Counter(one.process.kind for one in self._app.heartbeats.all() if one.is_alive)
        for kind in ProcessKind:
            family.add_metric((kind,), alive[kind])
        return family

    def _lateness(self) -> Metric:
        found = self._app.gauges.lateness()
        bounds = [*zip(map(str, LATENESS), found.within, strict=True), ("+Inf", found.count)]
        return HistogramMetricFamily(
            "publisher_lateness_seconds",
            "How late what is out went out",
            buckets=[(bound, float(number)) for bound, number in bounds],
            sum_value=found.seconds,
        )

    def _standing(self) -> Metric:
        told = "Accounts that are paused, or suspended and need a person; * stands for all"
        family = GaugeMetricFamily("publisher_account_stopped", told, labels=("account", "why"))
        for account, why in self._app.gauges.standing().items():
            family.add_metric((account, why), 1)
        return family

    def _limits(self) -> Iterator[Metric]:
        labels = ("account", "limit")
        total = GaugeMetricFamily(
            "publisher_limit_requests", "How much a limit of the platform takes", labels=labels
        )
        left = GaugeMetricFamily(
            "publisher_limit_remaining", "What is left of it, as last told", labels=labels
        )
        for account, limits in self._app.limits.current().items():
            for limit in limits:
                total.add_metric((account, limit.name), limit.total)
                left.add_metric((account, limit.name), limit.remaining)
        yield from (total, left)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"publisher_{name}", told, value=value)
