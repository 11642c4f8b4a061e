"""What a rehearsal leaves for people: the report as one HTML page."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from publisher.models import Delivery
from publisher.states import State

_CALM = frozenset({State.PUBLISHED, State.CANCELLED, State.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the posts went out, in real seconds of this machine."""

    median: float
    worst: float
    early: int
    """How many went out before their time: none, ever."""

    @classmethod
    def of(cls, deliveries: Sequence[Delivery], speed: float) -> "Lateness | None":
        """None when nothing is out. On a fast clock a real second is `speed` seconds."""
        seconds = [
            delivery.lateness.total_seconds() / speed
            for delivery in deliveries
            if delivery.lateness is not None
        ]
        if not seconds:
            return None
        return cls(
            median=statistics.median(seconds),
            worst=max(seconds),
            early=sum(lateness < 0 for lateness in seconds),
        )


def render(
    *,
    title: str,
    deliveries: Sequence[Delivery],
    differences: Sequence[str],
    zone: ZoneInfo,
    speed: float,
) -> str:
    """The report: figures, problems, and a table by account and day.

    `deliveries` in the order of their due times; `zone` is the session's.
    """

    def day(delivery: Delivery) -> datetime:
        return delivery.due_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    accounts = sorted({delivery.account for delivery in deliveries})
    days = [(date, list(group)) for date, group in groupby(deliveries, key=day)]
    environment = Environment(
        loader=PackageLoader("publisher.rehearsal"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        title=title,
        zone=zone,
        speed=speed,
        accounts=accounts,
        days=days,
        deliveries=deliveries,
        out=[delivery for delivery in deliveries if delivery.state is State.PUBLISHED],
        problems=[delivery for delivery in deliveries if delivery.state not in _CALM],
        differences=differences,
        lateness=Lateness.of(deliveries, speed),
    )


def summary(deliveries: Sequence[Delivery], speed: float) -> str:
    """One line about punctuality."""
    lateness = Lateness.of(deliveries, speed)
    if lateness is None:
        return "Nothing went out."
    early = f", {lateness.early} early" if lateness.early else ", none early"
    return (
        f"Lateness in real seconds: median {lateness.median:.3f} "
        f"({lateness.median * speed:.1f} s on the session's clock), "
        f"at most {lateness.worst:.3f} ({lateness.worst * speed:.1f} s){early}."
    )
