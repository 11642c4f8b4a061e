"""Notifications of the simulated Mastodon: the mentions that readers planted for an account.

Source: docs.joinmastodon.org, notifications: at most 80 at once; `min_id` gives those directly
after.
"""

from typing import Any

from publisher.platforms.mastodon.stand_in.entities import as_mention
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.store import Store, iso

_PAGE, _LONGEST_PAGE = 40, 80


async def notifications(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    """The mentions of the token's account, newest first."""
    kinds = call.query.getlist("types[]")
    if kinds and "mention" not in kinds:
        return 200, []
    told, after = call.query.get("limit", ""), call.query.get("min_id", "")
    size = min(int(told), _LONGEST_PAGE) if told.isdecimal() and int(told) else _PAGE
    before = call.query.get("max_id", "")
    found = store.comments_for(account.name)
    if before.isdecimal():
        found = [one for one in found if int(one.id) < int(before)]
    if after.isdecimal():
        page = [one for one in found if int(one.id) > int(after)][:size]
    else:
        page = found[-size:]
    return 200, [
        {
            "id": one.id,
            "type": "mention",
            "created_at": iso(one.written_at),
            "account": as_mention(one)["account"],
            "status": as_mention(one),
        }
        for one in reversed(page)
    ]
