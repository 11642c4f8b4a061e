"""Comments on Page posts of the simulated Facebook.

Sources: Meta's own specs of PagePost and AdVideo (edge `comments`), and its reference of an
object's comments.
"""

from datetime import datetime
from typing import Any

from publisher.platforms.facebook.stand_in import graph
from publisher.platforms.facebook.stand_in.graph import GraphError, parameter
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredPost

COMMENT = 8_000  # characters; a third party's figure


async def create(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any]:
    """Comment on a post as its Page."""
    entry, message = _commented(store, call, account, "post"), parameter(call, "message") or ""
    under = entry.under if isinstance(entry, StoredComment) else entry.id
    if not message.strip() or len(message) > COMMENT:
        raise GraphError(100, f"(#100) Param message must have 1 to {COMMENT} characters")
    if isinstance(entry, StoredComment) and entry.parent:
        store.note("reply-to-a-reply", account.name, f"a reply to comment {entry.id}")
    if isinstance(entry, StoredPost) and not entry.published:
        raise GraphError(100, "(#100) A post that is not published has no comments")
    number = under.rpartition("_")[2]
    comment = StoredPost(
        channel="facebook",
        account=account.name,
        id=f"{number}_{store.new_id()}",
        text=message,
        created_at=store.clock.now(),
        received_at=call.received_at,
        in_reply_to=entry.id,
        conversation=under,
        lang=account.language,
        app=graph.app_id(account),
    )
    if not call.changed(What.IGNORED):
        store.add(comment)
    return {"id": comment.id}


def on(store: Store, call: Call, account: SandboxAccount) -> list[StoredPost | StoredComment]:
    """The comments on a post, readers' too, newest first if that is asked for.

    With `filter=stream` the replies to them too; Meta's default is `toplevel`.
    """
    entry = _commented(store, call, account, "get")
    since = graph.number(call, "since") or 0
    shape = call.query.get("filter", "toplevel")
    if shape not in ("toplevel", "stream"):
        raise GraphError(100, "(#100) Param filter must be one of {STREAM, TOPLEVEL}")
    nested = shape == "stream"
    replies: list[StoredPost | StoredComment] = [
        *store.replies(account.name, entry.id, call.delay(What.LAG), nested=nested),
        *(
            one
            for one in store.comments_for(account.name)
            if entry.id == (one.parent or one.under) or (nested and entry.id == one.under)
        ),
    ]
    found = sorted((one for one in replies if written_at(one).timestamp() >= since), key=written_at)
    if call.query.get("order") == "chronological" and call.changed(FacebookFault.UNSORTED):
        return found[::2] + found[1::2]
    is_backwards = call.query.get("order") == "reverse_chronological"
    is_obeyed = not call.changed(FacebookFault.UNSORTED)
    return found[::-1] if is_backwards and is_obeyed else found


def hide(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any] | None:
    """Hide or show a reader's comment; None if the call is about something else."""
    comment = readers(store, call.parts["id"], account)
    if comment is None:
        return None
    wished = graph.flag(call, "is_hidden")
    if wished is None:
        raise GraphError(100, "(#100) At least one parameter must be given")
    if not call.changed(What.IGNORED):
        comment.is_hidden = wished
    return {"success": True}


def delete(store: Store, call: Call, account: SandboxAccount) -> dict[str, Any] | None:
    """Delete a reader's comment; None if the call is about something else."""
    comment = readers(store, call.parts["id"], account)
    if comment is None:
        return None
    comment.is_deleted = not call.changed(What.IGNORED)
    return {"success": True}


def readers(store: Store, comment_id: str, account: SandboxAccount) -> StoredComment | None:
    """A reader's comment on one of the Page's posts."""
    found = store.comment("facebook", comment_id)
    return found if found and found.account == account.name else None


def written_at(comment: StoredPost | StoredComment) -> datetime:
    return comment.written_at if isinstance(comment, StoredComment) else comment.dated


def _commented(
    store: Store, call: Call, account: SandboxAccount, verb: str
) -> StoredPost | StoredComment:
    """The post of a call, or a reader's comment; on other Pages' posts nobody here writes."""
    if comment := readers(store, call.parts["id"], account):
        return comment
    entry = store.find("facebook", call.parts["id"])
    if entry is None or entry.account != account.name:
        raise graph.no_object(call.parts["id"], verb)
    return entry
