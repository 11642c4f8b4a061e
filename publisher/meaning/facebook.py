"""What Facebook's answers mean. Source: Meta's Graph API guides on errors and rate limits."""

from datetime import datetime
from typing import Any

from publisher.language import _, later
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
    Kind,
    Outcome,
    Reading,
    Refused,
    Step,
    Unknown,
)

NEARLY_USED_UP = 95
"""Percent of a limit from which an account rests."""
_APP_THROTTLED = 4
_THROTTLED = frozenset({_APP_THROTTLED, 17, 32, 341, 613, 80001})
_TOKEN = frozenset({102, 190})
_TRANSIENT = frozenset({1, 2})
_BAD_LINK = 1609005
_MISSING_OBJECT = 33  # subcode of 100
_TOKEN_REASONS = {
    458: later("the app was removed from the Page's settings"),
    459: later("the person who gave it must first sign in to Facebook and pass a check"),
    460: later("the person who gave it changed their password"),
    463: later("it has expired"),
    464: later("the person who gave it has not confirmed their account"),
    467: later("it is no longer valid"),
    492: later("the person who gave it has no role on the Page any more"),
}


def meaning(answer: Answer, step: Step) -> Outcome:
    """What an answer of Facebook means."""
    status, body = answer.status or 0, parsed(answer.body)
    error = mapping(mapping(body).get("error"))
    if error:
        return _error(answer, error, step)
    if status == 429:
        return _throttled(answer)
    if status == 413:
        return Refused(
            Kind.CONTENT,
            _("Facebook finds this too big. Use a smaller picture and queue it again."),
        )
    if not 200 <= status < 300:
        # The Graph API names an error in every refusal: somebody else has spoken.
        return doubt(
            _("Facebook answered with {status} and no reason", status=named_status(status)), step
        )
    data = mapping(body)
    remote_id, confirmed = identifier(data.get("id")), body is True or data.get("success") is True
    if remote_id or (confirmed and step in (Step.REVEAL, Step.WITHDRAW)):
        return Accepted(remote_id, rest_until=_rest(answer))
    return doubt(_("Facebook answered with success, but without the id of a post"), step)


def reading(answer: Answer) -> Reading:
    """What an answer of Facebook tells that should show a post."""
    status, data = answer.status or 0, mapping(parsed(answer.body))
    if error := mapping(data.get("error")):
        return _unreadable(answer, error)
    if status == 429:
        return _throttled(answer)
    if not 200 <= status < 300:
        return unread(
            _("Facebook answered with {status} and no reason", status=named_status(status))
        )
    if isinstance(data.get("is_published"), bool) and (post_id := identifier(data.get("id"))):
        return Accepted(post_id)
    return unread(_("Facebook gave an answer that cannot be used"))


def app_rest(answer: Answer, _step: Step) -> datetime | None:
    """Until when Facebook takes nothing from any Page of the app; None if it does not say so.

    The times that it names are the Page's own, so they make that sooner, never later.
    """
    error = mapping(mapping(parsed(answer.body)).get("error"))
    used_up = usage.used_by_app(answer) >= NEARLY_USED_UP
    if not used_up and whole(error.get("code")) != _APP_THROTTLED:
        return None
    rest = min(usage.regained_after(answer) or DEFAULT_REST, DEFAULT_REST)
    return answer.received_at + rest


def _unreadable(answer: Answer, error: dict[str, Any]) -> Reading:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    says = quote(error.get("error_user_msg") or error.get("message"))
    if code in _THROTTLED:
        return _throttled(answer)
    if held := _account(code, subcode, says):
        return held
    if code == 100 and subcode == _MISSING_OBJECT and error.get("is_transient") is not True:
        return Unknown(
            _(
                "The post that was laid ready on Facebook is there no more. Somebody "
                "deleted it, and it may have been public before. Look at the Page's "
                "activity log, then say with `publisher resolve` or `publisher retry` "
                "what you saw."
            )
        )
    return unread(_("Facebook refused{says}", says=says))


def _error(answer: Answer, error: dict[str, Any], step: Step) -> Outcome:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    says = quote(error.get("error_user_msg") or error.get("message"))
    if code in _THROTTLED:
        return _throttled(answer)
    if held := _account(code, subcode, says):
        return held
    if code == 506 and step is Step.LAY_READY:
        return Refused(
            Kind.DUPLICATE,
            _(
                "Facebook says that this text is on the Page already. Look at the "
                "Page; if it is not there, change the draft and queue it again."
            ),
        )
    if code == 506:
        return Unknown(
            _(
                "Facebook says that this text is on the Page already. It is looked for "
                "before anything is called a failure."
            ),
            duplicate=True,
        )
    refused = 400 <= (answer.status or 0) < 500 and code is not None
    if code in _TRANSIENT or error.get("is_transient") is True or not (refused or code == 100):
        return doubt(_("Facebook had a fault of its own{says}", says=says), step)
    return _refused(code, subcode, says, step)


def _refused(code: int | None, subcode: int | None, says: str, step: Step) -> Outcome:
    if code == 100 and subcode == _MISSING_OBJECT and step is Step.WITHDRAW:
        return Accepted("")
    if code == 100 and subcode == _MISSING_OBJECT and step is Step.REVEAL:
        return Refused(
            Kind.CONTENT,
            _(
                "The post that was laid ready on Facebook is there no more: somebody "
                "deleted it. Retry it to have it made again."
            ),
        )
    if code == _BAD_LINK:
        return Refused(
            Kind.CONTENT,
            _("Facebook cannot read the page that the post links to. Check the link, then retry."),
        )
    return Refused(
        Kind.CONTENT,
        _(
            "Facebook refuses this post{says} (code {code}). Change the draft and queue it again.",
            says=says,
            code=code,
        ),
    )


def _account(code: int | None, subcode: int | None, says: str) -> AccountHeld | None:
    """The codes that say that the account needs a person."""
    if code in _TOKEN:
        reason = _(_TOKEN_REASONS.get(subcode or 0, _TOKEN_REASONS[467]))
        return AccountHeld(
            Kind.AUTH,
            _(
                "Facebook no longer accepts this Page's token: {reason}. Make a new "
                "one and put it into secrets.toml, as docs/credentials.md shows. "
                "{resume}",
                reason=reason,
                resume=_(RESUME),
            ),
        )
    if code == 10 or (code is not None and 200 <= code <= 299):
        return AccountHeld(
            Kind.PERMISSION,
            _(
                "The app may not do this on the Page{says} (code {code}). Give it the "
                "permissions pages_manage_posts and pages_read_engagement. {resume}",
                says=says,
                code=code,
                resume=_(RESUME),
            ),
        )
    if code == 368:
        return AccountHeld(
            Kind.POLICY,
            _(
                "Facebook blocks this Page for breaking its rules{says}. Look at the "
                "Page's quality page on Facebook. {resume}",
                says=says,
                resume=_(RESUME),
            ),
        )
    return None


def _throttled(answer: Answer) -> AccountHeld:
    until = answer.received_at + (usage.regained_after(answer) or DEFAULT_REST)
    message = _("Facebook takes no more from this Page for now. It goes on by itself.")
    return AccountHeld(Kind.RATE_LIMIT, message, until)


def _rest(answer: Answer) -> datetime | None:
    if usage.most_used(answer) < NEARLY_USED_UP:
        return None
    return answer.received_at + (usage.regained_after(answer) or DEFAULT_REST)
