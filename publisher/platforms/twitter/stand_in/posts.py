"""Write calls of the simulated X: create and delete posts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from publisher.drafts import text_length
from publisher.drafts.tags import cashtags
from publisher.platforms.twitter.stand_in import limits, problems, shown_text
from publisher.platforms.twitter.stand_in.media import usable
from publisher.platforms.twitter.stand_in.reading import find_post, is_premium
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.platforms.twitter.stand_in.schema import CreatePosts, read
from publisher.preview.mockups import links
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredMedia, StoredPost

_FORBIDDEN = frozenset("\ufffe\ufeff\uffff")  # twitter-text, "invalid characters"


async def create(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    wish = read(call, CreatePosts)
    media_ids = wish.media.media_ids if wish.media else []
    if media_ids and call.changed(XFault.UPLOADS_LOST):
        for media_id in media_ids:
            store.uploads.pop(media_id, None)
    media = _media(store, media_ids, account)
    parent, conversation = None, ""
    if wish.reply and wish.reply_settings:
        raise problems.invalid("Only the first post of a conversation says who may reply")
    if wish.reply:
        parent = _parent(store, wish.reply.in_reply_to_tweet_id, account)
        conversation = _conversation(store, parent)
        unseen = timedelta(seconds=call.delay(XFault.YOUNG_PARENT) * store.clock.speed)
        if store.clock.now() - _made_at(parent) < unseen:
            raise problems.forbidden(problems.UNSEEN_PARENT)
    _check_text(wish.text, has_more=bool(media), is_premium=is_premium(call, account))
    _check_duplicate(store, wish.text, media, account)
    found = links(wish.text)
    now, post_id = store.clock.now(), store.new_id()
    entry = StoredPost(
        channel="twitter",
        account=account.name,
        id=post_id,
        text=wish.text,
        created_at=now,
        received_at=call.received_at,
        media=media,
        in_reply_to=parent.id if parent else None,
        conversation=conversation or post_id,
        link=found[-1].expanded if found else None,
        lang=account.language,
        made_with_ai=bool(wish.made_with_ai),
    )
    entry.publish(now)
    for upload in media:
        upload.used_by = entry.id
    store.add(entry)
    shown, _ = shown_text.rendered(entry)
    # The second list is the first under the name that tweepy and older descriptions use.
    history = {"edit_history_post_ids": [post_id], "edit_history_tweet_ids": [post_id]}
    return 201, {"data": {"id": post_id, "text": shown, **history}}


async def delete(store: Store, call: Call, account: SandboxAccount) -> tuple[int, object]:
    entry = find_post(store, call.parts["id"])
    if entry.account != account.name:
        raise problems.not_permitted("You are not permitted to delete this Post.")
    entry.deleted = not call.changed(What.IGNORED)
    return 200, {"data": {"deleted": True}}


def _media(store: Store, ids: Sequence[str], account: SandboxAccount) -> list[StoredMedia]:
    if len(set(ids)) != len(ids):
        raise problems.invalid("A media id stands there twice", "media.media_ids")
    media = [usable(store, media_id, account) for media_id in ids]
    if len(media) > 1 and {upload.category for upload in media} != {"image"}:
        raise problems.invalid(
            "A post shows up to four images, or one GIF, or one video", "media.media_ids"
        )
    return media


def _conversation(store: Store, parent: StoredPost | StoredComment) -> str:
    if isinstance(parent, StoredComment):
        return store.conversation_of(parent)
    return parent.conversation


def _made_at(parent: StoredPost | StoredComment) -> datetime:
    return parent.written_at if isinstance(parent, StoredComment) else parent.created_at


def _parent(store: Store, parent_id: str, account: SandboxAccount) -> StoredPost | StoredComment:
    """The account's own post, or a reader's that is below one or mentions the account."""
    comment = store.comment("twitter", parent_id)
    if comment and comment.account == account.name:
        if comment.is_closed:
            raise problems.forbidden(problems.RESTRICTED)
        return comment
    parent = store.find("twitter", parent_id)
    if parent is None:
        raise problems.forbidden(problems.UNSEEN_PARENT)
    if parent.account != account.name:
        store.note("reply-to-somebody-else", account.name, f"a reply to post {parent_id}")
        raise problems.forbidden(problems.REPLY)
    return parent


def _check_text(text: str, *, has_more: bool, is_premium: bool) -> None:
    if not text.strip() and not has_more:
        raise problems.invalid("A post needs a text or media", "text")
    if any(c in _FORBIDDEN or "\ud800" <= c <= "\udfff" for c in text):
        raise problems.invalid("The text has characters that X does not take", "text")
    length = text_length.length(text, "weighted")
    if length > limits.LONG_TEXT:
        raise problems.invalid(f"The text weighs {length}, of at most {limits.LONG_TEXT}", "text")
    if length > limits.TEXT and not is_premium:
        raise problems.forbidden(problems.TOO_LONG)
    if len(cashtags(text)) > 1:
        raise problems.forbidden("A post may carry one cashtag at most.")


def _check_duplicate(
    store: Store, text: str, media: list[StoredMedia], account: SandboxAccount
) -> None:
    shown = [upload.sha256 for upload in media]
    for entry in store.saying("twitter", text, store.clock.now() - limits.DUPLICATE_AGE):
        # Posts without text are duplicates if their pictures are the same.
        if not text.strip() and [upload.sha256 for upload in entry.media] != shown:
            continue
        if entry.account == account.name:
            store.note("duplicate-refused", account.name, f"the text of post {entry.id} again")
            raise problems.forbidden(problems.DUPLICATE)
        detail = f"{entry.account} has it as post {entry.id}"
        store.note("same-text-on-two-accounts", account.name, detail)
