"""LinkedIn's answers and what they mean.

Sources: learn.microsoft.com/linkedin: error handling, error responses of the Marketing APIs, rate
limiting, Posts API, UGC Post API; and what others observed of it.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from publisher.base.i18n import _, later
from publisher.channels.answers import (
    AGAIN,
    DEFAULT_SUSPENSION,
    LONGEST_SUSPENSION,
    Answers,
    doubt,
    identifier,
    mapping,
    named_status,
    parsed,
    quote,
    unread,
    upload_lost,
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
    Wire,
)

POST_URN = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,20}")
_MEDIA = re.compile(r"urn:li:(?:image|video|document):[A-Za-z0-9_-]{1,100}")
_DOUBTS = frozenset({408, 409, 425})
"""The server gave up on the request, which may have arrived. 409: "a write conflict occurred"."""
_DUPLICATE_STATUSES = frozenset({400, 409, 422})
_OF_THE_ACCOUNT = frozenset({401, 403, 426, 429})
_DEAD_VERSION = 426
_NOT_READY = frozenset({"MEDIA_ASSET_WAITING_UPLOAD", "MEDIA_ASSET_PROCESSING"})
_OF_THE_POST = frozenset(
    {
        "FIELD_LENGTH_TOO_LONG",
        "INVALID_VALUE_BLANK_FIELD",
        "MEDIA_ASSET_PROCESSING_FAILED",
        "REQUEST_ENTITY_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
    }
)
"""Codes that certainly concern the post (error responses of the Marketing APIs)."""
_LOST_UPLOADS = frozenset({"INVALID_IMAGE_ID", "INVALID_VIDEO_ID"})
_OF_THE_AUTHOR = frozenset({"INVALID_URN_ID", "INVALID_URN_TYPE", "NOT_FOUND"})
_TOKEN_REASONS = (
    ("EXPIRED_ACCESS_TOKEN", 65602, "expired", later("it has expired")),
    (
        "REVOKED_ACCESS_TOKEN",
        65601,
        "revoked",
        later("the person who gave it revoked it, or has since given the app other permissions"),
    ),
)
"""Code, service error code, and a word of the message, of a 401 (error handling; the codes are
observed).
"""
_OF_THE_APP = "application day limit"
"""Words of a 429 about the limit of the whole app (observed); "APPLICATION_AND_MEMBER DAY" is that
of the person who gave the token.
"""


def edited(answer: Answer) -> Outcome:
    """The outcome of the request that edits a post; LinkedIn confirms it with a 204."""
    if answer.wire is Wire.ANSWERED and answer.status == 204:
        return Accepted("")
    return ANSWERS.judge(answer, Step.REVEAL)


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from LinkedIn."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if 200 <= status < 300:
        return _taken(answer, body, step)
    if status in _DUPLICATE_STATUSES and _names_a_double(body):
        return _double(step)
    # LinkedIn names an error in every refusal: without one the answer is from another server.
    is_refusal = 400 <= status < 500 and (status == 429 or _names_an_error(body))
    if not is_refusal or status in _DOUBTS:
        return doubt(_("LinkedIn answered with {status}", status=named_status(status)), step)
    if step is Step.WITHDRAW and status not in (401, _DEAD_VERSION, 429):
        return _not_deleted(status, body)
    return _refused(answer, body, step)


def reading(answer: Answer) -> Reading:
    """The result of an answer from LinkedIn that should show one object, or a list of them."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if status == 429 or (status in _OF_THE_ACCOUNT and _names_an_error(body)):
        return _account(answer, body)
    if not 200 <= status < 300:
        return unread(_("LinkedIn answered with {status}", status=named_status(status)))
    told = body.get("id")
    if isinstance(told, str) and (urn := POST_URN.fullmatch(told) or _MEDIA.fullmatch(told)):
        return Accepted(urn[0])
    if remote_id := identifier(told):
        return Accepted(remote_id)
    if isinstance(body.get("elements"), list):
        return Accepted("")
    return unread(_("LinkedIn gave an answer that Publisher cannot use"))


