"""The log's rows as spreadsheets show them: one cell for each value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

COLUMNS = (
    "post", "account", "channel", "state", "due_at", "embargo_until", "published_at", "lateness_s",
    "remote_ids", "url", "attempts", "error_kind", "error_message", "queued_by", "approved_by",
    "approved_at", "text",
)  # fmt: skip


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the log (see `app.log_rows`) without lists and tables in it."""
    error = row["error"] or {}
    return {
        **row,
        "remote_ids": " ".join(row["remote_ids"]),
        "error_kind": error.get("kind"),
        "error_message": error.get("message"),
        "text": "\n\n".join(row["text"]),
    }


def with_instants(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same, with instants that can be counted with instead of texts."""
    return {
        key: datetime.fromisoformat(value) if value and key.endswith(("_at", "_until")) else value
        for key, value in flat(row).items()
    }
