"""The parts of docs/ that are made from the code, each a function that gives Markdown."""

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import page as benchmarks
from publisher.agenda.ics_lines import CODES as CALENDAR_CODES
from publisher.base.i18n import LANGUAGES, _, speaking
from publisher.channels.registry import CAPABILITIES
from publisher.importers.columns import ROLES, TITLES
from publisher.importers.problems import CODES as IMPORT_CODES
from publisher.model.capabilities import Capabilities, GifLimits, Rate, VideoLimits
from publisher.model.outcomes import (
    CAPPED,
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Step,
    Unknown,
    Wire,
)
from publisher.model.problems import CODES
from publisher.model.states import MOVES, Role, State
from publisher.sandbox.fault_kinds import CHANGES, What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import NOT_EVERYWHERE, PLATFORMS
from tests.support.answers.judging import meaning

_NOW = datetime(2016, 3, 7, 8, tzinfo=UTC)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- docs/drafts.md ---------------------------------------------------------

QUEUE_CODES = {
    "cancelled": "Somebody cancelled the same text under the name of a draft that is gone.",
    "already-out": "The post, or its text, is out on the account; the draft changes nothing there.",
    "past": "The post's time and its expiry are over.",
    "embargo-after-expiry": "The embargo ends when the post has expired: it can never go out.",
    "media-damaged": "The picture, GIF or video is truncated or damaged.",
    "partly-out": "Parts of the thread are out, and the edit changes them.",
    "held": "Somebody holds the same text under the name of a draft that is gone.",
    "duplicate-text": "The same text is on the account's schedule, or out, from another draft.",
    "account-renamed": "The ledger has the post, or its text, for an account that is gone from "
    "publisher.toml; the account may be the same under a new name.",
    "may-be-out": "It was due before the ledger was restored from a backup, so it may be out: it "
    "becomes `uncertain`.",
    "sent-twice": "The post says `at: now`, and may be one that is out already under another name.",
    "no-mandate": "The account's mandate does not cover the author or the day.",
}
"""What the comparison with the ledger finds; the test compares the codes with the source."""


def codes_of_the_comparison() -> set[str]:
    """The codes that `publisher/planning/` gives to its problems."""
    calls = (
        node
        for path in sorted((Path(__file__).parents[2] / "publisher" / "planning").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    return {
        str(call.args[1].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("error", "warning", "add")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }


def problem_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in CODES.items()]
    return table(("code", "what it says"), rows)


def queue_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in QUEUE_CODES.items()]
    return table(("code", "what it says"), rows)


# --- docs/importing.md ------------------------------------------------------


def import_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in IMPORT_CODES.items()]
    return table(("code", "what it says"), rows)


def import_titles() -> str:
    rows = [
        (f"`{role}`", holds, ", ".join(title.replace("-", " ") for title in TITLES[role].split()))
        for role, holds in ROLES.items()
    ]
    return table(("role", "what it holds", "titles"), rows)


# --- docs/agenda.md ---------------------------------------------------------


def calendar_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in CALENDAR_CODES.items()]
    return table(("code", "what it says"), rows)


# --- docs/editors.md --------------------------------------------------------


def task() -> str:
    """Two matchers, because an editor knows the names of severities in English alone."""
    severities = {"error": "error:", "warning": "warning:"}
    matchers = [_matcher(severity, label) for severity, label in severities.items()]
    task = {
        "label": "publisher check",
        "type": "shell",
        "command": "publisher check",
        "options": {"env": {"TERM": "dumb", "COLUMNS": "10000"}},
        "group": {"kind": "build", "isDefault": True},
        "presentation": {"reveal": "silent"},
        "problemMatcher": matchers,
    }
    text = json.dumps({"version": "2.0.0", "tasks": [task]}, indent=2, ensure_ascii=False)
    return f"```json .vscode/tasks.json\n{text}\n```"


def _matcher(severity: str, label: str) -> dict[str, Any]:
    """`label` is what stands before a message of this severity, in English."""
    words = []
    for language in LANGUAGES:
        with speaking(language):
            words.append(_(label).rstrip(":\N{NO-BREAK SPACE}"))
    names = "|".join(dict.fromkeys(words))
    return {
        "owner": f"publisher-{severity}",
        "fileLocation": ["relative", "${workspaceFolder}"],
        "severity": severity,
        "pattern": {
            "regexp": rf"^(\S.*?):(\d+):(\d+): (?:{names})\s?: (.*) \[([\w-]+)\]$",
            "file": 1,
            "line": 2,
            "column": 3,
            "message": 4,
            "code": 5,
        },
    }


# --- docs/states.md ---------------------------------------------------------

