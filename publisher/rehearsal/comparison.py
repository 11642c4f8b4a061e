"""Comparison of the log with the platforms, post by post."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.registry import CAPABILITIES
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Picture, post_of
from publisher.model.deliveries import Delivery
from publisher.model.states import State

Row = Mapping[str, Any]


def differences(
    rows: Sequence[Row], deliveries: Sequence[Delivery], posts: Iterable[Row]
) -> list[str]:
    """Every difference between the log and the platforms; empty if they agree.

    `rows` are those of `log.json`, `deliveries` the ledger's deliveries in the same order (they
    have the pictures), `posts` those on the platforms, as in the sandbox's `state.json`. A post
    that is published in the log must be there: same account, same text, the thread in order, the
    same pictures with the same alt texts. A post that is there must be in the log. A post that was
    edited must show the words of its newest edit; a correction that is a reply answers its
    original, and an answer the reader's comment.
    """
    edits = sorted((one for one in deliveries if one.content.edits and one.remote_ids), key=_place)
    edited = {(one.account, post_of(one.remote_ids[0])): one.content for one in edits}
    above = {(one.post, one.account): one.remote_ids[-1] for one in deliveries if one.remote_ids}
    there = {
        (post["channel"], post["account"], post["id"]): post
        for post in posts
        if post["published"] and not post["deleted"]
    }
    found: list[str] = []
    for row, delivery in zip(rows, deliveries, strict=True):
        if row["state"] != State.WITHDRAWN and not delivery.content.edits:
            key = delivery.account, next(iter(delivery.remote_ids), "")
            corrected = above.get((delivery.corrects or "", delivery.account))
            parent = delivery.answers or corrected
            found += _differences(row, delivery, there, edited.get(key), parent)
    found += [
        _("{account}: post {id} is on the platform, not in the log.", account=account, id=post_id)
        for __, account, post_id in there
    ]
    return found


def _place(delivery: Delivery) -> tuple[datetime, int]:
    return delivery.due_at, delivery.id


def _differences(
    row: Row,
    delivery: Delivery,
    there: dict[tuple[str, str, str], Row],
    edited: Content | None,
    parent: str | None,
) -> list[str]:
    """Compare one delivery, and remove its posts from `there`.

    `edited`: the content of its newest edit; `parent`: the id of the post that it is a reply to.
    """
    name = _("{post} to {account}", post=row["post"], account=row["account"])
    ids = row["remote_ids"]
    found = []
    parts = len(ids) + len(row["withdrawn_ids"])
    if row["state"] == State.PUBLISHED and parts != len(row["text"]):
        told = _(
            "{delivery}: published with {number} of {all} parts.",
            delivery=name,
            number=len(ids),
            all=len(row["text"]),
        )
        found.append(told)
    for index, remote_id in enumerate(ids):
        post = there.pop((row["channel"], row["account"], remote_id), None)
        if post is None:
            told = _(
                "{delivery}: the log has {id}, the platform does not.", delivery=name, id=remote_id
            )
            found.append(told)
            continue
        shown, logged = _shown(post), _logged(row, delivery, index)
        if index == 0:
            logged["in_reply_to"] = parent
        if index == 0 and edited:
            warning = edited.content_warning or ""
            logged |= {"text": edited.parts[0].text, "content_warning": warning}
        found += [
            _(
                "{delivery}: {field} of part {number} is {shown!r} on the platform, {logged!r} in "
                "the log.",
                delivery=name,
                field=field,
                number=index + 1,
                shown=shown[field],
                logged=value,
            )
            for field, value in logged.items()
            if shown[field] != value
        ]
    return found


def _logged(row: Row, delivery: Delivery, index: int) -> dict[str, Any]:
    part = delivery.content.parts[index]
    can = CAPABILITIES[row["channel"]]
    fields: dict[str, Any] = {
        "text": row["text"][index],
        "content_warning": delivery.content.content_warning or "",
        "in_reply_to": row["remote_ids"][index - 1] if index else None,
        "pictures": [(picture.digest, _told(picture, can)) for picture in part.pictures],
    }
    if can.link != "appended":  # else it is part of the text
        is_last = index == len(delivery.content.parts) - 1
        fields["link"] = delivery.content.link if is_last else None
    return fields


def _told(picture: Picture, can: Capabilities) -> str | None:
    """The alternative text that the platform has."""
    if picture.is_document:
        return None
    if picture.moves:
        has_one = can.videos_have_alt_texts if picture.is_video else can.gifs_have_alt_texts
        return picture.alt if has_one else None
    return picture.alt


def _shown(post: Row) -> dict[str, Any]:
    return {
        "text": post["text"],
        "content_warning": post.get("content_warning", ""),
        "in_reply_to": post["in_reply_to"],
        "pictures": [(medium["sha256"], medium["alt"]) for medium in post["media"]],
        "link": post["link"],
    }