def app_suspension(answer: Answer, step: Step) -> datetime | None:
    """Until when LinkedIn takes no post from all pages of the app; None if it does not say so.

    LinkedIn counts each kind of request by itself (rate limiting). The limit ends at midnight UTC;
    before that, one request at a time finds out.
    """
    message = mapping(parsed(answer.body)).get("message")
    is_of_app = answer.status == 429 and _OF_THE_APP in str(message).lower()
    if step is not Step.PUBLISH or not is_of_app:
        return None
    return answer.received_at + DEFAULT_SUSPENSION


def missing(answer: Answer) -> bool:
    """Whether LinkedIn says, in its own JSON, that it does not find what was asked for."""
    return answer.status == 404 and _names_an_error(mapping(parsed(answer.body)))


def is_about_its_target(answer: Answer) -> bool:
    """Whether LinkedIn answered about what was asked for, and not about the account or itself."""
    status = answer.status or 0
    if answer.wire is not Wire.ANSWERED or status in _OF_THE_ACCOUNT | _DOUBTS:
        return False
    return 200 <= status < 300 or (
        400 <= status < 500 and _names_an_error(mapping(parsed(answer.body)))
    )


def _names_an_error(body: dict[str, Any]) -> bool:
    return any(name in body for name in ("message", "code", "serviceErrorCode"))