_S = State
_HOLD = "Its agenda item is cancelled, or a consent has ended; the draft was queued again; or `publisher hold`."
_CANCEL = "Its draft is gone, no longer names the account, or has no time; or `publisher cancel`."
_EXPIRED = "Its expiry has passed."
_FORGOTTEN = (
    "The ledger was restored from a backup, and the draft names a time between the two: it may be "
    "out. A person decides."
)
_FORGOTTEN_TOO = (
    "The ledger was restored from a backup, and it was due between the two, by the ledger or by its "
    "draft: it may have been let go, and be out. A person decides."
)
_ON_ITS_OWN = "The platform made it public on its own."
_REASONS: dict[tuple[State, State], str] = {
    (_S.AWAITING_APPROVAL, _S.SCHEDULED): "It is approved; or "
    "approval is no longer required, and the draft was queued again.",
    (_S.AWAITING_APPROVAL, _S.HELD): _HOLD,
    (_S.AWAITING_APPROVAL, _S.CANCELLED): _CANCEL,
    (_S.AWAITING_APPROVAL, _S.MISSED): _EXPIRED,
    (_S.AWAITING_APPROVAL, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.AWAITING_APPROVAL, _S.REJECTED): "`publisher reject`.",
    (_S.REJECTED, _S.AWAITING_APPROVAL): "Its draft was edited and queued again; or the rejection "
    "was taken back.",
    (_S.REJECTED, _S.SCHEDULED): "The same, where no approval is required; or it is approved after "
    "all.",
    (_S.REJECTED, _S.HELD): "Its agenda item is cancelled, or a consent has ended; the draft was "
    "queued again.",
    (_S.REJECTED, _S.CANCELLED): _CANCEL,
    (_S.REJECTED, _S.MISSED): _EXPIRED,
    (_S.REJECTED, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.SCHEDULED, _S.REJECTED): "`publisher reject`, of what was approved or needs no approval; "
    "or the approval of what was rejected was taken back.",
    (_S.SCHEDULED, _S.AWAITING_APPROVAL): "Approval is required now, and the draft was queued "
    "again; or the approval was taken back.",
    (_S.SCHEDULED, _S.HELD): _HOLD,
    (_S.SCHEDULED, _S.CANCELLED): _CANCEL,
    (_S.SCHEDULED, _S.MISSED): _EXPIRED,
    (_S.SCHEDULED, _S.PUBLISHING): "It falls due within fifteen seconds: a worker gets it.",
    (_S.SCHEDULED, _S.UNCERTAIN): "It was due after the backup that the ledger was restored from, "
    "by the ledger or by its draft: it may be out; or the platform made an earlier text public. A person decides.",
    (_S.PUBLISHING, _S.SCHEDULED): "It is certain that it is not out, and it may go out later: the "
    "account is paused or held, the platform could not be reached, or the worker or the broker "
    "died before anything was sent.",
    (_S.PUBLISHING, _S.AWAITING_APPROVAL): "A worker had it in hand, nothing of it was out, and "
    "the draft was edited and queued again, where approval is required.",
    (_S.PUBLISHING, _S.REJECTED): "A worker had it in hand, nothing of it was out, and it was "
    "rejected.",
    (_S.PUBLISHING, _S.HELD): "A worker had it in hand, nothing of it was out, and its agenda "
    "item was cancelled, a consent ended, a person held it, or, while it was sent, its draft was "
    "edited.",
    (_S.PUBLISHING, _S.CANCELLED): "A worker had it in hand, nothing of it was out, and it was "
    "cancelled, or its draft is gone.",
    (_S.PUBLISHING, _S.PUBLISHED): "The platform took it, the last part included.",
    (_S.PUBLISHING, _S.FAILED): "The platform refused it for good.",
    (_S.PUBLISHING, _S.MISSED): "Its expiry passed while it was made ready.",
    (_S.PUBLISHING, _S.UNCERTAIN): "It may be out or not: no answer, an answer that cannot be "
    "read, or a worker that died while it was sending.",
    (_S.UNCERTAIN, _S.PUBLISHED): "It was found on the platform, whole; or somebody looked, and it "
    "is there: `publisher resolve`.",
    (
        _S.UNCERTAIN,
        _S.SCHEDULED,
    ): "It was not there, in two readings after the settling time; or a part was "
    "found, and more are to come; or somebody looked, and it is not there: `publisher retry`.",
    (
        _S.UNCERTAIN,
        _S.FAILED,
    ): "The platform called its text a duplicate, and it is not among the newer posts.",
    (_S.UNCERTAIN, _S.AWAITING_APPROVAL): "It is not out, or not all of it, and nobody has "
    "approved it yet.",
    (_S.UNCERTAIN, _S.REJECTED): "It is not out, or not all of it, and was rejected while it might "
    "have been.",
    (_S.UNCERTAIN, _S.HELD): "It is not out, or not all of it, and while it might have been, its "
    "agenda item was cancelled, a consent ended, a person held it, or its draft was edited.",
    (_S.UNCERTAIN, _S.CANCELLED): "It is not out, or not all of it, and was cancelled while it "
    "might have been, or its draft is gone.",
    (_S.HELD, _S.SCHEDULED): "The reason is gone, and the draft was queued again; or `publisher "
    "release`.",
    (_S.HELD, _S.AWAITING_APPROVAL): "The same, where approval is required.",
    (_S.HELD, _S.CANCELLED): _CANCEL,
    (_S.HELD, _S.MISSED): _EXPIRED,
    (_S.HELD, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.FAILED, _S.SCHEDULED): "The draft was mended and queued again; or `publisher retry`.",
    (_S.FAILED, _S.AWAITING_APPROVAL): "The draft was mended and queued again, where approval is "
    "required.",
    (_S.FAILED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.MISSED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.CANCELLED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.FAILED, _S.CANCELLED): "`publisher cancel`.",
    (_S.MISSED, _S.SCHEDULED): "The draft got a new time, or a longer `expires`, and was queued "
    "again.",
    (_S.MISSED, _S.AWAITING_APPROVAL): "The same, where approval is required.",
    (_S.CANCELLED, _S.SCHEDULED): "The draft is back, or names the account again, and was queued; "
    "or `publisher retry`.",
    (_S.CANCELLED, _S.AWAITING_APPROVAL): "The draft is back and was queued, where approval is "
    "required.",
    (_S.FAILED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.MISSED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.CANCELLED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.AWAITING_APPROVAL, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.REJECTED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.SCHEDULED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.HELD, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.FAILED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.MISSED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.CANCELLED, _S.PUBLISHED): _ON_ITS_OWN,
    (
        _S.PUBLISHED,
        _S.WITHDRAWN,
    ): "`publisher withdraw`: it is deleted from the platform, on record. A worker, where that was "
    "not confirmed at once and succeeded later.",
    (_S.FAILED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
    (_S.MISSED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
    (_S.CANCELLED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
}
_BY_ITSELF = frozenset({Role.DISPATCHER, Role.WORKER, Role.RECONCILER})
_BY_PEOPLE = frozenset({Role.QUEUE, Role.MANAGER})


def states_by_itself() -> str:
    return _diagram(_BY_ITSELF, start=False)


def states_by_people() -> str:
    return _diagram(_BY_PEOPLE, start=True)


def _diagram(roles: frozenset[Role], *, start: bool) -> str:
    moves = [
        (number, source, target)
        for number, ((source, target), movers) in enumerate(MOVES.items(), 1)
        if movers & roles
    ]
    used = {state for _, source, target in moves for state in (source, target)}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state}" as {_name(state)}' for state in State if state in used]
    if start:
        first = (State.SCHEDULED, State.AWAITING_APPROVAL, State.HELD, State.UNCERTAIN)
        lines += [f"    [*] --> {_name(state)}" for state in first]
    lines += [f"    {_name(source)} --> {_name(target)}: {n}" for n, source, target in moves]
    return "\n".join([*lines, "```"])


def _name(state: State) -> str:
    return state.replace("-", "_")


def moves() -> str:
    rows = [
        (str(number), f"`{source}`", f"`{target}`", ", ".join(sorted(roles)), _REASONS[move])
        for number, (move, roles) in enumerate(MOVES.items(), 1)
        for source, target in [move]
    ]
    return table(("", "from", "to", "who", "when"), rows)


# --- docs/architecture.md ----------------------------------------------------


def layers() -> str:
    """The packages, layer by layer, each with the first sentence that it says of itself."""
    root = Path(__file__).parents[2]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    first = tomllib.loads(text)["tool"]["importlinter"]["contracts"][0]
    rows = [
        (str(number) if place == 0 else "", f"`{name.replace('.', '/')}`", _first_line(root, name))
        for number, layer in zip(range(len(first["layers"]), 0, -1), first["layers"], strict=True)
        for place, name in enumerate(re.findall(r"[\w.]+", layer))
    ]
    return table(("layer", "package", ""), rows)


def _first_line(root: Path, module: str) -> str:
    path = root / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    told = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return told.partition("\n")[0]


# --- docs/adding-a-channel.md -----------------------------------------------

_COUNTED = {
    "weighted": "as X weighs them",
    "characters": "in characters",
    "shortened": "as Mastodon shortens them",
    "graphemes": "in characters as people see them",
}


def _sent_twice(can: Capabilities) -> str:
    if can.repeats_safely:
        return "is there once: the second request is refused"
    return "takes its own place" if can.replaces_itself else "is there twice"


_FEATURES: tuple[tuple[str, Callable[[Capabilities], str]], ...] = (
    ("longest text", lambda c: f"{c.max_length:,}"),
    ("counted", lambda c: _COUNTED[c.counting]),
    ("longest in bytes", lambda c: f"{c.max_bytes:,}" if c.max_bytes else "no limit besides"),
    ("threads", lambda c: "yes" if c.threads else "no: the parts are joined with a blank line"),
    (
        "`link:`",
        lambda c: {
            "appended": "at the end of the last part's text",
            "attached": "beside the text",
            "attached-alone": "beside the text; at its end if there are pictures",
        }[c.link],
    ),
    ("pictures in a post", lambda c: f"up to {c.max_pictures}"),
    ("types of picture", lambda c: ", ".join(sorted(t[6:].upper() for t in c.picture_types))),
    ("a picture's file", lambda c: f"up to {c.picture_max_bytes / 1_000_000:.3g} MB"),
    ("alternative text", lambda c: f"up to {c.alt_text_max:,} characters"),
    ("animated GIFs", lambda c: _gifs(c.gifs) if c.gifs else "no"),
    ("videos", lambda c: _videos(c.videos) if c.videos else "no"),
    ("alternative text of videos", lambda c: "yes" if c.videos_have_alt_texts else "no"),
    ("its length, and a GIF's", lambda c: f"up to {c.motion_alt_text_max or c.alt_text_max:,}"),
    ("content warning", lambda c: "yes" if c.content_warnings else "no"),
    (
        "a GIF or video",
        lambda c: "is all that a post shows" if c.motion_stands_alone else "may stand among others",
    ),
    ("made unseen before its time", lambda c: "yes" if c.prepares_posts else "no"),
    ("made at its instant instead", lambda c: "yes" if c.can_create_at_once else "no"),
    (
        "cashtags in a post",
        lambda c: "any number" if c.max_cashtags is None else f"up to {c.max_cashtags}",
    ),
    ("posts that fit", lambda c: ", ".join(map(_rate, c.rates)) or "none documented"),
    ("pictures without text", lambda c: "yes" if c.may_be_empty_with_picture else "no"),
    ("sent twice", _sent_twice),
    (
        "after a lost answer",
        lambda c: (
            "is sent again at once" if c.repeats_safely else "waits until the platform settles"
        ),
    ),
)


def _rate(rate: Rate) -> str:
    hours, minutes = rate.window // timedelta(hours=1), rate.window // timedelta(minutes=1)
    window = f"{hours} hours" if hours else f"{minutes} minutes"
    return f"{rate.posts:,} of {'an app' if rate.of_app else 'an account'} in {window}"


def _gifs(limits: GifLimits) -> str:
    return f"up to {limits.max_frames} frames and {limits.max_bytes // 1_000_000} MB"


def _videos(limits: VideoLimits) -> str:
    return (
        f"{limits.min_seconds:g} to {limits.max_seconds:g} seconds, up to {limits.max_long_side} x "
        f"{limits.max_short_side} and {limits.max_rate} pictures a second"
    )


def capabilities() -> str:
    rows = [(name, *(show(found) for found in CAPABILITIES.values())) for name, show in _FEATURES]
    return table(("", *(f"`{channel}`" for channel in CAPABILITIES)), rows)


# --- docs/sandbox.md --------------------------------------------------------

_FAULTS: dict[What, str] = {
    What.DUPLICATE: "the text is there already",
    What.REPLY_NOT_ALLOWED: "replying is not allowed: a thread stops",
    What.NOT_FOUND: "404 in the platform's own words: it does not find the post, though it is there",
    What.FORBIDDEN: "the app may not do this",
    What.SUSPENDED: "the account is suspended, or blocked for breaking rules",
    What.CREDITS_DEPLETED: "402: no credits are left",
    What.LOCKED: "403: the account is locked until somebody signs in",
    What.USAGE_CAPPED: "429: the app's cap or spending limit is reached",
    What.TOO_OFTEN: "error 368: posting too often, to be tried again later",
    What.ALREADY_POSTED: "error 368: the text is there already",
    What.LINK_UNREAD: "error 100: the page that the post links to cannot be read",
    What.ANSWER: "any answer: `status`, `body`, `headers`",
    What.RATE_LIMIT: "the limit is used up for `seconds` (900)",
    What.DAILY_LIMIT: "the app's limit of 24 hours is used up",
    What.BAD_RESET: "the limit is used up, and nobody can read until when",
    What.BAD_REQUEST: "the request is refused as wrong",
    What.UNAUTHORISED: "the keys or the token are not accepted",
    What.TOKEN_DEAD: "error 190 with `subcode` 463 (expired) or another",
    What.GRAPH_ERROR: "any error of the Graph API: `code`, and `subcode` if you like",
    What.SERVER_ERROR: "`status` 500, 502, 503 or 504 in the platform's own manner",
    What.HTML: "an HTML page with `status` 502, as from a machine in between",
    What.NO_ERROR: "a 500 whose JSON names no error",
    What.REDIRECT: "a 302 to a place that says yes to everything",
    What.NOT_JSON: "success, with a body that is no JSON",
    What.EMPTY: "success, without a body",
    What.HANG_UP: "the connection is reset",
    What.CUT: "the connection ends in the middle of the answer",
    What.HANG: "no answer, ever",
    What.LATE: "no answer, and carried out `seconds` (0.9) after the client gave up",
    What.SLOW: "the answer comes `seconds` (0.2) later",
    What.LAG: "a timeline that is read is `seconds` (5) behind",
    What.USAGE: "the headers claim that `percent` (97) of the limit is used",
    What.PROCESSING_FAILED: "the GIF or video of this upload fails",
    What.WRONG_DATE: "the answer's `Date` is `seconds` (3600) ahead of the time; negative: behind",
    What.OVERLOAD: "requests wait in line, each `seconds` (1) behind the one before, and are carried "
    "out whether somebody still waits or not",
    What.YOUNG_PARENT: "nobody may reply to a post that is younger than `seconds` (8)",
    What.SELF_MENTION: "a timeline shows a reply with the account's own name before it",
    What.AUTO_PUBLISH: "a post that was to stay unpublished is public at once; with `shows` only a `text`, a `link` or a `photo`",
    What.IGNORED: "success, and nothing is changed, made public or deleted; of X's requests a deletion alone",
    What.ALREADY_PUBLISHED: "to make public what is public already is refused",
    What.NO_FIELDS: "the answer to a `POST` lacks the `fields` that it was asked for",
    What.FIELDS_DENIED: "a `POST` that asks for `fields` is answered with error 10, and carried out all the same",
    What.KEYS_IGNORED: "a status is posted whatever its idempotency key, as by servers of another make",
    What.KEY_RACE: "the idempotency key is kept `seconds` (0.2) after the status is posted, as before Mastodon 4.6",
    What.REPEAT_FAILS: "a repeat with its idempotency key answers with status 500, as in Mastodon 4.6 before September 2026",
    What.OTHER_LIMITS: "the server takes 1,000 characters, and says so",
    What.PROCESSING_SLOW: "the processing of this video takes `seconds` (30) longer",
    What.VIDEO_LIMIT: "the account may upload no more videos today",
    What.RENAMED: "a profile has another handle and name",
    What.AVATAR_CHANGED: "a profile has another picture",
    What.AVATAR_NONE: "a profile has no picture",
    What.AVATAR_MISSING: "a profile's picture answers with a 404",
    What.AVATAR_HUGE: "a profile's picture has 2 MB",
    What.AVATAR_BROKEN: "a profile's picture is none: its bytes end in the middle",
    What.AVATAR_REDIRECT: "a profile's picture answers with a 302 to another host",
    What.AVATAR_ELSEWHERE: "the address of a profile's picture is another host's",
}


def faults() -> str:
    return table(("`what`", "where", "what happens", "is the request carried out?"), _faults())


def _faults() -> Iterator[tuple[str, ...]]:
    for what in What:
        places = [spec.title for spec in PLATFORMS.values() if what in spec.faults]
        where = ", ".join(places) if what in NOT_EVERYWHERE else "all"
        code = 1 if what is What.GRAPH_ERROR else None
        status = 200 if what is What.ANSWER else None
        commits = (
            Fault(what=what, code=code, status=status).commits
            or what in CHANGES
            or what is What.LATE
        )
        yield f"`{what}`", where, _FAULTS[what], "yes" if commits else "no"


def endpoints() -> str:
    rows = [
        (f"`{operation.name}`", operation.channel, f"`{operation.method} {operation.path}`")
        for spec in PLATFORMS.values()
        for operation in spec.operations
    ]
    return table(("`endpoint`", "`channel`", "request"), rows)


# --- docs/reliability.md ----------------------------------------------------

Answers = tuple[Answer, ...]
_CUT = Answer(Wire.NO_ANSWER, _NOW, reason="connection reset")
_NO_WAY = Answer(Wire.NOT_SENT, _NOW, reason="connection refused")


def _x(*statuses: int, headers: dict[str, str] | None = None, **body: object) -> Answers:
    text = json.dumps(body)
    return tuple(Answer(Wire.ANSWERED, _NOW, s, headers or {}, text) for s in statuses)


def _fb(*codes: int, subcode: int | None = None, status: int = 400, usage: str = "") -> Answers:
    errors = [{"code": code, "error_subcode": subcode, "message": ""} for code in codes]
    headers = {"x-business-use-case-usage": usage}
    return tuple(
        Answer(Wire.ANSWERED, _NOW, status, headers, json.dumps({"error": error}))
        for error in errors
    )


def _sky(status: int, error: str, message: str = "?") -> Answers:
    body = json.dumps({"error": error, "message": message})
    return (Answer(Wire.ANSWERED, _NOW, status, {}, body),)


def _li(*statuses: int, code: str = "", message: str = "?") -> Answers:
    body = json.dumps({"code": code, "message": message})
    return tuple(Answer(Wire.ANSWERED, _NOW, status, {}, body) for status in statuses)


def _body(body: str, *statuses: int, usage: str = "") -> Answers:
    return tuple(Answer(Wire.ANSWERED, _NOW, s, {"x-app-usage": usage}, body) for s in statuses)


_RESET = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(_NOW.timestamp()) + 599)}
_ABSURD = {"x-rate-limit-reset": "99999999999"}
_USED = '{"call_count":97}'
_REGAIN = '{"1":[{"call_count":100,"estimated_time_to_regain_access":30}]}'
_PERMISSION = (10, *range(200, 300))
_TRANSIENT = '{"error":{"code":999,"is_transient":true}}'
_X_ANSWERS: tuple[tuple[str, Answers], ...] = (
    ("201 with the post's id", _x(201, data={"id": "1"})),
    ("201, and the limit is used up for 10 minutes", _x(201, headers=_RESET, data={"id": "1"})),
    ("201 that cannot be read, or without an id", (*_body("OK", 201), *_x(201))),
    ("400, 413, 422", _x(400, 413, 422, title="Invalid Request")),
    ("401", _x(401)),
    ("402, no credits", _x(402, title="CreditsDepleted")),
    ("403, duplicate content", _x(403, detail="… duplicate content.")),
    ("403, reply not allowed", _x(403, detail="Reply to this conversation is not allowed")),
    ("403, reply to a deleted post", _x(403, detail="You attempted to reply to a Tweet …")),
    (
        "403 that names the account: suspended, locked, not enrolled",
        (
            *_x(403, detail="Your account is suspended."),
            *_x(403, type="https://api.x.com/2/problems/client-forbidden"),
        ),
    ),
    (
        "403, anything else",
        (*_x(403, detail="You are not permitted …"), *_x(403, detail="… invalid URL.")),
    ),
    ("404, and any other 4xx", _x(404, 405, 410, 451)),
    ("408, 409, 425", _x(408, 409, 425)),
    ("429 that names a time 10 minutes away", _x(429, headers=_RESET)),
    ("429 that names no time, or an absurd one", (*_x(429), *_x(429, headers=_ABSURD))),
    (
        "429 for a cap or a spending limit",
        _x(429, type="https://api.x.com/2/problems/usage-capped"),
    ),
    ("3xx, 5xx, whatever the body", (*_x(301, 302, 500, 502, 503, 504), *_body("<html>", 502))),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)
