"""What X's answers mean. Sources: docs.x.com and its OpenAPI description 2.167."""

from datetime import datetime, timedelta
from typing import Any

from publisher.language import _
from publisher.meaning import usage
from publisher.meaning.common import (
    DEFAULT_REST,
    RESUME,
    doubt,
    identifier,
    mapping,
    named_status,
    parsed,
    quote,
    unread,
    whole,
)
from publisher.outcome import (
    Accepted,
    AccountHeld,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Reading,
    Refused,
    Step,
    Unknown,
)

_DOUBTS = frozenset({408, 409, 425})  # the server gave up on the request, which may have arrived
_FAULTS_OF_THE_POST = frozenset({400, 413, 422})
_FAULTS_OF_THE_ACCOUNT = frozenset({401, 402, 403, 429})


def meaning(answer: Answer, step: Step) -> Outcome:
    """What an answer of X means."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if 200 <= status < 300:
        return _taken(answer, body, step)
    if status < 400 or status >= 500 or status in _DOUBTS:
        return doubt(_("X answered with {status}", status=named_status(status)), step)
    if status == 404 and step is Step.WITHDRAW:
        return Accepted("")
    if status == 403:
        return _forbidden(body)
    if status in _FAULTS_OF_THE_POST:
        says = _says(body)
        return Refused(
            Kind.CONTENT,
            _("X refuses this post{says}. Change the draft and queue it again.", says=says),
        )
    return _account(answer, body)


def reading(answer: Answer) -> Reading:
    """What an answer of X tells that should show one object, or a whole list of them."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if status in _FAULTS_OF_THE_ACCOUNT:
        return _account(answer, body)
    if not 200 <= status < 300:
        return unread(_("X answered with {status}", status=named_status(status)))
    # The count tells an empty list from an answer that has nothing but errors.
    found, count = body.get("data", []), whole(mapping(body.get("meta")).get("result_count"))
    remote_id = identifier(mapping(found).get("id"))
    if remote_id or (isinstance(found, list) and count == len(found)):
        return Accepted(remote_id)
    return unread(_("X gave an answer that cannot be used"))


def _taken(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    data = mapping(body.get("data"))
    if step is Step.WITHDRAW:
        errors = body.get("errors")
        gone = isinstance(errors, list) and any(
            str(mapping(error).get("type")).endswith("/resource-not-found") for error in errors
        )
        if data.get("deleted") is True or gone:
            return Accepted("")
        return doubt(_("X did not confirm that the post is deleted"), step)
    if remote_id := identifier(data.get("id")):
        return Accepted(remote_id, rest_until=_rest(answer))
    return doubt(_("X answered with success, but without the id of a post"), step)


def _forbidden(body: dict[str, Any]) -> Outcome:
    detail = str(body.get("detail", "")).lower()
    if "duplicate content" in detail:
        return Unknown(
            _(
                "X says that this text is on the account already. It is looked for "
                "before anything is called a failure."
            ),
            duplicate=True,
        )
    if "reply to this conversation" in detail:
        return Refused(
            Kind.POLICY,
            _(
                "X does not let this account answer here, so the thread stops at this "
                "part. Publish the rest by hand, or as a post of its own."
            ),
        )
    if "attempted to reply" in detail:
        return Refused(
            Kind.CONTENT,
            _(
                "The part before this one is no longer on X, so the thread stops here. "
                "Publish the rest as a post of its own."
            ),
        )
    if "too long" in detail:  # seen with the older API, and kept in case the newer one says it too
        return Refused(
            Kind.CONTENT, _("The text is too long for X. Shorten the draft and queue it again.")
        )
    return AccountHeld(
        Kind.PERMISSION,
        _(
            "X does not let this account post{says}. Sign in to X with it, look for a notice, and "
            "check the app's permissions. {resume}",
            says=_says(body),
            resume=_(RESUME),
        ),
    )


_OUT_OF_BOUNDS = timedelta(seconds=60)
"""From which on X may refuse a request for its time: a signature is worth something for minutes."""
_AGAIN = timedelta(seconds=10)


def _refused_for_its_time(answer: Answer) -> Deferred | None:
    """What a 401 means to a clock that is far off; None to one that is not.

    X answers with code 135, "timestamp out of bounds", or with a plain 401 as for wrong keys.
    """
    ahead = answer.clock_ahead
    if ahead is None or abs(ahead) <= _OUT_OF_BOUNDS:
        return None
    return Deferred(
        Kind.CLOCK,
        _(
            "X did not accept the time of the request: the clock of this machine is wrong by more "
            "than a minute. Nothing was sent; it goes on by itself when the clock is right again."
        ),
        again_at=answer.received_at - ahead + _AGAIN,
    )


def _account(answer: Answer, body: dict[str, Any]) -> AccountHeld | Deferred:
    if answer.status == 429:
        until = _rest(answer) or answer.received_at + DEFAULT_REST
        message = _("X takes no more from this account for now. It goes on by itself.")
        return AccountHeld(Kind.RATE_LIMIT, message, until)
    if answer.status == 401 and (not_in_time := _refused_for_its_time(answer)):
        return not_in_time
    if answer.status == 401:
        return AccountHeld(
            Kind.AUTH,
            _(
                "X no longer accepts this account's keys. Put valid ones into "
                "secrets.toml, as docs/credentials.md shows. {resume}",
                resume=_(RESUME),
            ),
        )
    if answer.status == 402:
        return AccountHeld(
            Kind.PERMISSION,
            _(
                "The credits for X are used up. Buy new ones in X's developer console. {resume}",
                resume=_(RESUME),
            ),
        )
    if answer.status == 403:
        return AccountHeld(
            Kind.PERMISSION,
            _(
                "X does not let this account read its own posts{says}. Sign in to X with it, look "
                "for a notice, and check the app's permissions. {resume}",
                says=_says(body),
                resume=_(RESUME),
            ),
        )
    return AccountHeld(
        Kind.PERMISSION,
        _(
            "X does not offer this to the account's app{says} ({status}). Check the app in X's "
            "developer console. {resume}",
            says=_says(body),
            status=named_status(answer.status or 0),
            resume=_(RESUME),
        ),
    )


_DAY = timedelta(hours=25)
"""X's window of 24 hours, by a clock that may be off."""


def app_rest(answer: Answer, step: Step) -> datetime | None:
    """Until when X takes no post of any account of the app; None if it does not say so.

    X counts each kind of request for itself: what it says after an upload is not about posts. Its
    header is documented nowhere, so it is believed for a day only when X has refused the post; the
    others of the app try it again soon otherwise.
    """
    if step is not Step.PUBLISH or usage.remaining(answer, usage.APP_WINDOW) != 0:
        return None
    known, refused = usage.reset(answer, usage.APP_WINDOW), answer.status == 429
    if known is None and not refused:
        return None
    longest = answer.received_at + (_DAY if refused else DEFAULT_REST)
    return min(known or answer.received_at + DEFAULT_REST, longest)


def _rest(answer: Answer) -> datetime | None:
    """When the windows that are used up begin again; after a 429 the short one counts as such."""
    used_up = [
        window
        for window in usage.WINDOWS
        if usage.remaining(answer, window) == 0
        or (answer.status == 429 and window == usage.SHORT_WINDOW)
    ]
    resets = [usage.reset(answer, window) for window in used_up]
    return max((reset for reset in resets if reset), default=None)


def _says(body: dict[str, Any]) -> str:
    errors = body.get("errors")
    first = mapping(errors[0]) if isinstance(errors, list) and errors else {}
    return quote(
        first.get("message") or first.get("detail") or body.get("detail") or body.get("title")
    )
