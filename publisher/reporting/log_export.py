"""Log export for scripts and spreadsheets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from publisher.base.formats import instant_text
from publisher.ledger.reading.engagement import ReadCounts
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.model.engagement import Age, Metric
from publisher.model.visibility import Visibility, in_utc

COLUMNS = (
    "post", "account", "channel", "state", "due_at", "embargo_until", "published_at", "lateness_s",
    "remote_ids", "parts", "parts_out", "public", "acknowledged_by", "url", "attempts",
    "error_kind", "error_message", "queued_by", "approved_by", "approved_at", "text", "corrects",
    "answers", "author", "queued_by_program",
    *(f"{metric}_{age}" for metric in Metric for age in Age),
)  # fmt: skip
Counts = Mapping[int, Mapping[Age, ReadCounts]]
"""By delivery, and by age."""


def log_rows(deliveries: Iterable[Delivery], counts: Counts | None = None) -> list[dict[str, Any]]:
    """The log's rows for scripts: `publisher log --format json`."""
    return [_log_row(delivery, (counts or {}).get(delivery.id, {})) for delivery in deliveries]


def figures_row(counts: Mapping[Age, ReadCounts]) -> dict[str, Any]:
    """The figures of a post by age; null: the platform did not give this one."""
    return {
        age.value: {
            "read_at": instant_text(read.read_at),
            "is_gone": read.engagement.is_gone,
            **{metric.value: read.engagement.counts.get(metric) for metric in Metric},
        }
        for age, read in counts.items()
    }


def _log_row(delivery: Delivery, counts: Mapping[Age, ReadCounts]) -> dict[str, Any]:
    error = None
    if delivery.error_kind is not None:
        error = {"kind": delivery.error_kind, "message": delivery.error_message}
    lateness, seen = delivery.lateness, Visibility.of(delivery)
    return {
        "post": delivery.post,
        "account": delivery.account,
        "channel": delivery.channel,
        "state": delivery.state,
        "due_at": instant_text(delivery.due_at),
        "embargo_until": instant_text(delivery.embargo_until),
        "published_at": None if delivery.is_reported else instant_text(delivery.published_at),
        "lateness_s": None if lateness is None else round(lateness.total_seconds(), 3),
        "remote_ids": list(delivery.remote_ids),
        "withdrawn_ids": list(delivery.withdrawn_ids or ()),
        "parts": seen.parts,
        "parts_out": seen.out,
        "public": seen.in_words(in_utc),
        "acknowledged_by": delivery.acknowledged_by,
        "url": delivery.url,
        "attempts": delivery.attempts,
        "error": error,
        "queued_by": delivery.queued_by,
        "approved_by": delivery.approved_by,
        "approved_at": instant_text(delivery.approved_at),
        "text": [part.text for part in delivery.content.parts],
        "corrects": delivery.corrects,
        "answers": delivery.answers,
        "author": delivery.written_by,
        "queued_by_program": delivery.queued_by_program,
        "figures": figures_row(counts),
    }


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten a row of the log (see `log_rows`), for CSV."""
    error = row["error"] or {}
    return {
        **row,
        "remote_ids": " ".join(row["remote_ids"]),
        "error_kind": error.get("kind"),
        "error_message": error.get("message"),
        "text": "\n\n".join(row["text"]),
        **{
            f"{metric}_{age}": row["figures"].get(age, {}).get(metric)
            for metric in Metric
            for age in Age
        },
    }


def with_instants(row: Mapping[str, Any]) -> dict[str, Any]:
    """A flat row with instants as datetime values, for workbooks."""
    return {
        key: datetime.fromisoformat(value) if value and key.endswith(("_at", "_until")) else value
        for key, value in flat(row).items()
    }


def step_row(step: HistoryStep) -> dict[str, Any]:
    """A step of the history for scripts: `publisher history --json`."""
    return {
        "at": instant_text(step.at),
        "post": step.post,
        "account": step.account,
        "channel": step.channel,
        "event": step.event,
        "from": step.source,
        "to": step.target,
        "actor": step.actor,
        "program": step.program,
        "detail": {key: _in_utc(key, value) for key, value in step.detail.items()},
    }


def _in_utc(key: str, value: Any) -> Any:
    """A value of a step's detail: an instant as everywhere else, whichever version wrote it."""
    if isinstance(value, Mapping):
        return {name: _in_utc(key, one) for name, one in value.items()}
    if not (isinstance(value, str) and key.endswith(("_at", "_until"))):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return instant_text(at) if at.tzinfo else value