_FACEBOOK_ANSWERS: tuple[tuple[str, Answers], ...] = (
    ("status 200 with an id", _body('{"id":"1_2"}', 200)),
    ("status 200 with an id, and 95 % of a limit used", _body('{"id":"1_2"}', 200, usage=_USED)),
    ("status 200 without an id", _body('{"message":"?"}', 200)),
    (
        "error 1, 2, or one that calls itself transient",
        (*_fb(1, 2), *_fb(1, 2, status=500), *_body(_TRANSIENT, 400)),
    ),
    (
        "error 4, 17, 32, 341, 613, 80001; status 429",
        (*_fb(4, 17, 32, 341, 613, 80001), *_body("", 429)),
    ),
    ("the same, naming 30 minutes", _fb(4, usage=_REGAIN)),
    ("error 10, 200–299", _fb(*_PERMISSION, status=403)),
    ("error 100, and others with a status 4xx", _fb(100, 105, 2500)),
    ("error 100 with subcode 33: the post is gone", _fb(100, subcode=33)),
    ("error 102, 190: the token", (*_fb(102, 190), *_fb(190, subcode=463))),
    ("error 368: blocked, or posting too often", (*_fb(368), *_fb(368, subcode=1390008))),
    ("error 506, duplicate", _fb(506)),
    (
        "error 1609005, the link cannot be read",
        (*_fb(1609005), *_fb(100, subcode=1609005)),
    ),
    ("status 413", _body("", 413)),
    ("any other status without an error of the Graph API", _body("<html>", 302, 400, 500, 502)),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)


