"""Whether the log and the platforms tell the same, post by post."""

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.models import Delivery
from publisher.states import State

_CHANNELS = ("twitter", "facebook")

Row = Mapping[str, Any]


def differences(rows: Sequence[Row], deliveries: Sequence[Delivery], state: Row) -> list[str]:
    """Every difference between the log and the sandbox's `state.json`; none when all is well.

    `rows` is what `log.json` holds, `deliveries` the ledger's deliveries in the same order (they
    know the pictures). What the log calls out must be there: same account, same words, the thread
    in order, the same pictures with the same alt texts. What is there must be in the log.
    """
    there = {
        (entry["channel"], entry["id"]): entry
        for entry in state["posts"]
        if entry["published"] and not entry["deleted"]
    }
    found: list[str] = []
    for row, delivery in zip(rows, deliveries, strict=True):
        if row["channel"] in _CHANNELS and row["state"] != State.WITHDRAWN:
            found += _differences(row, delivery, there)
    found += [
        f"{entry['account']}: post {entry['id']} is on the platform, not in the log."
        for entry in there.values()
    ]
    return found


def _differences(row: Row, delivery: Delivery, there: dict[tuple[str, str], Row]) -> list[str]:
    """Compare one delivery, and take what it explains out of `there`."""
    name, ids = f"{row['post']} to {row['account']}", row["remote_ids"]
    found = []
    if row["state"] == State.PUBLISHED and len(ids) != len(row["text"]):
        found.append(f"{name}: published with {len(ids)} of {len(row['text'])} parts.")
    for index, remote_id in enumerate(ids):
        entry = there.pop((row["channel"], remote_id), None)
        if entry is None:
            found.append(f"{name}: the log has {remote_id}, the platform has not.")
            continue
        wanted = _part(row, delivery, index)
        found += [
            f"{name}: part {index + 1}: {field} is {entry[field]!r} on the platform, "
            f"{value!r} in the log."
            for field, value in wanted.items()
            if _seen(entry, field) != value
        ]
    return found


def _part(row: Row, delivery: Delivery, index: int) -> dict[str, Any]:
    """One part as the platform must show it, in the words of `state.json`."""
    part = delivery.content.parts[index]
    return {
        "account": row["account"],
        "text": row["text"][index],
        "in_reply_to": row["remote_ids"][index - 1] if index else None,
        "media": [(picture.digest, picture.alt) for picture in part.pictures],
        "link": delivery.content.link,
    }


def _seen(entry: Row, field: str) -> Any:
    if field == "media":
        return [(medium["sha256"], medium["alt"]) for medium in entry["media"]]
    return entry[field]
