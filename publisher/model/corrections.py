"""Corrections: what they change, and the ids of edits."""

import re

from publisher.model.content import Content
from publisher.model.values import Frozen

_EDIT = re.compile(r"(?P<post>.+)@[0-9a-f]{12}", re.DOTALL)


class Target(Frozen):
    """The post that a correction concerns, as it is out on one account."""

    remote_ids: tuple[str, ...]
    """Ids at the platform of its parts, in order."""
    url: str | None
    content: Content
    """What is out: that of the newest edit on record, or its own."""


def edit_id(post_id: str, content: Content) -> str:
    """The id of an edit: that of the post, and what it says then.

    Platforms give edits none, and no two deliveries of an account have the same id.
    """
    return f"{post_id}@{content.digest[:12]}"


def post_of(remote_id: str) -> str:
    """The id of the post at the platform: of an edit, that of the post that it changed."""
    found = _EDIT.fullmatch(remote_id)
    return found["post"] if found else remote_id