_LINKEDIN_ANSWERS: tuple[tuple[str, Answers], ...] = (
    ("400 for the post: too long, a picture that failed", _li(400, code="FIELD_LENGTH_TOO_LONG")),
    ("any other 400, 405, 422", (*_li(400, 405, 422, code="MISSING_FIELD"),)),
    ("400 while a picture is not processed", _li(400, code="MEDIA_ASSET_WAITING_UPLOAD")),
    ("401: the token", (*_li(401), *_li(401, code="EXPIRED_ACCESS_TOKEN"))),
    ("403 that names permissions", _li(403, code="ACCESS_DENIED")),
    ("403, anything else", _li(403, message="This page is restricted")),
    ("404, or 400 for the page's number", _li(404, code="NOT_FOUND")),
    ("413, 415", _li(413, 415)),
    ("422, duplicate", _li(422, message="Content is a duplicate of urn:li:share:1")),
    ("426: the version of the API has ended", _li(426, code="NONEXISTENT_VERSION")),
    ("429", (*_li(429), *_body("", 429))),
    ("408, 409, 425", _li(408, 409, 425)),
    (
        "3xx, 5xx; 4xx without an error of LinkedIn's",
        (*_li(302, 500, 502, 503, 504), *_body("<html>", 400, 401, 403, 404)),
    ),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)

