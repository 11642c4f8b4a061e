"""Facebook's answers and what they mean. Source: Meta's Graph API guides on errors, rate limits."""

import re
from datetime import datetime, timedelta
from typing import Any

from publisher.base.i18n import _, later
from publisher.channels.answers import (
    AGAIN,
    DEFAULT_SUSPENSION,
    Answers,
    doubt,
    identifier,
    mapping,
    named_status,
    parsed,
    quote,
    unread,
    whole,
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
    Unknown,
)
from publisher.platforms.facebook import rate_limits

NEARLY_USED_UP = 95
"""The percentage of a limit at which an account is suspended."""
_APP_THROTTLED = 4
_ID = re.compile(r"[0-9]{1,25}(_[0-9]{1,25})?")
_THROTTLED = frozenset({_APP_THROTTLED, 17, 32, 341, 613, 80001})
_TOKEN = frozenset({102, 190})
_OF_THE_APP = frozenset({3, 5, 12, 101, 104, 2500})
"""What refuses the app or how it asks, whatever the post is. Source: Meta's Graph API guide on
errors, and the error codes of its SDKs.
"""
_TRANSIENT = frozenset({1, 2})
GO_ON_FROM = 1363037
"""The subcode of a chunk that is not the next one; the error names that one's offset."""
_UPLOAD_AGAIN = frozenset({1363019, 1363030, GO_ON_FROM, 1363041})
"""Subcodes of an upload that Meta says to try again. Source: Meta's Video API, error codes."""
_BAD_LINK = 1609005  # as a code, and as a subcode of 100
_LOOKS_AT_A_LINK = 8
"""How often Facebook is asked to read a linked page: the page may appear with the post, and is
fetched some seconds before. With the pauses between them that is about three minutes.
"""
_MISSING_OBJECT = 33  # subcode of 100
_POLICY = 368
_TOO_FAST = 1390008  # subcode of 368: "try again later"
_NO_SUCH_NAME = 803
_IDENTITY = 4854002  # subcode of 200
_TOO_BIG = 1366046
"""The code of a picture that is too big. 100, a wrong parameter, may be of all posts: of the app's
secret, or of a parameter that Facebook does not take any more.
"""
_TOKEN_REASONS = {
    458: later("the app was removed from the Page's settings"),
    459: later("the person who gave it must first sign in to Facebook and pass a check"),
    460: later("the person who gave it changed their password"),
    463: later("it has expired"),
    464: later("the person who gave it has not confirmed their account"),
    467: later("it is no longer valid"),
    492: later("the person who gave it no longer has a role on the Page"),
}


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from Facebook."""
    status, body = answer.status or 0, parsed(answer.body)
    error = mapping(mapping(body).get("error"))
    if error:
        return _error(answer, error, step)
    if status == 429:
        return _throttled(answer)
    if status == 413:
        return Refused(
            Kind.CONTENT,
            _("This is too big for Facebook. Use a smaller picture and queue the draft again."),
        )
    if not 200 <= status < 300:
        # The Graph API names an error in every refusal: this answer is from another server.
        return doubt(
            _("Facebook answered with {status} and gave no reason", status=named_status(status)),
            step,
        )
    data = mapping(body)
    remote_id, confirmed = object_id(data.get("id")), body is True or data.get("success") is True
    if step is Step.WITHDRAW:
        is_taken, lacks = confirmed, _("Facebook did not confirm that it is deleted")
    else:
        is_taken = bool(remote_id) or (confirmed and step is Step.REVEAL)
        lacks = _("Facebook reported success, but without the id of a post")
    if not is_taken:
        return doubt(lacks, step)
    until, backoff = _suspended_until(answer)
    return Accepted(remote_id, suspended_until=until, backoff=backoff)


def reading(answer: Answer) -> Reading:
    """The result of an answer from Facebook that should show a post."""
    status, data = answer.status or 0, mapping(parsed(answer.body))
    if error := mapping(data.get("error")):
        return _unreadable(answer, error)
    if status == 429:
        return _throttled(answer)
    if not 200 <= status < 300:
        return unread(
            _("Facebook answered with {status} and gave no reason", status=named_status(status))
        )
    is_public = data.get("is_published", data.get("published"))  # of a post, of a video
    if isinstance(is_public, bool) and (post_id := object_id(data.get("id"))):
        return Accepted(post_id)
    return unread(_("Facebook gave an answer that Publisher cannot use"))


def is_missing(answer: Answer) -> bool:
    """Whether Facebook says that it does not find what the request is about, or hides it."""
    error = mapping(mapping(parsed(answer.body)).get("error"))
    named = whole(error.get("code")), whole(error.get("error_subcode"))
    return named == (100, _MISSING_OBJECT) and error.get("is_transient") is not True


def object_id(value: Any) -> str:
    """The id of a post, photo, video or Page: a number, or two; empty when it is not one."""
    told = identifier(value)
    return told if _ID.fullmatch(told) else ""


def app_suspension(answer: Answer, _step: Step) -> datetime | None:
    """Until when Facebook takes nothing from all Pages of the app; None if it does not say so.

    The times that it names are the Page's own, so they are used only to end the suspension sooner.
    """
    error = mapping(mapping(parsed(answer.body)).get("error"))
    used_up = rate_limits.used_by_app(answer) >= NEARLY_USED_UP
    if not used_up and whole(error.get("code")) != _APP_THROTTLED:
        return None
    wait = min(rate_limits.regained_after(answer) or THROTTLED[0], DEFAULT_SUSPENSION)
    return answer.received_at + wait


def _unreadable(answer: Answer, error: dict[str, Any]) -> Reading:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    says = quote(error.get("error_user_msg") or error.get("message"))
    if code in _THROTTLED:
        return _throttled(answer)
    if held := _proof_refused(error, says) or _account(code, subcode, says):
        return held
    if code == 100 and subcode == _MISSING_OBJECT and error.get("is_transient") is not True:
        return Unknown(
            _(
                "The post that was prepared on Facebook is no longer there. Someone deleted it, "
                "and it may have been public before. Look at the Page's activity log, then "
                "record what you saw with `publisher resolve` or `publisher retry`."
            )
        )
    return unread(_("Facebook refused{says}", says=says))


def _error(answer: Answer, error: dict[str, Any], step: Step) -> Outcome:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    says = quote(error.get("error_user_msg") or error.get("message"))
    if code in _THROTTLED:
        return _throttled(answer)
    if code == 506 or (code == _POLICY and _names_a_double(error)):
        return _double(step)
    if held := _proof_refused(error, says) or _account(code, subcode, says):
        return held
    refused = 400 <= (answer.status or 0) < 500 and code is not None
    passes = code in _TRANSIENT or subcode in _UPLOAD_AGAIN or error.get("is_transient") is True
    if passes or not (refused or code == 100):
        return doubt(_("Facebook had an internal error{says}", says=says), step)
    return _refused(code, subcode, says, step)


def _names_a_double(error: dict[str, Any]) -> bool:
    """Whether 368 concerns this text only (observed): "You've already posted this"."""
    told = (error.get(name) for name in ("message", "error_user_title", "error_user_msg"))
    return "already posted" in " ".join(str(text) for text in told).lower()


def _double(step: Step) -> Refused | Unknown:
    if step is Step.PREPARE:
        return Refused(
            Kind.DUPLICATE,
            _(
                "Facebook says that this text is already on the Page. Look at the Page; if the "
                "text is not there, change the draft and queue it again."
            ),
            of_post=True,
        )
    return Unknown(
        _(
            "Facebook says that this text is already on the Page. Publisher looks for it there "
            "before it counts the post as failed."
        ),
        duplicate=True,
    )


def _refused(code: int | None, subcode: int | None, says: str, step: Step) -> Outcome:
    if code == 100 and subcode == _MISSING_OBJECT and step is Step.WITHDRAW:
        # Observed for a live post, with the token that had made it (restfb 1469).
        return Unknown(
            _(
                "Facebook says that it is not there, or that the app may not delete it: it may still "
                "be out. Look at the Page, and withdraw it again."
            )
        )
    if code == 100 and subcode == _MISSING_OBJECT and step is Step.REVEAL:
        return Refused(
            Kind.CONTENT,
            _(
                "The post that was prepared on Facebook is no longer there: someone deleted it. "
                "Retry it to have it prepared again."
            ),
            of_post=True,
        )
    if _BAD_LINK in (code, subcode):
        return Deferred(
            Kind.CONTENT,
            _("Facebook cannot read the page that the post links to. Check the link, then retry."),
            most=_LOOKS_AT_A_LINK,
            of_post=True,
        )
    if code == _NO_SUCH_NAME and step is Step.PREPARE:
        return _no_such_page(says)
    return _post_refused(code, subcode, says)


def _post_refused(code: int | None, subcode: int | None, says: str) -> Refused:
    if code == 100 and "no permission" in says.lower():
        return Refused(
            Kind.PERMISSION,
            _(
                "The app may not publish this kind of post on the Page{says}. Give it the "
                "permission, or publish the post without what needs the permission; then retry "
                "it.",
                says=says,
            ),
        )
    return Refused(
        Kind.CONTENT,
        _(
            "Facebook refuses this post{says} (code {code}). Change the draft and queue it again.",
            says=says,
            code=code,
        ),
        of_post=_TOO_BIG in (code, subcode),
    )


def _no_such_page(says: str) -> AccountSuspended:
    return AccountSuspended(
        Kind.PERMISSION,
        _(
            "Facebook has no Page with this number{says}. Put the right page_id into "
            "publisher.toml, and a token of that Page into secrets.toml. {again}",
            says=says,
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _proof_refused(error: dict[str, Any], says: str) -> AccountSuspended | None:
    """The app's secret is refused, in whatever words and with whatever code; None: it is not.

    Source: facebook-python-business-sdk #528; restfb #1118 has it of a secret that is right.
    """
    if "appsecret_proof" not in str(error.get("message")):
        return None
    message = _(
        "Facebook does not accept how requests are signed{says}. Compare app_secret in "
        "secrets.toml with the app's secret at developers.facebook.com: it may have been reset "
        "there, or be missing here. {again}",
        says=says,
        again=_(AGAIN),
    )
    return AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)


def _account(code: int | None, subcode: int | None, says: str) -> AccountSuspended | None:
    """The codes that concern the account: each may pass, and needs a person if it lasts."""
    if code in _TOKEN:
        reason = _(_TOKEN_REASONS.get(subcode or 0, _TOKEN_REASONS[467]))
        message = _(
            "Facebook no longer accepts this Page's token: {reason}. If this continues, make a "
            "new one and put it into secrets.toml, as `publisher help credentials` shows. {again}",
            reason=reason,
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)
    if code == 10 or (code is not None and 200 <= code <= 299):
        message = _not_permitted(code, subcode, says)
        return AccountSuspended(Kind.PERMISSION, message, backoff=UNTIL_MENDED)
    if code in _OF_THE_APP:
        message = _(
            "Facebook refuses the app, not this post{says} (code {code}). Look at the app at "
            "developers.facebook.com. {again}",
            says=says,
            code=code,
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.PERMISSION, message, backoff=UNTIL_MENDED)
    if code == _POLICY:
        return AccountSuspended(Kind.POLICY, _blocked(subcode, says), backoff=UNTIL_MENDED)
    return None


def _not_permitted(code: int, subcode: int | None, says: str) -> str:
    if subcode == _IDENTITY or "publishing authorization" in says.lower():
        return _(
            "Facebook wants to know who publishes on this Page{says}. The person who gave the "
            "token must sign in to Facebook and confirm their identity there. {again}",
            says=says,
            again=_(AGAIN),
        )
    return _(
        "The app may not do this on the Page{says} (code {code}). Give it the "
        "permissions pages_manage_posts and pages_read_engagement. {again}",
        says=says,
        code=code,
        again=_(AGAIN),
    )


def _blocked(subcode: int | None, says: str) -> str:
    is_for_now = subcode == _TOO_FAST or "limit how often" in says.lower()
    if is_for_now or "try again later" in says.lower():
        return _(
            "Facebook says that this Page posts too often, and blocks it for a while{says}. If "
            "this happens again, post less often. {again}",
            says=says,
            again=_(AGAIN),
        )
    return _(
        "Facebook blocks this Page for breaking its rules{says}. See the Page's quality page on "
        "Facebook. {again}",
        says=says,
        again=_(AGAIN),
    )


def _throttled(answer: Answer) -> AccountSuspended:
    message = _("Facebook accepts no more from this Page for now. Publishing continues by itself.")
    wait = rate_limits.regained_after(answer)
    until = answer.received_at + wait if wait else None
    return AccountSuspended(Kind.RATE_LIMIT, message, until, () if until else THROTTLED)


def _suspended_until(answer: Answer) -> tuple[datetime | None, tuple[timedelta, ...]]:
    """Until when the next request should wait; and for how long if no time is named."""
    if rate_limits.most_used(answer) < NEARLY_USED_UP:
        return None, ()
    wait = rate_limits.regained_after(answer)
    return answer.received_at + (wait or THROTTLED[0]), () if wait else THROTTLED


ANSWERS = Answers("Facebook", meaning, reading, rate_limits.limits, app_suspension)
"""Interprets Facebook's answers."""
