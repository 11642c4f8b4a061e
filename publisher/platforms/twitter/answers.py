"""X's answers and what they mean. Sources: docs.x.com and its OpenAPI description 2.167."""

import re
from dataclasses import replace
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
    upload_lost,
    whole,
)
from publisher.channels.health import owner_of
from publisher.channels.replies import comment_gone
from publisher.model.accounts import Owner
from publisher.model.outcomes import (
    CAPPED,
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
from publisher.platforms.twitter import rate_limits

_DOUBTS = frozenset({408, 409, 425})  # the server gave up on the request, which may have arrived
_FAULTS_OF_THE_POST = frozenset({400, 413, 422})
_ID = re.compile(r"[0-9]{1,19}")
"""Of a post, an upload or a user (OpenAPI 2.167, PostId, MediaId and UserId)."""
_UNSEEN_PARENT = "attempted to reply"
_PARENT = "in_reply_to_tweet_id"
_LOST_UPLOAD = re.compile(r"media ids? (are|is) invalid|invalid media id")
"""Words of a 400 (seen: node-twitter-api-v2 375 and 501, tweepy 2016); X says the same of a file
that it takes and cannot use (seen: 501).
"""
_PAGE_INSTEAD = frozenset({400, 401, 403})
"""Statuses with which a server in front of X shows an HTML page; X itself answers in JSON."""
_REFUSALS_OF_ALT_TEXT = frozenset({400, 403, 404, 413, 422})
_FAULTS_OF_THE_ACCOUNT = frozenset({401, 402, 403, 429})
_OF_THE_ACCOUNT = ("/client-forbidden", "/oauth1-permissions", "/unsupported-authentication")
"""Types of a 403 that name the app or its permissions (docs.x.com, response codes and errors)."""
_ACCOUNT_IS = re.compile(
    r"\baccount\b[^.]{0,60}\b(suspended|locked)\b|not[ -]enrolled|oauth1 app permissions"
)
"""Words of a 403 that name the account, and that come without a type."""
_AUTOMATED = ("automated", "try again later")
"""Words of a 403, code 226: X's protection against spam refuses all that it posts (seen)."""
_DAILY_LIMIT = re.compile(r"daily (status update )?limit\b")
"""Words of a 403, codes 185 and 344: X counts the 2,400 posts of a day by half hours (its help)."""
_NO_ANSWER = later(
    "X does not let this account answer here, so the thread stops at this part. Publish the rest "
    "by hand, or as a separate post."
)
_ANSWER_BY_HAND = later(
    "X does not let programs answer this reader, who does not mention the account. Answer on X by "
    "hand, and cancel this."
)
_KNOWN_FAULTS = (
    # Since February 2026 an app of the self-serve tiers replies only where it is mentioned or the
    # author (docs.x.com, changelog); the second wording was observed since July 2026.
    ("reply to this conversation", Refused(Kind.POLICY, _NO_ANSWER)),
    ("reply to or quote posts", Refused(Kind.POLICY, _NO_ANSWER)),
    # Observed with the older API, and kept in case the newer one uses it too.
    (
        "too long",
        Refused(
            Kind.CONTENT,
            later(
                "The text is too long for X, which accepts more than 280 characters only from "
                "accounts with Premium. Shorten the draft and queue it again, and look at "
                "long_posts in publisher.toml."
            ),
            of_length=True,
        ),
    ),
    (
        "invalid url",
        Refused(
            Kind.CONTENT,
            later(
                "X does not accept a link in this post. Check the links, then change the draft and "
                "queue it again."
            ),
            of_post=True,
        ),
    ),
    (
        "video longer",
        Refused(
            Kind.CONTENT,
            later(
                "X does not accept a video of this length from the account. Shorten it, and queue "
                "the draft again."
            ),
            of_length=True,
        ),
    ),
    (
        "cashtag",
        Refused(
            Kind.CONTENT,
            later(
                "X accepts one cashtag ($ABC) in a post. Take out the others, and queue the draft "
                "again."
            ),
            of_post=True,
        ),
    ),
)
"""Words of a 403 about the post, or about whom it answers (observed; the rule on cashtags:
docs.x.com); and whether they certainly concern this post alone: an account whose Premium ended may
publish no long text and no long video, and one that may not answer stops each thread.
"""
_OUT_OF_BOUNDS = timedelta(seconds=60)
"""A clock error from which X may refuse a request: a signature is valid for minutes."""
_AGAIN = timedelta(seconds=10)
"""The time until a retry of a post that was refused for its time."""
_REFERRED_TO = (
    "attachments.",
    "author_id",
    "edit_history_",
    "entities.",
    "geo.",
    "in_reply_to_user_id",
    "pinned_",
    "referenced_",
)
"""Prefixes of the `parameter` of an error about an expansion (docs.x.com, partial errors): what a
post refers to is deleted or not shown, and the list itself is complete.
"""


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from X."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if 200 <= status < 300:
        return _taken(answer, body, step)
    if status < 400 or status >= 500 or status in _DOUBTS:
        return doubt(_("X answered with {status}", status=named_status(status)), step)
    if _is_page_instead(answer):
        return _walled(status)
    if step is Step.WITHDRAW and status not in (401, 402, 429):
        return _not_deleted(status, body)
    return _refused(answer, body, step)


def reading(answer: Answer) -> Reading:
    """The result of an answer from X that should show one object, or a complete list of them."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    if _is_page_instead(answer):
        return _walled(status)
    if status in _FAULTS_OF_THE_ACCOUNT:
        return _account(answer, body)
    if not 200 <= status < 300:
        return unread(_("X answered with {status}", status=named_status(status)))
    # The count distinguishes an empty list from an answer that has only errors.
    found, count = body.get("data", []), whole(mapping(body.get("meta")).get("result_count"))
    remote_id = _id_of(mapping(found))
    if remote_id or (isinstance(found, list) and count == len(found) and _is_whole(body)):
        return Accepted(remote_id)
    return unread(_("X gave an answer that Publisher cannot use"))


def _is_whole(body: dict[str, Any]) -> bool:
    """Whether a list is complete: its errors, if any, only concern what its posts refer to."""
    errors = body.get("errors") or []
    return isinstance(errors, list) and all(
        str(mapping(error).get("parameter")).startswith(_REFERRED_TO) for error in errors
    )


def _taken(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    data = mapping(body.get("data"))
    if step is Step.WITHDRAW:
        if data.get("deleted") is True:
            return Accepted("")
        return doubt(_("X did not confirm that the post is deleted"), step)
    if remote_id := _id_of(data):
        return Accepted(remote_id, suspended_until=_suspended_until(answer))
    return doubt(_("X reported success, but without the id of a post"), step)


def _id_of(data: dict[str, Any]) -> str:
    """The id of what an answer shows; empty if it is none of X's."""
    told = identifier(data.get("id"))
    return told if _ID.fullmatch(told) else ""


def misses_parent(answer: Answer) -> bool:
    """Whether X refuses a reply because it does not see its parent.

    Some seconds after the parent, X may just not know it yet (observed: node-twitter-api-v2 #366).
    It says so in words (403), or names the parameter or the post as not found.
    """
    body = mapping(parsed(answer.body))
    if answer.status == 403:
        return _UNSEEN_PARENT in _words(body)
    if answer.status == 404:
        return missing(answer)
    return answer.status == 400 and any(
        _PARENT in name for name in mapping(_first_error(body).get("parameters"))
    )


def parent_gone() -> Refused:
    """The outcome of a reply whose parent is no longer there."""
    return Refused(
        Kind.CONTENT,
        _(
            "The part before this one is no longer on X, so the thread stops here. Publish the "
            "rest as a separate post."
        ),
        of_post=True,
    )


def reply_refused(answer: Answer, outcome: Refused) -> Refused:
    """The outcome of a reply to a reader that X refuses: it concerns that reader.

    Source: docs.x.com, changelog of February 2026: an app answers those who mention the account.
    """
    body = mapping(parsed(answer.body))
    if misses_parent(answer):
        return comment_gone(outcome.limits)
    if outcome.kind is Kind.POLICY:
        return replace(outcome, message=_(_ANSWER_BY_HAND), of_post=True)
    is_known = any(words in _words(body) for words, _fault in _KNOWN_FAULTS)
    # Readers who do not let it answer are no sign of the account's fault.
    if not outcome.of_post and not is_known:
        message = _(
            "X does not accept this answer{says}. The reader may block the account, or limit who "
            "replies. Look at it on X, answer by hand if possible, and cancel this.",
            says=_says(body),
        )
        return replace(outcome, message=message, of_post=True)
    return outcome


def of_alt_text(answer: Answer, outcome: Outcome) -> Outcome:
    """`outcome` for a request that gave a picture its alternative text.

    If X refuses that, neither the draft nor the account is at fault: other posts go out.
    """
    if answer.status not in _REFUSALS_OF_ALT_TEXT:
        return outcome
    return Deferred(
        Kind.CONTENT,
        _(
            "X does not accept the description of a picture{says} ({status}). The post does not "
            "go out without it: Publisher tries again until it expires.",
            says=_says(mapping(parsed(answer.body))),
            status=named_status(answer.status or 0),
        ),
    )


def missing(answer: Answer) -> bool:
    """Whether X says, in its own JSON, that it does not find the post; it may still exist.

    As the whole answer (404), or among the `errors` of a success without `data`.
    """
    body, errors = mapping(parsed(answer.body)), []
    if answer.status == 404:
        errors = [body]
    elif answer.status == 200 and not body.get("data") and isinstance(body.get("errors"), list):
        errors = body["errors"]
    return any(str(mapping(error).get("type")).endswith("/resource-not-found") for error in errors)


def _not_deleted(status: int, body: dict[str, Any]) -> Outcome:
    if status == 404:  # also from an intermediary, while the post still exists
        return doubt(_("X answered with {status}", status=named_status(status)), Step.WITHDRAW)
    return Deferred(
        Kind.PERMISSION,
        _(
            "X does not let this account delete the post{says} ({status}). If it must go at "
            "once, delete it on X by hand.",
            says=_says(body),
            status=named_status(status),
        ),
    )


def _refused(answer: Answer, body: dict[str, Any], step: Step) -> Outcome:
    """The outcome of a 4xx, after which nothing can be out."""
    status = answer.status or 0
    if status == 403:
        return _forbidden(body, step)
    if status in _FAULTS_OF_THE_ACCOUNT:
        return _account(answer, body)
    if step is Step.PREPARE:
        return _not_prepared(status, body)
    if _LOST_UPLOAD.search(_words(body)):
        return upload_lost(
            _(
                "X does not find a picture or video of this post, which it accepted before. "
                "Publisher uploads it again. If this continues, save a smaller version of the "
                "file and queue the draft again."
            ),
            _(
                "X does not find a picture or video of this post, which it accepted several "
                "times. Save a smaller version of the file, and queue the draft again."
            ),
        )
    if status in _FAULTS_OF_THE_POST:
        says = _says(body)
        return Refused(
            Kind.CONTENT,
            _("X refuses this post{says}. Change the draft and queue it again.", says=says),
        )
    return _account(answer, body)


def _forbidden(body: dict[str, Any], step: Step) -> Outcome:
    """The outcome of a 403: it concerns the account if the answer names it, otherwise the post."""
    detail = _words(body)
    if _names_account(body):
        return _not_allowed(body)
    if passing := _not_now(detail):
        return passing
    if "duplicate content" in detail:
        return Unknown(
            _(
                "X says that this text is already on the account. Publisher looks for it there "
                "before it counts the post as failed."
            ),
            duplicate=True,
        )
    if step is Step.PREPARE:
        return _picture_refused(body, Kind.PERMISSION)
    if _UNSEEN_PARENT in detail:
        return parent_gone()
    return _post_refused(body)


def _is_page_instead(answer: Answer) -> bool:
    """Whether a server in front of X refused the request, which X has not seen then."""
    return answer.status in _PAGE_INSTEAD and answer.body.lstrip().startswith("<")


def _walled(status: int) -> AccountSuspended:
    return AccountSuspended(
        Kind.UNAVAILABLE,
        _(
            "A server in front of X refuses this machine and shows a page instead ({status}). X "
            "has not seen the request. If this continues, look at X's status page, and ask the "
            "people who run this machine's network. {again}",
            status=named_status(status),
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _not_now(detail: str) -> AccountSuspended | None:
    """The outcome of a 403 that passes, whatever the account posts; None for any other."""
    if all(words in detail for words in _AUTOMATED):
        return AccountSuspended(
            Kind.POLICY,
            _(
                "X thinks that a machine writes this account's posts, and refuses them for now. "
                "If this continues, sign in to X with the account, look for a notice, and label "
                "it as automated in its settings. {again}",
                again=_(AGAIN),
            ),
            backoff=UNTIL_MENDED,
        )
    if _DAILY_LIMIT.search(detail):
        message = _("X accepts no more from this account for now. Publishing continues by itself.")
        return AccountSuspended(Kind.RATE_LIMIT, message, backoff=CAPPED)
    return None


def _not_prepared(status: int, body: dict[str, Any]) -> Refused | Deferred:
    """The outcome of a 4xx to an upload or an alternative text.

    X's uploads have been 404 for a while (its incident list, 29 January 2026): an error that is not
    the picture's passes, and does not stop posts without pictures.
    """
    if status in _FAULTS_OF_THE_POST:
        return _picture_refused(body, Kind.CONTENT)
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "X accepts no pictures at the moment ({status}). Nothing is public; Publisher will "
            "try again.",
            status=named_status(status),
        ),
    )


def _refused_for_its_time(answer: Answer) -> Deferred | None:
    """The outcome of a 401 when our clock is far off; None when it is not.

    X answers with code 135, "timestamp out of bounds", or with a plain 401 as for wrong keys.
    """
    ahead = answer.clock_ahead
    if ahead is None or abs(ahead) <= _OUT_OF_BOUNDS:
        return None
    return Deferred(
        Kind.CLOCK,
        _(
            "X did not accept the time of the request: the clock of this machine is wrong by "
            "more than a minute. Nothing was sent; publishing continues by itself when the clock "
            "is right again."
        ),
        # By the corrected clock; see `ClockCheck.objection`.
        again_at=answer.received_at - max(ahead, timedelta(0)) + _AGAIN,
    )


def _names_account(body: dict[str, Any]) -> bool:
    """Whether a 403 concerns the account or its app, not the post: by its type, then its words."""
    kind = str(body.get("type", "")).lower()
    return kind.endswith(_OF_THE_ACCOUNT) or bool(_ACCOUNT_IS.search(_words(body)))


def _post_refused(body: dict[str, Any]) -> Refused:
    """The outcome of a 403: a known fault of the post, or one that may be the account's."""
    detail = _words(body)
    for words, fault in _KNOWN_FAULTS:
        if words in detail:
            return replace(fault, message=_(fault.message))
    return Refused(
        Kind.CONTENT,
        _(
            "X refuses this post{says}. Check its length, links, mentions and pictures, then "
            "change the draft and queue it again. If X refuses other posts as well, sign in to X "
            "with the account and look for a notice.",
            says=_says(body),
        ),
    )


def _picture_refused(body: dict[str, Any], kind: Kind) -> Refused:
    """The refusal of a picture, or of all of them: posts without pictures may still go out."""
    return Refused(
        kind,
        _(
            "X does not accept a picture of this post{says}. Change it or leave it out, and "
            "queue the draft again. If X accepts no pictures at all, check the permissions of "
            "the app in its developer console.",
            says=_says(body),
        ),
    )


def _not_allowed(body: dict[str, Any]) -> AccountSuspended:
    return AccountSuspended(
        Kind.PERMISSION,
        _(
            "X does not let this account post{says}. Sign in to X with it, look for a notice, and "
            "check the app's permissions. {again}",
            says=_says(body),
            again=_(AGAIN),
        ),
        backoff=UNTIL_MENDED,
    )


def _too_many(answer: Answer, body: dict[str, Any]) -> AccountSuspended:
    if str(body.get("type", "")).lower().endswith("/usage-capped"):
        return AccountSuspended(
            Kind.PERMISSION,
            _(
                "The cap or the spending limit of the app on X is reached. Raise it in X's developer "
                "console; otherwise it ends with the billing cycle. {again}",
                again=_(AGAIN),
            ),
            backoff=CAPPED,
        )
    message = _("X accepts no more from this account for now. Publishing continues by itself.")
    until = _suspended_until(answer)
    return AccountSuspended(Kind.RATE_LIMIT, message, until, () if until else THROTTLED)


def _account(answer: Answer, body: dict[str, Any]) -> AccountSuspended | Deferred:
    if answer.status == 429:
        return _too_many(answer, body)
    if answer.status == 401 and (not_in_time := _refused_for_its_time(answer)):
        return not_in_time
    kind, says, again = Kind.PERMISSION, _says(body), _(AGAIN)
    match answer.status:
        case 401:
            kind = Kind.AUTH
            message = _(
                "X no longer accepts this account's keys. If this continues, put valid ones into "
                "secrets.toml, as `publisher help credentials` shows. {again}",
                again=again,
            )
        case 402:
            message = _(
                "The credits for X are used up. Buy new ones in X's developer console. {again}",
                again=again,
            )
        case 403:
            message = _(
                "X does not let this account read its own posts{says}. Sign in to X with it, look "
                "for a notice, and check the app's permissions. {again}",
                says=says,
                again=again,
            )
        case status:
            message = _(
                "X does not offer this to the account's app{says} ({status}). If this continues, "
                "check the app in X's developer console. {again}",
                says=says,
                status=named_status(status or 0),
                again=again,
            )
    return AccountSuspended(kind, message, backoff=UNTIL_MENDED)


def app_suspension(answer: Answer, step: Step) -> datetime | None:
    """Until when X takes no post from all accounts of the app; None if it does not say so.

    X counts each kind of request separately: its header after an upload is not about posts. The
    header is not documented, so it is trusted for a day only when X has refused the post; otherwise
    the other accounts of the app try again soon.
    """
    if step is not Step.PUBLISH or rate_limits.remaining(answer, rate_limits.APP_WINDOW) != 0:
        return None
    known = rate_limits.reset(answer, rate_limits.APP_WINDOW)
    if answer.status == 429:
        return known or answer.received_at + THROTTLED[0]
    return known and min(known, answer.received_at + DEFAULT_SUSPENSION)


def _suspended_until(answer: Answer) -> datetime | None:
    """When the used-up windows are reset; after a 429 the short window counts as used up."""
    used_up = [
        window
        for window in rate_limits.WINDOWS
        if rate_limits.remaining(answer, window) == 0
        or (answer.status == 429 and window == rate_limits.SHORT_WINDOW)
    ]
    resets = [rate_limits.reset(answer, window) for window in used_up]
    return max((reset for reset in resets if reset), default=None)


def _words(body: dict[str, Any]) -> str:
    """The whole text of a refusal, in lower case."""
    first = _first_error(body)
    told = (body.get("detail"), body.get("title"), first.get("message"), first.get("detail"))
    return " ".join(str(text) for text in told if text).lower()


def quoted(answer: Answer) -> str:
    """What X says in a refusal, for a message; empty if it says nothing."""
    return _says(mapping(parsed(answer.body)))


def _says(body: dict[str, Any]) -> str:
    first = _first_error(body)
    return quote(
        first.get("message") or first.get("detail") or body.get("detail") or body.get("title")
    )


def _first_error(body: dict[str, Any]) -> dict[str, Any]:
    errors = body.get("errors")
    return mapping(errors[0]) if isinstance(errors, list) and errors else {}


ANSWERS = Answers(
    "X",
    meaning,
    reading,
    rate_limits.limits,
    app_suspension,
    apart=frozenset({Step.PREPARE, Step.READ}),
)
"""Interprets X's answers."""


def owner(answer: Answer) -> Owner | AccountSuspended | Deferred:
    """The owner from the answer to `GET /2/users/me`."""
    data = mapping(mapping(parsed(answer.body)).get("data"))
    return owner_of(ANSWERS, answer, data, "username", "@")