_MASTODON_RESET = {"x-ratelimit-reset": (_NOW + timedelta(minutes=10)).isoformat()}


def _masto(*statuses: int, headers: dict[str, str] | None = None, **body: object) -> Answers:
    text = json.dumps(body or {"error": "Validation failed"})
    return tuple(Answer(Wire.ANSWERED, _NOW, s, headers or {}, text) for s in statuses)


_MASTODON_ANSWERS: tuple[tuple[str, Answers], ...] = (
    ("status 200 with an id", _masto(200, 202, id="1")),
    ("status 200 without an id, or that cannot be read", (*_masto(200), *_body("OK", 200))),
    ("400, 413, 422", _masto(400, 413, 422)),
    ("401", (*_masto(401), *_body("", 401))),
    ("403, 410", _masto(403, 410)),
    ("404, and any other 4xx", _masto(404, 405, 406, 451)),
    ("4xx without an `error` in JSON, but 413", _body("<html>", 400, 403, 404, 405, 422)),
    ("408, 409, 425", _masto(408, 409, 425)),
    ("429 that names a time 10 minutes away", _masto(429, headers=_MASTODON_RESET)),
    ("429 that names no time, or an absurd one", _masto(429)),
    ("3xx, 5xx, whatever the body", (*_masto(301, 500, 502, 503), *_body("<html>", 502))),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)


