"""WordPress' answers and what they mean.

Sources: WordPress' own code of 6.8 (`class-wp-rest-*-controller.php`, `user.php`, `rest-api.php`),
its REST API handbook, and answers of a real server. What other software says in its place means
`other_software`.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from publisher.base.i18n import _, later
from publisher.channels.answers import (
    AGAIN,
    Answers,
    address,
    credible,
    dated,
    doubt,
    identifier,
    mapping,
    numeral,
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
    Limit,
    Outcome,
    Reading,
    Refused,
    Step,
    Unknown,
)
from publisher.platforms.wordpress.other_software import no_api, of_another

PUBLIC = "publish"
"""The status of a post that everybody sees."""
UNPUBLISHED = frozenset({"draft", "auto-draft", "pending"})
"""The statuses of a post that stays unpublished until somebody publishes it."""
_MISSING = "rest_post_invalid_id"
_NO_ROUTE = "rest_no_route"
_TOO_BIG = "rest_upload_no_content_disposition"
"""What WordPress says when PHP threw the request away, as it was longer than `post_max_size`."""
_UPLOADS = 4
"""How often a picture that WordPress does not take is sent: its disk may be full for a while."""
_LONGEST_WAIT = timedelta(hours=25)
_MARKUP = re.compile(r"<[^<>]*>")
_PAGE = re.compile(r"<(!doctype|html|head|body)\b", re.IGNORECASE)

_NO_PERMISSION = {
    "rest_cannot_publish": later("may not publish posts"),
    "rest_cannot_create": later("may not write posts or upload pictures"),
    "rest_cannot_edit": later("may not change this post, which another user wrote"),
    "rest_cannot_edit_others": later("may not write as this author"),
    "rest_cannot_delete": later("may not delete this post"),
    "rest_cannot_assign_term": later("may not put posts into these categories"),
    "rest_forbidden_status": later("may not see drafts"),
    "rest_forbidden_context": later("may not see this post"),
}


def said(answer: Answer) -> Any:
    """The value of an answer; None if it has none.

    Where PHP shows its messages, they stand before the JSON.
    """
    value = parsed(answer.body)
    if value is not None or _PAGE.search(answer.body):
        return value
    for begin in ('{"', "[{", "[]"):
        place = answer.body.find(begin)
        if place > 0 and (value := parsed(answer.body[place:])) is not None:
            return value
    return None


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from WordPress."""
    status, body = answer.status or 0, mapping(said(answer))
    code = _code(body)
    if 200 <= status < 300:
        return _success(body, step)
    if status == 429:
        return _throttled(answer)
    if status == 413 or code == _TOO_BIG:
        return Refused(
            Kind.CONTENT,
            _(
                "A file of the post or its text is bigger than the website accepts. Ask its host "
                "to raise upload_max_filesize and post_max_size of PHP, or use a smaller file; "
                "then retry it."
            ),
        )
    if not code:
        return of_another(answer, step)
    return _refused(status, code, _says(body), step)


def reading(answer: Answer) -> Reading:
    """The result of an answer from WordPress that should show a post, or a list."""
    status, told = answer.status or 0, said(answer)
    code = _code(mapping(told))
    if 200 <= status < 300:
        return _read(answer, told)
    if status == 429:
        return _throttled(answer)
    if is_missing(answer):
        return Unknown(
            _(
                "The post that was prepared on the website is no longer there. Someone deleted "
                "it, and it may have been public before. Look at the website, then record what "
                "you saw with `publisher resolve` or `publisher retry`."
            )
        )
    says = _says(mapping(told))
    found = _account(status, code, says) if code else of_another(answer, Step.READ)
    if isinstance(found, AccountSuspended | Deferred):
        return found
    return unread(_("The website refused{says}", says=says))


def _read(answer: Answer, told: Any) -> Reading:
    """The result of a successful reading."""
    post_id = numeral(mapping(told).get("id"))
    if isinstance(told, list) or post_id:
        return Accepted(post_id)
    if told is None and _PAGE.search(answer.body):  # the address leads elsewhere
        return no_api(answer.status or 0)
    return unread(_("The website gave an answer that Publisher cannot use"))


def is_missing(answer: Answer) -> bool:
    """Whether WordPress says that it has no such post or picture, not even in its trash."""
    return answer.status == 404 and _code(mapping(said(answer))) == _MISSING


def is_no_api(answer: Answer) -> bool:
    """Whether something answered that is not the REST API: another address may lead to it."""
    return answer.status in (200, 404) and not _code(mapping(said(answer)))


