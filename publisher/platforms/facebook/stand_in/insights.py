"""Objects with the counts of posts, as the simulated Facebook shows them."""

import re
from collections.abc import Sequence
from typing import Any

from publisher.platforms.facebook.stand_in import reading
from publisher.platforms.facebook.stand_in.fields import Edge, Node, show, wanted
from publisher.platforms.facebook.stand_in.graph import GraphError
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.platforms.facebook.stand_in.video_status import is_video
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredPost

_VIEWS = "post_media_view"
_BY_TYPE = "post_reactions_by_type_total"
_OF_READERS = frozenset({"comments", "likes", "reactions"})
_COUNTS = _OF_READERS | {"insights", "shares"}


async def get(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Return an object by its id; a post or video with its counts, if they are asked for."""
    text = call.query.get("fields", "")
    fields, metrics = wanted(text, ("id",)), _metrics(text)
    entry = store.find("facebook", call.parts["id"])
    if not (fields.keys() & _COUNTS) or entry is None or entry.account != account.name:
        return await reading.get(store, call, account)
    if fields.keys() & _OF_READERS and call.changed(FacebookFault.NO_USER_CONTENT):
        raise GraphError(10, "(#10) This requires the 'pages_read_user_content' permission")
    if "insights" in fields and call.changed(What.COUNTS_REFUSED):
        raise GraphError(10, "(#10) This endpoint requires the 'read_insights' permission")
    if _VIEWS in metrics and call.changed(What.COUNTS_GONE):
        raise GraphError(100, "(#100) The value must be a valid insights metric")
    node = _counted(store, entry, account, metrics)
    if call.changed(FacebookFault.UNCOUNTED) and "insights" in node.values:
        zeros = Edge([_insight(name, 0) for name in metrics if name != _BY_TYPE])
        node = Node(node.kind, {**node.values, "insights": zeros})
    shown: dict[str, Any] = show(node, fields)
    return shown


async def several(_store: Store, _call: Call, _account: SandboxAccount) -> dict[str, Any]:
    """Refuse to return several objects by their ids, as Meta does to new apps (Graph API v27)."""
    raise GraphError(100, "(#100) Multi-ID requests are not available to this app")


def _metrics(fields: str) -> list[str]:
    """The insights that are asked for."""
    found = re.search(r"\binsights\.metric\(([^()]*)\)", fields)
    return found[1].split(",") if found else []


def _counted(
    store: Store, entry: StoredPost, account: SandboxAccount, metrics: Sequence[str]
) -> Node:
    """A post, video or comment with its counts.

    A comment has no `shares` and no `insights` (Meta's reference of Comment).
    """
    node, _default = reading.found(store, entry.id, account)
    played = counts_of(store, entry)
    values: dict[str, Any] = {"comments": _summary(played.replies)}
    if is_video(entry):
        values["likes"] = _summary(played.reactions)
    else:
        values["reactions"] = _summary(played.reactions)
    if node.kind == "PagePost":
        values["shares"] = Node("Shares", {"count": played.shares}) if played.shares else None
        told: dict[str, object] = {
            _VIEWS: played.views,
            "post_total_media_view_unique": played.viewers,
            _BY_TYPE: {"like": played.reactions} if played.reactions else {},
        }
        values["insights"] = Edge([_insight(name, told[name]) for name in metrics if name in told])
    return Node(node.kind, {**node.values, **values})


def _summary(number: int) -> dict[str, Any]:
    return {"data": [], "summary": {"total_count": number}}


def _insight(name: str, value: object) -> Node:
    values = {"name": name, "period": "lifetime", "values": [{"value": value}]}
    return Node("InsightsResult", values)