def _wp(*statuses: int, code: str = "rest_invalid_param") -> Answers:
    return _body(json.dumps({"code": code, "message": ""}), *statuses)


_WORDPRESS_ANSWERS: tuple[tuple[str, Answers], ...] = (
    ("success, with the post as `publish`", _body('{"id":1,"status":"publish"}', 200)),
    ("success that cannot be read", _body("<html>", 200)),
    ("401 of WordPress: user, password, or who may use its API", _wp(401)),
    (
        "403 of WordPress: what the user may not do, or a plugin",
        (*_wp(403), *_wp(403, code="rest_cannot_publish")),
    ),
    ("404 of WordPress: no such path", _wp(404, code="rest_no_route")),
    ("any other 4xx of WordPress", _wp(400, 409)),
    ("413, or a request that PHP threw away", _body("<html>", 413)),
    ("a picture that is not taken, with any status", _wp(400, 500, code="rest_upload_error")),
    ("429", _body("<html>", 429)),
    (
        "403, 404, 405, 406 of a firewall or another page",
        _body("<html>", 403, 404, 405, 406),
    ),
    ("a redirect, or a password of the web server", _body("<html>", 301, 401)),
    ("5xx", (*_wp(500), *_body("<html>", 500, 502, 503))),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)


def answers_of_wordpress() -> str:
    return _answers("wordpress", _WORDPRESS_ANSWERS, Step.REVEAL)