def instant(value: Any) -> datetime | None:
    """`date_gmt`, which has no zone, as an instant in UTC; None when it cannot be parsed."""
    try:
        return credible(datetime.fromisoformat(f"{value}+00:00"))
    except ValueError:
        return None


def _code(body: dict[str, Any]) -> str:
    """The code of a refusal; empty when it is none of WordPress' own."""
    code = body.get("code")
    return identifier(code) if isinstance(code, str) and "message" in body else ""


def _says(body: dict[str, Any]) -> str:
    message = body.get("message")
    return quote(_MARKUP.sub(" ", message)) if isinstance(message, str) else ""


def _success(body: dict[str, Any], step: Step) -> Outcome:
    post_id, status = numeral(body.get("id")), body.get("status")
    if step is Step.WITHDRAW:
        if body.get("deleted") is True:
            return Accepted("")
        return doubt(_("The website did not confirm that it is deleted"), step)
    if step is Step.REVEAL and post_id and isinstance(status, str) and status != PUBLIC:
        return _held(status)
    if post_id and (step is Step.PREPARE or status == PUBLIC):
        return Accepted(post_id, url=address(body.get("link")))
    return doubt(
        _("The website reported success, but without what WordPress says about a post"), step
    )


def _held(status: str) -> AccountSuspended:
    """The outcome for a post that is not public after a success: a plugin holds it back."""
    return AccountSuspended(
        Kind.PERMISSION,
        _(
            "The website accepted the post, but does not show it: its status there is "
            "“{status}”. A plugin keeps this user's posts for review, or changes them. Let it "
            "publish this user's posts. {again}",
            status=identifier(status) or "?",
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _refused(status: int, code: str, says: str, step: Step) -> Outcome:
    if held := _account(status, code, says):
        return held
    if code == _MISSING and step is Step.REVEAL:
        return Refused(
            Kind.CONTENT,
            _(
                "The post that was prepared on the website is no longer there: someone deleted "
                "it. Retry it to have it prepared again."
            ),
            of_post=True,
        )
    if code.startswith("rest_upload_"):
        # With status 500 also for what WordPress does not take at all.
        return Deferred(
            Kind.CONTENT,
            _(
                "The website does not accept a file of the post{says}. If this continues, ask "
                "its host how big files may be, and whether its disk is full; then retry it.",
                says=says,
            ),
            most=_UPLOADS,
        )
    if code == _MISSING or not 400 <= status < 500:
        return doubt(_("The website had an internal error{says}", says=says), step)
    return Refused(
        Kind.CONTENT,
        _(
            "The website refuses this post{says} (code {code}). Change the draft and queue it again.",
            says=says,
            code=code,
        ),
    )


def _account(status: int, code: str, says: str) -> AccountSuspended | None:
    """The codes that concern the account, until a person does something at the website."""
    if code == _NO_ROUTE:
        return no_api(status)
    if status == 401:
        message = _(
            "The website does not accept the user and the application password{says}. If both "
            "are right, its web server does not pass on the header Authorization, or a plugin "
            "turns application passwords or the REST API off; `publisher help credentials` says "
            "more. {again}",
            says=says,
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)
    if code in _NO_PERMISSION:
        message = _(
            "The website's user {lack}. Give it the role Author or Editor in WordPress. {again}",
            lack=_(_NO_PERMISSION[code]),
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.PERMISSION, message, backoff=UNTIL_MENDED)
    if status == 403 or code.startswith("application_passwords_disabled"):
        message = _(
            "The website refuses what Publisher does{says} (code {code}). A plugin blocks the "
            "REST API or application passwords: allow them for this user. {again}",
            says=says,
            code=code,
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.PERMISSION, message, backoff=UNTIL_MENDED)
    return None


def _throttled(answer: Answer) -> AccountSuspended:
    message = _(
        "The website accepts no more from Publisher for now. Publishing continues by itself."
    )
    told = answer.headers.get("retry-after", "")
    seconds = whole(told)
    until = answer.received_at + timedelta(seconds=seconds) if seconds else dated(told)
    if until and not timedelta(0) < until - answer.received_at <= _LONGEST_WAIT:
        until = None
    return AccountSuspended(Kind.RATE_LIMIT, message, until, () if until else THROTTLED)


def _no_limits(_answer: Answer, _step: Step) -> tuple[Limit, ...]:
    return ()  # WordPress names none


def _no_app(_answer: Answer, _step: Step) -> None:
    return None  # there are no apps


ANSWERS = Answers("WordPress", meaning, reading, _no_limits, _no_app)
"""Interprets WordPress' answers."""
