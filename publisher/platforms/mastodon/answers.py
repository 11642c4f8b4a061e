"""Answers of Mastodon servers and what they mean.

Sources: docs.joinmastodon.org, and Mastodon's app/controllers/api/base_controller.rb and
app/controllers/concerns/api/error_handling.rb. Each refusal of Mastodon's own is JSON with an
`error`, in the language of the account; what comes without it is from a server in between.
"""

import re
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import (
    AGAIN,
    Answers,
    address,
    doubt,
    identifier,
    mapping,
    named_status,
    parsed,
    quote,
    unread,
)
from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Reading,
    Refused,
    Step,
)
from publisher.platforms.mastodon import rate_limits

_MEDIA_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LOOKS_AT_PARENT = 6
"""How often a part is tried whose parent the server does not find: about a minute in all."""
_FAULTS_OF_THE_POST = frozenset({400, 413, 422})
_FAULTS_OF_THE_ACCOUNT = frozenset({401, 403, 410, 429})
_NOT_A_REFUSAL = frozenset({408, 409, 425})  # the server gave up on the request


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from a Mastodon server."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if 200 <= status < 300:
        return _taken(answer, body, step)
    if not 400 <= status < 500 or status in _NOT_A_REFUSAL:
        return doubt(_("Mastodon answered with {status}", status=named_status(status)), step)
    if status == 429:
        return _too_many(answer)
    if not is_own(body) and status != 401:
        return _of_another_server(status, step)
    if step is Step.WITHDRAW and status not in _FAULTS_OF_THE_ACCOUNT:
        return doubt(_("Mastodon answered with {status}", status=named_status(status)), step)
    return _refused(status, body, step)


def reading(answer: Answer) -> Reading:
    """The result of an answer that should show one object, or a list of statuses."""
    status, body = answer.status or 0, parsed(answer.body)
    if status == 429:
        return _too_many(answer)
    if status == 401 or (status in _FAULTS_OF_THE_ACCOUNT and is_own(body)):
        return _account(status, mapping(body))
    if not 200 <= status < 300:
        return unread(_("Mastodon answered with {status}", status=named_status(status)))
    if isinstance(body, list) or (remote_id := identifier(mapping(body).get("id"))):
        return Accepted("" if isinstance(body, list) else remote_id)
    return unread(_("Mastodon gave an answer that Publisher cannot use"))


def app_suspension(_answer: Answer, _step: Step) -> datetime | None:
    """None: Mastodon limits accounts, not apps."""
    return None


def is_own(body: Any) -> bool:
    """Whether a refusal has Mastodon's own form, and is not from a server in between."""
    return isinstance(mapping(body).get("error"), str)


def is_missing(answer: Answer) -> bool:
    """Whether Mastodon itself says that it does not find what the request names."""
    return answer.status == 404 and is_own(parsed(answer.body))


def media_id(body: Any) -> str:
    """The id of an upload; empty without one. On some servers it is the name of a file."""
    told = mapping(body).get("id")
    text = str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
    return text if _MEDIA_ID.fullmatch(text) else ""


def _taken(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    if step is Step.PREPARE and (upload := media_id(body)):
        return Accepted(upload)
    if remote_id := identifier(body.get("id")):
        used_up = rate_limits.remaining(answer) == 0
        until = rate_limits.reset(answer) if used_up and step is Step.PUBLISH else None
        return Accepted(remote_id, url=address(body.get("url")), suspended_until=until)
    if step is Step.WITHDRAW:
        return doubt(_("Mastodon did not confirm that the post is deleted"), step)
    return doubt(_("Mastodon reported success, but without the id of a post"), step)


def _of_another_server(status: int, step: Step) -> Outcome:
    """The outcome of a 4xx without Mastodon's JSON: of a proxy, or of another make of server."""
    if status == 413:  # nginx, before Mastodon sees the file
        return _post_refused("", step)
    return doubt(
        _("Mastodon answered with {status} and gave no reason", status=named_status(status)), step
    )


def _refused(status: int, body: dict[str, Any], step: Step) -> Outcome:
    """The outcome of a 4xx of Mastodon's own, after which nothing can be out."""
    if status in _FAULTS_OF_THE_ACCOUNT:
        return _account(status, body)
    says = quote(body.get("error"))
    if status in _FAULTS_OF_THE_POST:
        return _post_refused(says, step)
    if status == 404 and step is Step.PUBLISH:
        # The key of a post that was deleted within the hour leads there, until it is forgotten.
        return Deferred(
            Kind.CONTENT,
            _(
                "Mastodon does not find what the post refers to{says}. Nothing is out; Publisher "
                "tries again until it expires. After a withdrawal this can take an hour.",
                says=says,
            ),
        )
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "Mastodon does not accept this at the moment{says} ({status}). Nothing is out; "
            "Publisher will try again.",
            says=says,
            status=named_status(status),
        ),
    )


def _post_refused(says: str, step: Step) -> Refused:
    if step is Step.PREPARE:
        return Refused(
            Kind.CONTENT,
            _(
                "Mastodon does not accept a picture or video of this post{says}. Change it or "
                "leave it out, and queue the draft again.",
                says=says,
            ),
        )
    return Refused(
        Kind.CONTENT,
        _(
            "Mastodon refuses this post{says}. Change the draft and queue it again. `publisher "
            "doctor` shows how long a text the server accepts.",
            says=says,
        ),
    )


def _too_many(answer: Answer) -> AccountSuspended:
    message = _(
        "Mastodon accepts no more from this account for now. Publishing continues by itself."
    )
    until = rate_limits.reset(answer)
    return AccountSuspended(Kind.RATE_LIMIT, message, until, () if until else THROTTLED)


def _account(status: int, body: dict[str, Any]) -> AccountSuspended:
    says, again = quote(body.get("error")), _(AGAIN)
    kind = Kind.PERMISSION
    match status:
        case 401:
            kind = Kind.AUTH
            message = _(
                "Mastodon no longer accepts this account's token{says}. If this continues, put a "
                "valid one into secrets.toml, as `publisher help credentials` shows. {again}",
                says=says,
                again=again,
            )
        case 410:
            message = _(
                "The server says that the account is gone{says}. Sign in to it and look for a "
                "notice. {again}",
                says=says,
                again=again,
            )
        case _other:
            message = _(
                "Mastodon does not let this account or its token do this{says}. Sign in to the server "
                "with the account, look for a notice, and give the token the scopes read and write. "
                "{again}",
                says=says,
                again=again,
            )
    return AccountSuspended(kind, message, backoff=UNTIL_MENDED)


def parent_missing() -> Deferred:
    """The outcome when the server does not find the part before.

    Somebody may have deleted it, or a copy of the server's database does not have it yet. This part
    is not out, so it is tried again a few times.
    """
    return Deferred(
        Kind.CONTENT,
        _(
            "Mastodon does not find the part before this one. If someone deleted it, publish the "
            "rest as a separate post; otherwise the thread continues by itself."
        ),
        most=_LOOKS_AT_PARENT,
        at_last=_(
            "Mastodon does not find the part before this one. Publish the rest as a separate post."
        ),
        of_post=True,
    )


ANSWERS = Answers(
    "Mastodon",
    meaning,
    reading,
    rate_limits.limits,
    app_suspension,
    apart=frozenset({Step.PREPARE}),
)
"""Interprets the answers of Mastodon servers."""
