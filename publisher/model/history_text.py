"""What a step of the history tells, in words."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from publisher.base.i18n import _
from publisher.model.events import kind, label

_INSTANTS = frozenset(
    {"due_at", "expires_at", "embargo_until", "until", "backup_of", "goes_out_at", "since"}
)


def details(detail: Mapping[str, Any], zone: tzinfo) -> list[str]:
    """What a step tells beyond its name, a line each; an edit shows old and new."""
    lines = []
    for key, value in detail.items():
        if value is None or value == "":
            continue
        name = label(key)
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            lines.append(
                _("{name} was: {value}", name=name, value=_plain(key, value["from"], zone))
            )
            lines.append(_("{name} now: {value}", name=name, value=_plain(key, value["to"], zone)))
        else:
            lines.append(_("{name}: {value}", name=name, value=_plain(key, value, zone)))
    return lines


def _plain(key: str, value: object, zone: tzinfo) -> str:
    """A value for reading: instants in `zone`, lists in one line."""
    if key in _INSTANTS and isinstance(value, str):
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return " / ".join(map(str, value))
    if key == "kind":
        return kind(str(value))
    # A state, a person's role, or why `queue` took it off the schedule; other reasons stay as they are.
    if key in ("if_not_out", "role", "reason"):
        return _(str(value))
    return "—" if value is None else str(value)
