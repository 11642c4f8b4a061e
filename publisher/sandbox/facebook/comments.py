"""Comments on Page posts of the simulated Facebook.

Sources: Meta's own specs of PagePost and AdVideo (edge `comments`), and its reference of an
object's comments.
"""

from typing import Any

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.facebook import graph
from publisher.sandbox.facebook.graph import GraphError, parameter
from publisher.sandbox.facebook.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredPost

COMMENT = 8_000  # characters; a third party's figure


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Comment on a post as its Page."""
    entry, message = _commented(store, call, account, "post"), parameter(call, "message") or ""
    if not message.strip() or len(message) > COMMENT:
        raise GraphError(100, f"(#100) Param message must have 1 to {COMMENT} characters")
    if not entry.published:
        raise GraphError(100, "(#100) A post that is not published has no comments")
    number = entry.id.rpartition("_")[2]
    comment = StoredPost(
        channel="facebook",
        account=account.name,
        id=f"{number}_{store.new_id()}",
        text=message,
        created_at=store.clock.now(),
        received_at=call.received_at,
        in_reply_to=entry.id,
        conversation=entry.id,
        lang=account.language,
        app=graph.app_id(account),
    )
    if not call.changed(What.IGNORED):
        store.add(comment)
    return {"id": comment.id}


def on(store: Store, call: Call, account: SandboxAccount) -> list[StoredPost]:
    """The comments on a post, newest first if that is asked for."""
    entry = _commented(store, call, account, "get")
    found = store.replies(entry, call.delay(What.LAG))
    is_backwards = call.query.get("order") == "reverse_chronological"
    is_obeyed = not call.changed(FacebookFault.UNSORTED)
    return found[::-1] if is_backwards and is_obeyed else found


def _commented(store: Store, call: Call, account: SandboxAccount, verb: str) -> StoredPost:
    """The post of a call; comments on other Pages' posts are nothing that anybody here writes."""
    entry = store.find("facebook", call.parts["id"])
    if entry is None or entry.account != account.name:
        raise graph.no_object(call.parts["id"], verb)
    return entry
