"""Mastodon's entities as JSON: accounts, statuses and media attachments."""

from typing import Any
from urllib.parse import quote

from publisher.platforms.mastodon.stand_in.content_html import content
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.store import Store, StoredMedia, StoredPost, iso

DOMAIN = "mastodon.example"


def domain_of(account: SandboxAccount) -> str:
    return account.handle.partition("@")[2] or DOMAIN


def name_of(account: SandboxAccount) -> str:
    return account.handle.partition("@")[0]


def as_status(store: Store, entry: StoredPost, behind: float = 0.0) -> dict[str, Any]:
    """A status; `behind`: real seconds for which it is seen without its edits.

    When what a reply answers is deleted, the reply stays and answers nothing any more: Mastodon's
    db/schema.rb, foreign key `in_reply_to_id` of `statuses`, `on_delete: :nullify`.
    """
    owner = next(account for account in store.accounts if account.name == entry.account)
    domain = domain_of(owner)
    names = {
        name_of(account).lower()
        for account in store.accounts
        if account.channel == "mastodon" and domain_of(account) == domain
    }
    parent = store.find("mastodon", entry.in_reply_to) if entry.in_reply_to else None
    answered = store.comment("mastodon", entry.in_reply_to) if entry.in_reply_to else None
    address = f"https://{domain}/@{name_of(owner)}/{entry.id}"
    played = counts_of(store, entry)
    return {
        "id": entry.id,
        "created_at": iso(entry.created_at),
        "in_reply_to_id": entry.in_reply_to if parent or answered else None,
        "in_reply_to_account_id": owner.user_id if parent else None,
        "sensitive": bool(entry.content_warning),
        "spoiler_text": entry.content_warning,
        "visibility": entry.visibility,
        "language": entry.lang,
        "uri": f"https://{domain}/users/{name_of(owner)}/statuses/{entry.id}",
        "url": address,
        "edited_at": iso(entry.edits[-1].at) if entry.edits else None,
        "content": content(entry.text_seen(behind), names, domain),
        "reblog": None,
        "account": {"id": owner.user_id, "username": name_of(owner), "acct": name_of(owner)},
        "favourites_count": played.reactions,
        "reblogs_count": played.shares,
        "quotes_count": played.quotes,
        "replies_count": played.replies,
        "media_attachments": [as_media(upload, ready=True) for upload in entry.media],
        "mentions": [],
        "tags": [],
        "emojis": [],
    }


def as_mention(comment: StoredComment) -> dict[str, Any]:
    """The status of a reader who mentions an account."""
    return {
        "id": comment.id,
        "created_at": iso(comment.written_at),
        "in_reply_to_id": comment.under or None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": comment.visibility,
        "url": f"https://elsewhere.example/@{quote(comment.author)}/{comment.id}",
        "content": content(comment.text, (), DOMAIN),
        "account": {
            "id": str(len(comment.author)),
            "username": comment.author,
            "acct": f"{comment.author}@elsewhere.example",
        },
        "media_attachments": [],
    }


def as_media(upload: StoredMedia, *, ready: bool) -> dict[str, Any]:
    kind = {"image": "image", "gif": "gifv", "video": "video"}[upload.category]
    return {
        "id": upload.id,
        "type": kind,
        "url": f"https://files.mastodon.example/{upload.sha256}" if ready else None,
        "description": upload.alt,
        "blurhash": None,
    }