def _taken(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    if step is Step.WITHDRAW:
        if answer.status == 204:
            return Accepted("")
        return doubt(_("LinkedIn did not confirm that the post is deleted"), step)
    if step is Step.PREPARE:
        value = mapping(body.get("value"))
        told = value.get("image") or value.get("video") or value.get("document")
        pattern = _MEDIA
    else:
        told, pattern = answer.headers.get("x-restli-id"), POST_URN
    if isinstance(told, str) and pattern.fullmatch(told):
        return Accepted(told)
    return doubt(_("LinkedIn reported success, but without the id that it should give"), step)


def _names_a_double(body: dict[str, Any]) -> bool:
    """Whether it is a duplicate: "Content is a duplicate of urn:li:share:…", or a code (observed).

    The post that LinkedIn names may be gone already (ComposioHQ/composio 2710), so it is no proof.
    """
    inputs = mapping(body.get("errorDetails")).get("inputErrors")
    codes = [mapping(one).get("code") for one in inputs] if isinstance(inputs, list) else []
    told = f"{body.get('message')} {body.get('code')} {codes}".lower()
    return "duplicate of" in told or "duplicate_post" in told


def _double(step: Step) -> Outcome:
    if step is Step.PUBLISH:
        return Unknown(
            _(
                "LinkedIn says that this text is already on the page. Publisher looks for it "
                "there before it counts the post as failed."
            ),
            duplicate=True,
        )
    return doubt(_("LinkedIn took it for something that it already has"), step)


def _not_deleted(status: int, body: dict[str, Any]) -> Outcome:
    if status == 404:  # also from an intermediary, while the post still exists
        return doubt(
            _("LinkedIn answered with {status}", status=named_status(status)), Step.WITHDRAW
        )
    return Deferred(
        Kind.PERMISSION,
        _(
            "LinkedIn does not let this account delete the post{says} ({status}). If it must go "
            "at once, delete it on LinkedIn by hand.",
            says=quote(body.get("message")),
            status=named_status(status),
        ),
    )


def _refused(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    """The outcome of a 4xx, after which nothing can be out."""
    status, code = answer.status or 0, _code(body)
    says = quote(body.get("message"))
    if status == 403 and not _names_permissions(body):
        return Refused(
            Kind.PERMISSION,
            _(
                "LinkedIn does not let the page publish this{says}. Look at the page, then change "
                "the draft, or retry it.",
                says=says,
            ),
        )
    if status in _OF_THE_ACCOUNT:
        return _account(answer, body)
    if code in _NOT_READY:
        return Deferred(
            Kind.UNAVAILABLE,
            _(
                "LinkedIn has not processed a file of the post yet. Publisher tries again by "
                "itself."
            ),
        )
    if code in _LOST_UPLOADS and step is Step.PUBLISH:
        return upload_lost(
            _(
                "LinkedIn does not find a picture or video of this post, which it accepted before. "
                "Publisher uploads it again. If this continues, save a smaller version of the "
                "file and queue the draft again."
            ),
            _(
                "LinkedIn does not find a picture or video of this post, which it accepted several "
                "times. Save a smaller version of the file, and queue the draft again."
            ),
        )
    names_the_author = "author" in str(body.get("message")).lower() or status == 404
    if code in _OF_THE_AUTHOR and (names_the_author or step is Step.PREPARE):
        return _no_such_page(says)
    return Refused(
        Kind.CONTENT,
        _("LinkedIn refuses this post{says}. Change the draft and queue it again.", says=says),
        of_post=code in _OF_THE_POST or status in (413, 415),
    )


def _account(answer: Answer, body: dict[str, Any]) -> AccountSuspended:
    """The statuses that concern the account: each may pass, and needs a person if it lasts."""
    if answer.status == 429:
        return _throttled(answer)
    if answer.status == _DEAD_VERSION:
        return AccountSuspended(
            Kind.PERMISSION,
            _(
                "LinkedIn no longer supports the version of its API that this Publisher uses. "
                "Update Publisher. {again}",
                again=_(AGAIN),
            ),
            backoff=UNTIL_MENDED,
        )
    if answer.status == 401:
        reason = _token_reason(body)
        return AccountSuspended(
            Kind.AUTH,
            _(
                "LinkedIn no longer accepts this account's token: {reason}. Make a new one and put "
                "it into secrets.toml, as `publisher help credentials` shows. {again}",
                reason=reason,
                again=_(AGAIN),
            ),
            backoff=UNTIL_MENDED,
        )
    return AccountSuspended(
        Kind.PERMISSION,
        _(
            "The app may not do this on the page{says}. The person who gave the token must be an "
            "administrator of the page, and must have given the app w_organization_social, "
            "r_organization_social and rw_organization_admin. {again}",
            says=quote(body.get("message")),
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _no_such_page(says: str) -> AccountSuspended:
    return AccountSuspended(
        Kind.PERMISSION,
        _(
            "LinkedIn has no page with this number{says}. Put the right organization_id into "
            "publisher.toml. {again}",
            says=says,
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _throttled(answer: Answer) -> AccountSuspended:
    """The suspension after a 429. LinkedIn documents no header with its end."""
    message = _("LinkedIn accepts no more from this page for now. Publishing continues by itself.")
    wait = timedelta(seconds=whole(answer.headers.get("retry-after")) or 0)
    if timedelta(0) < wait <= LONGEST_SUSPENSION:
        return AccountSuspended(Kind.RATE_LIMIT, message, answer.received_at + wait)
    return AccountSuspended(Kind.RATE_LIMIT, message, backoff=THROTTLED)


def _token_reason(body: dict[str, Any]) -> str:
    told = str(body.get("message")).lower()
    for code, number, word, reason in _TOKEN_REASONS:
        if body.get("code") == code or whole(body.get("serviceErrorCode")) == number:
            return _(reason)
        if word in told:
            return _(reason)
    return _("it is not valid")


def _names_permissions(body: dict[str, Any]) -> bool:
    told = f"{_code(body)} {body.get('message')}".lower()
    return any(word in told for word in ("access_denied", "permission"))


def _code(body: dict[str, Any]) -> str:
    """The error's code: of the whole, or of the only input that is at fault."""
    inputs = mapping(body.get("errorDetails")).get("inputErrors")
    first = mapping(inputs[0]) if isinstance(inputs, list) and inputs else {}
    told = first.get("code") or body.get("code")
    return told if isinstance(told, str) else ""


def _no_limits(_answer: Answer, _step: Step) -> tuple[Limit, ...]:
    """The account's limits: no header of LinkedIn tells them."""
    return ()


ANSWERS = Answers(
    "LinkedIn",
    meaning,
    reading,
    _no_limits,
    app_suspension,
    apart=frozenset({Step.PREPARE, Step.READ}),
)
"""Interprets LinkedIn's answers."""
