"""Replies on the simulated Bluesky: where in a thread a new post goes.

The real server takes any reference, and the app then shows a reply nowhere: so here a reference
that leads to nothing, or to another thread, is refused. It also takes a reply where the thread's
owner limits who replies, and hides it: that is noted.
"""

from typing import NamedTuple

from publisher.platforms.bluesky.stand_in import comments
from publisher.platforms.bluesky.stand_in.cids import own_post, reference
from publisher.platforms.bluesky.stand_in.errors import invalid_record
from publisher.platforms.bluesky.stand_in.lexicon import LexiconReply
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.store import Store, StoredPost


class _Named(NamedTuple):
    """A post that a reply names."""

    id: str
    conversation: str
    reference: dict[str, str]


def place(
    store: Store, account: SandboxAccount, reply: LexiconReply, before: list[StoredPost]
) -> tuple[str, str]:
    """The post that is answered, and the one that its thread begins with.

    It is the account's own, in the same commit or an earlier one, or a reader's.
    """
    found = {}
    for name, ref in (("parent", reply.parent), ("root", reply.root)):
        named = _named(store, account, ref.uri, before)
        if named is None or named.reference != {"uri": ref.uri, "cid": ref.cid}:
            store.note("reply-to-nothing", account.name, f"{name} {ref.uri}, {ref.cid}")
            raise invalid_record("refers to no post of this account", f"reply.{name}")
        found[name] = named
    answered = store.comment("bluesky", reply.parent.uri)
    if answered and answered.is_closed:
        store.note("reply-hidden", account.name, f"a reply to {answered.id}")
    if found["parent"].conversation != found["root"].id:
        raise invalid_record("is not where the parent's thread begins", "reply.root")
    return found["parent"].id, found["parent"].conversation


def _named(
    store: Store, account: SandboxAccount, uri: str, before: list[StoredPost]
) -> _Named | None:
    if comment := store.comment("bluesky", uri):
        shown = comments.as_post(store, comment)
        its = {"uri": shown["uri"], "cid": shown["cid"]}
        return _Named(comment.id, store.conversation_of(comment), its)
    key = uri.rpartition("/")[2]
    entry = next((one for one in before if one.id == key), None) or own_post(store, account, key)
    return _Named(entry.id, entry.conversation, reference(account, entry)) if entry else None
