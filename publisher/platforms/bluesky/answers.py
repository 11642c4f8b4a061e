"""Bluesky's answers and what they mean.

Sources: the lexicons of com.atproto.repo and com.atproto.server, the XRPC specification, and the
reference server (@atproto/pds), which answers with status 500 when a record with that key exists.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from publisher.base.i18n import _, later
from publisher.channels.answers import (
    AGAIN,
    Answers,
    credible,
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
    Unknown,
    Wire,
)
from publisher.platforms.bluesky import rate_limits

_EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
_LOCKED = {
    "AccountTakedown": later("has taken this account down"),
    "RepoTakendown": later("has taken this account down"),
    "AccountSuspended": later("has suspended this account"),
    "RepoSuspended": later("has suspended this account"),
    "AccountDeactivated": later("says that this account is deactivated"),
    "RepoDeactivated": later("says that this account is deactivated"),
}
_TOO_BIG = frozenset({"BlobTooLarge", "PayloadTooLarge", "InvalidSize"})
_UNCLEAR = frozenset({408, 409, 425, 499})
"""Statuses that do not say whether the request was carried out."""
_UPSTREAM = frozenset({"UpstreamTimeout", "UpstreamFailure"})
"""Errors of a server that passed the request on."""
_MISSING_FILE = frozenset({"BlobNotFound"})
_NO_ACCOUNT = frozenset({"AccountNotFound", "RepoNotFound"})
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,250}")
"""atproto.com/specs/did"""
_POST = re.compile(
    rf"at://(?P<did>{_DID.pattern})/app\.bsky\.feed\.post/(?P<key>[A-Za-z0-9_-]{{1,100}})"
)
_OF_THE_WORDS = re.compile(
    r"Invalid app\.bsky\.feed\.post record: (Record/text\b|.{1,200} at \$\.text$)"
)
"""A server's refusal of words that its lexicon does not allow (its wording until 2025, and since).
Another field may be wrong in all posts.
"""


def meaning(answer: Answer, step: Step) -> Outcome:
    """The outcome of an answer from Bluesky."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    error = _error(body)
    if 200 <= status < 300:
        return _success(answer, step)
    if status == 429 or error == "RateLimitExceeded":
        return _throttled(answer)
    is_clear = 400 <= status < 500 and status not in _UNCLEAR and error not in _UPSTREAM
    if not is_clear or not error:
        # A server names an error in every refusal: this answer is from another machine.
        what = _("Bluesky answered with {status} and gave no reason", status=named_status(status))
        if error:
            what = _("Bluesky had an internal error{says}", says=_says(body))
        return doubt(what, step)
    if error in _EXPIRED:
        return _renewed()
    if held := _account(status, error, body):
        return held
    return _refused(status, error, body)


def reading(answer: Answer) -> Reading:
    """The result of an answer that should show a record, or the account."""
    status, body = answer.status or 0, mapping(parsed(answer.body))
    error = _error(body)
    if 200 <= status < 300:
        found, did = key_of(body), did_of(body)
        if not found and not did:
            return unread(_("Bluesky gave an answer that Publisher cannot use"))
        return Accepted(found, address(str(body["uri"]))) if found else Accepted(did)
    if status == 429 or error == "RateLimitExceeded":
        return _throttled(answer)
    if 400 <= status < 500 and (held := _account(status, error, body)):
        return held
    if error == "RecordNotFound":
        return Unknown(_("Bluesky has no post with this key."))
    says = _says(body) or f" ({named_status(status)})"
    return unread(_("Bluesky refused{says}", says=says))


def is_missing(answer: Answer) -> bool:
    """Whether the account's server says that it has no record with this key."""
    body = mapping(parsed(answer.body))
    return _answered(answer, 400) and _error(body) == "RecordNotFound"


def is_expired(answer: Answer) -> bool:
    """Whether the server did nothing because the log-in has ended."""
    refused = _answered(answer, 400) or _answered(answer, 401)
    return refused and _error(mapping(parsed(answer.body))) in _EXPIRED


def is_without_file(answer: Answer) -> bool:
    """Whether the server did nothing because an uploaded file is gone."""
    return _answered(answer, 400) and _error(mapping(parsed(answer.body))) in _MISSING_FILE


def is_unknown_name(answer: Answer) -> bool:
    """Whether no account has the handle that was asked for."""
    body = mapping(parsed(answer.body))
    return _answered(answer, 400) and _error(body) in ("InvalidRequest", "HandleNotFound")


def is_not_found(answer: Answer) -> bool:
    """Whether the app view says that there is no such post."""
    return _answered(answer, 400) and _error(mapping(parsed(answer.body))) == "NotFound"


def did_of(body: dict[str, Any]) -> str:
    """The permanent id of an account; empty when it is not one."""
    did = body.get("did")
    return did if isinstance(did, str) and _DID.fullmatch(did) else ""


def key_of(told: dict[str, Any]) -> str:
    """The key in a record's `at://` address; empty when there is none."""
    uri = told.get("uri")
    return identifier(uri.rpartition("/")[2]) if isinstance(uri, str) and uri[:5] == "at://" else ""


def post_of(uri: str) -> tuple[str, str]:
    """The DID and the key in a post's `at://` address; both empty for anything else."""
    found = _POST.fullmatch(uri)
    return (found["did"], found["key"]) if found else ("", "")