def answers_of_mastodon() -> str:
    return _answers("mastodon", _MASTODON_ANSWERS, Step.PUBLISH)


def answers_of_x() -> str:
    return _answers("twitter", _X_ANSWERS, Step.PUBLISH)


def answers_of_facebook() -> str:
    return _answers("facebook", _FACEBOOK_ANSWERS, Step.REVEAL)


_BLUESKY_ANSWERS: tuple[tuple[str, Answers], ...] = (
    (
        "400 for the post: too long, not a record",
        _sky(400, "InvalidRequest", "Invalid app.bsky.feed.post record"),
    ),
    ("any other 400", _sky(400, "InvalidRequest")),
    (
        "`BlobTooLarge`, `PayloadTooLarge`",
        (*_sky(400, "BlobTooLarge"), *_sky(413, "PayloadTooLarge")),
    ),
    ("`BlobNotFound`, `InvalidSwap`", (*_sky(400, "BlobNotFound"), *_sky(400, "InvalidSwap"))),
    ("`ExpiredToken`, `InvalidToken`", (*_sky(400, "ExpiredToken"), *_sky(400, "InvalidToken"))),
    ("401, `AccountNotFound`", (*_sky(401, "AuthMissing"), *_sky(403, "AccountNotFound"))),
    (
        "`AccountTakedown`, `AccountDeactivated`",
        (*_sky(401, "AccountTakedown"), *_sky(401, "AccountDeactivated")),
    ),
    ("any other 403", _sky(403, "Forbidden")),
    ("429", (*_sky(429, "RateLimitExceeded"), *_body("", 429))),
    ("a record with this key exists (500)", _sky(500, "InternalServerError")),
    (
        "3xx, 5xx; 4xx without an error of Bluesky's",
        (*_body("", 302), *_sky(502, "UpstreamFailure"), *_body("<html>", 400, 401, 403, 404, 500)),
    ),
    ("refused connection, no address, no TLS", (_NO_WAY,)),
    ("time-out or reset after sending began", (_CUT,)),
)


