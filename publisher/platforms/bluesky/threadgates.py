"""Threadgate: the record of a thread with who may answer, and which replies are hidden in it.

Its key is that of the post that the thread begins with. Others change it too, such as a person in
the app: so it is created only where there is none, and changed only over what was read.

Sources: lexicons app.bsky.feed.threadgate (`hiddenReplies`, at most 300) and
com.atproto.repo.putRecord (`swapRecord`).
"""

from datetime import datetime

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.comments import CommentsUnavailable, unreadable
from publisher.model.outcomes import Answer
from publisher.platforms.bluesky.answers import ANSWERS, is_missing, key_of, post_of
from publisher.platforms.bluesky.others_posts import checked
from publisher.platforms.bluesky.records import THREADGATE
from publisher.platforms.bluesky.repo import Repo

_MOST = 300


def hide(repo: Repo, root: str, reply: str, now: datetime) -> None:
    """Hide a reply in the thread of one of the account's own posts, by their `at://` addresses.

    Safe to repeat. Raises CommentsUnavailable.
    """
    key = post_of(root)[1]
    answer = repo.threadgate(key)
    if is_missing(answer):
        date = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        made = {"$type": THREADGATE, "post": root, "createdAt": date, "hiddenReplies": [reply]}
        _confirm(repo.create_threadgate(key, made), key)
        return
    checked(answer)
    told = mapping(parsed(answer.body))
    record, cid = mapping(told.get("value")), told.get("cid")
    hidden = record.get("hiddenReplies", [])
    if record.get("post") != root or not isinstance(cid, str) or not isinstance(hidden, list):
        raise unreadable(ANSWERS)
    if reply in hidden:
        return
    if len(hidden) >= _MOST:
        told_so = _(
            "{number} replies are hidden in this thread, and Bluesky accepts no more. Block or "
            "report the author in the app.",
            number=_MOST,
        )
        raise CommentsUnavailable(told_so, needs_person=True)
    _confirm(repo.change_threadgate(key, {**record, "hiddenReplies": [*hidden, reply]}, cid), key)


def _confirm(answer: Answer, key: str) -> None:
    checked(answer)
    if key_of(mapping(parsed(answer.body))) != key:
        raise unreadable(ANSWERS)