def address(uri: str) -> str:
    """The public address of a post, by its `at://` one: with the DID, which outlives a handle."""
    did, _slash, path = uri.removeprefix("at://").partition("/")
    return f"https://bsky.app/profile/{did}/post/{path.rpartition('/')[2]}"


def created_at(record: dict[str, Any]) -> datetime | None:
    """`createdAt` as an instant; None when it is not credible."""
    try:
        instant = datetime.fromisoformat(str(record.get("createdAt")))
    except ValueError:
        return None
    return credible(instant) if instant.tzinfo else None


def _success(answer: Answer, step: Step) -> Outcome:
    body = parsed(answer.body)
    told = mapping(body)
    if step is Step.WITHDRAW:
        is_confirmed = isinstance(body, dict)  # also where there was nothing to delete
        return Accepted("") if is_confirmed else _unclear(step)
    if step is Step.PREPARE:
        cid = identifier(mapping(mapping(told.get("blob")).get("ref")).get("$link"))
        return Accepted(cid) if cid else _unclear(step)
    results = told.get("results")
    written = [mapping(one) for one in results] if isinstance(results, list) else []
    keys = [key_of(one) for one in written]
    if not keys or not all(keys):
        return _unclear(step)
    until = rate_limits.reset(answer) if rate_limits.remaining(answer) == 0 else None
    first = address(str(written[0]["uri"]))
    return Accepted(keys[0], first, suspended_until=until, following=tuple(keys[1:]))


def _unclear(step: Step) -> Outcome:
    return doubt(_("Bluesky reported success, but not what it did"), step)


def _error(body: dict[str, Any]) -> str:
    return identifier(body.get("error"))


def _says(body: dict[str, Any]) -> str:
    return quote(body.get("message") or body.get("error"))


def _answered(answer: Answer, status: int) -> bool:
    return answer.wire is Wire.ANSWERED and answer.status == status


def _renewed() -> Deferred:
    message = _("The login at Bluesky has ended. Publisher renews it and tries the post again.")
    return Deferred(Kind.AUTH, message)


def _throttled(answer: Answer) -> AccountSuspended:
    message = _(
        "Bluesky accepts no more from this account for now. Publishing continues by itself."
    )
    until = rate_limits.reset(answer)
    return AccountSuspended(Kind.RATE_LIMIT, message, until, () if until else THROTTLED)


def _account(status: int, error: str, body: dict[str, Any]) -> AccountSuspended | None:
    """The refusals that concern the account: each may pass, and needs a person if it lasts."""
    if error in _EXPIRED:
        return None
    if error in _LOCKED:
        message = _(
            "Bluesky {says}. Log in to the app and do what it asks. {again}",
            says=_(_LOCKED[error]),
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.POLICY, message, backoff=UNTIL_MENDED)
    if error == "AuthFactorTokenRequired":
        message = _(
            "Bluesky asks for a code from an e-mail, so the password is the account's own. Make "
            "an app password and put it into secrets.toml, as `publisher help credentials` "
            "shows. {again}",
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)
    if status == 401 or error in _NO_ACCOUNT:
        message = _(
            "Bluesky does not accept this account's identifier and app password{says}. If this "
            "continues, make a new app password and put it into secrets.toml, as `publisher help "
            "credentials` shows. {again}",
            says=_says(body),
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)
    return None


def _refused(status: int, error: str, body: dict[str, Any]) -> Outcome:
    says = _says(body)
    if error in _TOO_BIG or status == 413:
        return Refused(
            Kind.CONTENT,
            _(
                "A picture or video of this post is too big for Bluesky. Use a smaller one and "
                "queue the draft again."
            ),
            of_post=error in _TOO_BIG,
        )
    if error in _MISSING_FILE:
        return Deferred(
            Kind.UNAVAILABLE,
            _("Bluesky no longer has a picture or video of this post. Publisher uploads it again."),
        )
    if error == "InvalidSwap":
        return Deferred(
            Kind.UNAVAILABLE,
            _("The account was changed at the same moment. Publisher tries again."),
        )
    names_words = _OF_THE_WORDS.match(str(body.get("message", "")))
    kind = Kind.PERMISSION if status == 403 else Kind.CONTENT
    return Refused(
        kind,
        _("Bluesky refuses this post{says}. Change the draft and queue it again.", says=says),
        of_post=bool(names_words) or error == "InvalidMimeType",
    )


def _no_app(_answer: Answer, _step: Step) -> None:
    """Until when all accounts of an app are suspended: Bluesky has no apps."""


ANSWERS = Answers(
    "Bluesky", meaning, reading, rate_limits.limits, _no_app, apart=frozenset({Step.PREPARE})
)
"""Interprets Bluesky's answers."""


def without_session(answer: Answer) -> Outcome:
    """The outcome of a post that waits for a log-in: the limit of log-ins holds the account.

    It is counted by itself, so it is no limit of requests or uploads.
    """
    outcome = ANSWERS.judge(answer, Step.PREPARE)
    if isinstance(outcome, AccountSuspended) and outcome.kind is Kind.RATE_LIMIT:
        outcome = ANSWERS.judge(answer, Step.REVEAL)
    return replace(outcome, limits=())