def answers_of_bluesky() -> str:
    return _answers("bluesky", _BLUESKY_ANSWERS, Step.REVEAL)


def answers_of_linkedin() -> str:
    return _answers("linkedin", _LINKEDIN_ANSWERS, Step.PUBLISH)


def _answers(channel: str, answers: Iterable[tuple[str, Answers]], step: Step) -> str:
    rows = [
        (
            name,
            _common({_effect(meaning(channel, a, Step.PREPARE), public=False) for a in alike}),
            _common({_effect(meaning(channel, a, step), public=True) for a in alike}),
        )
        for name, alike in answers
    ]
    return table(("answer", "while it is made ready", "when it is made public"), rows)


def _common(effects: set[str]) -> str:
    """The one effect that answers in one row have; ValueError where they belong into two rows."""
    (effect,) = effects
    return effect


def _effect(outcome: Outcome, *, public: bool) -> str:
    match outcome:
        case Accepted():
            rests = public and (outcome.suspended_until or outcome.backoff)
            rest = _until(outcome.suspended_until, outcome.backoff) if rests else ""
            return ("`published`" if public else "goes on") + (
                f"; then the account {rest}" if rest else ""
            )
        case Refused():
            return f"`failed` ({outcome.kind})"
        case Deferred() if outcome.most:
            return f"`scheduled`, tried again; after {outcome.most} tries `failed` ({outcome.kind})"
        case Deferred():
            return "`scheduled`, tried again"
        case AccountSuspended():
            return f"`scheduled`; the account {_until(outcome.until, outcome.backoff)} ({outcome.kind})"
        case Unknown():
            return "`uncertain`"


def _until(until: datetime | None, backoff: tuple[timedelta, ...]) -> str:
    if until and not backoff:
        return f"is suspended for {round((until - _NOW).total_seconds() / 60)} minutes"
    return {
        THROTTLED: "is suspended for 30 s, 1, 2, 4 … minutes",
        UNTIL_MENDED: "is suspended for 1, 5, 15, 30 minutes, and a person is called",
        CAPPED: "is suspended, tried again every 30 minutes, and a person is called",
    }[backoff]


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "drafts.md": {"problem-codes": problem_codes, "queue-codes": queue_codes},
    "importing.md": {"import-codes": import_codes, "import-titles": import_titles},
    "states.md": {
        "states-by-itself": states_by_itself,
        "states-by-people": states_by_people,
        "moves": moves,
    },
    "editors.md": {"task": task},
    "agenda.md": {"calendar-codes": calendar_codes},
    "architecture.md": {"layers": layers},
    "adding-a-channel.md": {"capabilities": capabilities},
    "sandbox.md": {"faults": faults, "endpoints": endpoints},
    "reliability.md": {
        "answers-of-x": answers_of_x,
        "answers-of-facebook": answers_of_facebook,
        "answers-of-linkedin": answers_of_linkedin,
        "answers-of-mastodon": answers_of_mastodon,
        "answers-of-bluesky": answers_of_bluesky,
        "answers-of-wordpress": answers_of_wordpress,
    },
    "benchmarks.md": dict(benchmarks.PARTS),
}
"""The generated parts by page and by the name in their markers."""
