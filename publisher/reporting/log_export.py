"""Log export for scripts and spreadsheets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from publisher.base.formats import instant_text
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery

COLUMNS = (
    "post", "account", "channel", "state", "due_at", "embargo_until", "published_at", "lateness_s",
    "remote_ids", "url", "attempts", "error_kind", "error_message", "queued_by", "approved_by",
    "approved_at", "text", "corrects",
)  # fmt: skip


def log_rows(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """The log's rows for scripts: `publisher log --format json`."""
    return [_log_row(delivery) for delivery in deliveries]


def _log_row(delivery: Delivery) -> dict[str, Any]:
    error = None
    if delivery.error_kind is not None:
        error = {"kind": delivery.error_kind, "message": delivery.error_message}
    lateness = delivery.lateness
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
        "url": delivery.url,
        "attempts": delivery.attempts,
        "error": error,
        "queued_by": delivery.queued_by,
        "approved_by": delivery.approved_by,
        "approved_at": instant_text(delivery.approved_at),
        "text": [part.text for part in delivery.content.parts],
        "corrects": delivery.corrects,
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
        "detail": step.detail,
    }
