"""Statuses of the simulated Mastodon: posted with an `Idempotency-Key`, and deleted.

Source: app/services/post_status_service.rb of Mastodon 4.7: a lock for each account and key, which
is kept for an hour. Here nothing else runs between the look and the entry. The status above is
looked for before the key, also for a repeat (app/controllers/api/v1/statuses_controller.rb,
`set_thread`). Faults play the servers without a lock or keys, and those that answer a repeat with
an error.
"""

import asyncio
import re
from typing import Any

from publisher.drafts import text_length
from publisher.platforms.mastodon.stand_in import errors, limits
from publisher.platforms.mastodon.stand_in.entities import as_status
from publisher.platforms.mastodon.stand_in.errors import ApiError, invalid, not_found
from publisher.platforms.mastodon.stand_in.media import usable
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.preview.mockups import links
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store, StoredMedia, StoredPost

_FIELDS = frozenset(
    {
        "status",
        "in_reply_to_id",
        "media_ids[]",
        "sensitive",
        "visibility",
        "spoiler_text",
        "language",
    }
)
_VISIBILITIES = frozenset({"public", "unlisted", "private", "direct"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


async def create(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    key = call.request.headers.get("idempotency-key", "")
    if not key:
        store.note("no-idempotency-key", account.name, "a status was posted without one")
    _above(store, call)
    if not key or call.changed(MastodonFault.KEYS_IGNORED):
        return 200, as_status(store, _post(store, call, account, ""))
    if known := _known(store, account, key):
        return _again(store, call, known)
    race = call.changed(MastodonFault.KEY_RACE)
    entry = _post(store, call, account, "" if race else key)
    if race:
        await asyncio.sleep(call.delay(MastodonFault.KEY_RACE))
        entry.key = key
    return 200, as_status(store, entry)


async def edit(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    """Replace all of a status: media that the edit does not name are removed from it.

    Source: app/services/update_status_service.rb.
    """
    entry = own(store, call.parts["id"], account)
    if unknown := set(call.form) - (_FIELDS - {"in_reply_to_id", "visibility"}):
        store.note("unknown-field", account.name, ", ".join(sorted(unknown)))
    text = str(call.form.get("status", "")).strip()
    warning = str(call.form.get("spoiler_text", "")).strip()
    ids = [str(one) for one in call.form.getlist("media_ids[]")]
    media = [upload for one in ids for upload in entry.media if upload.id == one]
    if len(media) != len(ids):
        raise ApiError(422, "Validation failed: Media is not attached to this status")
    _check(text, warning, limits.text(call), has_more=bool(media))
    if not call.changed(What.IGNORED):
        store.edit(entry, text)
        entry.content_warning, entry.media = warning, media
        entry.lang = _language(call) or account.language
    return 200, as_status(store, entry)


async def delete(store: Store, call: Call, account: SandboxAccount) -> tuple[int, Any]:
    entry = own(store, call.parts["id"], account)
    shown = {**as_status(store, entry), "text": entry.text}
    entry.deleted = not call.changed(What.IGNORED)
    return 200, shown


def own(store: Store, status_id: str, account: SandboxAccount) -> StoredPost:
    entry = store.find("mastodon", status_id)
    if entry is None or entry.account != account.name:
        raise not_found()
    return entry


def _known(store: Store, account: SandboxAccount, key: str) -> StoredPost | None:
    """The status of a key that is not forgotten. Raises a 404 when it was deleted."""
    since = store.clock.now() - limits.KEY_LIFE
    found = [one for one in store.entries if (one.account, one.key) == (account.name, key)]
    recent = [one for one in found if one.created_at >= since]
    if recent and recent[-1].deleted:
        raise not_found()
    return recent[-1] if recent else None


def _again(store: Store, call: Call, known: StoredPost) -> tuple[int, Any]:
    if call.changed(
        MastodonFault.REPEAT_FAILS
    ):  # Mastodon 4.6 before September 2026: its issue 40399
        raise ApiError(500, "Internal Server Error")
    return 200, as_status(store, known)


def _post(store: Store, call: Call, account: SandboxAccount, key: str) -> StoredPost:
    if unknown := set(call.form) - _FIELDS:
        store.note("unknown-field", account.name, ", ".join(sorted(unknown)))
    text = str(call.form.get("status", "")).strip()
    media = _media(store, call, account)
    parent, conversation = _parent(store, call, account)
    warning = str(call.form.get("spoiler_text", "")).strip()
    _check(text, warning, limits.text(call), has_more=bool(media))
    if warning and str(call.form.get("sensitive")).lower() not in ("1", "true"):
        store.note("warned-but-not-sensitive", account.name, f"a status behind “{warning}”")
    found = links(text)
    now, status_id = store.clock.now(), store.new_id()
    entry = StoredPost(
        channel="mastodon",
        account=account.name,
        id=status_id,
        text=text,
        created_at=now,
        received_at=call.received_at,
        media=media,
        in_reply_to=parent,
        conversation=conversation or status_id,
        link=found[-1].expanded if found else None,
        lang=_language(call) or account.language,
        content_warning=warning,
        visibility=_visibility(store, call, account),
        key=key,
    )
    entry.publish(now)
    for upload in media:
        upload.used_by = entry.id
    store.add(entry)
    return entry


def _media(store: Store, call: Call, account: SandboxAccount) -> list[StoredMedia]:
    ids = [str(one) for one in call.form.getlist("media_ids[]")]
    if len(ids) > limits.ATTACHMENTS:
        raise ApiError(422, errors.TOO_MANY)
    media = [usable(store, media_id, account) for media_id in ids]
    if len(media) > 1 and any(upload.category == "video" for upload in media):
        raise ApiError(422, errors.MIXED)
    return media


def _parent(store: Store, call: Call, account: SandboxAccount) -> tuple[str | None, str]:
    """The status that is answered, and the conversation that it is in."""
    above = _above(store, call)
    if above is None:
        return None, ""
    _note_wider(store, call, account, above)
    if isinstance(above, StoredComment):
        _note_reply(store, call, account, above)
        return above.id, store.conversation_of(above)
    if above.account != account.name:
        store.note("reply-to-somebody-else", account.name, f"a reply to status {above.id}")
    return above.id, above.conversation


def _above(store: Store, call: Call) -> StoredComment | StoredPost | None:
    """The status that is answered. Raises a 404 when it is not there."""
    parent_id = call.form.get("in_reply_to_id")
    if parent_id is None:
        return None
    found = store.comment("mastodon", str(parent_id)) or store.find("mastodon", str(parent_id))
    if found is None:
        raise ApiError(404, errors.NO_PARENT)
    return found


def _note_reply(store: Store, call: Call, account: SandboxAccount, comment: StoredComment) -> None:
    """Note a reply that does not reach the author of what it answers."""
    if f"@{comment.author}@".lower() not in str(call.form.get("status", "")).lower():
        store.note("reply-names-nobody", account.name, f"a reply to status {comment.id}")
    told = str(call.form.get("visibility", ""))
    if comment.visibility == told == "private":  # our followers are not its author's
        store.note("reply-seen-by-others", account.name, f"a reply to status {comment.id}")


def _note_wider(
    store: Store, call: Call, account: SandboxAccount, above: StoredComment | StoredPost
) -> None:
    """Note a reply that more people see than what it goes below."""
    order = ("public", "unlisted", "private", "direct")
    told = str(call.form.get("visibility", ""))
    if told in order and order.index(told) < order.index(above.visibility or told):
        store.note("reply-seen-by-more", account.name, f"a reply to status {above.id} is {told}")


def _check(text: str, warning: str, limit: int, *, has_more: bool) -> None:
    if not text and not has_more:
        raise invalid("Text can't be blank")
    # The warning is counted with the text: app/validators/status_length_validator.rb
    counted = text_length.length(text, "shortened") + text_length.length(warning, "graphemes")
    if counted > limit:
        raise invalid(f"Text character limit of {limit} exceeded")


def _language(call: Call) -> str | None:
    told = call.form.get("language")
    return str(told) if told and _LANGUAGE.fullmatch(str(told)) else None


def _visibility(store: Store, call: Call, account: SandboxAccount) -> str:
    told = str(call.form.get("visibility", ""))
    if not told:
        store.note("no-visibility", account.name, "a status was posted without one")
        return "public"
    if told not in _VISIBILITIES:
        raise invalid("Visibility is not included in the list")
    return told
