"""What takes bytes from outside, as functions of bytes alone, for a search that coverage guides.

None may raise anything but what it says; atheris calls whatever else comes out a crash.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from publisher.base.clock import parse_duration
from publisher.drafts import draft, text_files, text_length, yaml_tree
from publisher.drafts.session import Session
from publisher.drafts.surroundings import Surroundings
from publisher.model.accounts import Account
from publisher.model.content import Part
from publisher.model.outcomes import Accepted, Answer, Step, Wire
from publisher.model.problems import Findings
from publisher.platforms.twitter import timeline
from tests.support.answers.judging import meaning

NOW = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_ACCOUNTS = {
    name: Account(name=name, channel=channel)
    for name, channel in (("bice-x", "twitter"), ("bice-page", "facebook"))
}
_AROUND = Surroundings(
    posts=Path("/nowhere/posts"),
    session=Session(),
    consents={},
    accounts=_ACCOUNTS,
)


def read_draft(data: bytes) -> None:
    findings = Findings("posts/a.fr.md")
    text = text_files.decode(data, findings)
    post = draft.parse(text, "a.fr", _AROUND, findings) if text is not None else None
    assert post or findings.errors
    _AROUND.opened([post] if post else [])
    lines = (text or "").split("\n")
    for problem in findings.problems if text is not None else ():
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem


def read_yaml(data: bytes) -> None:
    findings = Findings("posts/session.yaml")
    text = text_files.decode(data, findings)
    if text is not None:
        yaml_tree.compose(text, findings)


def count_text(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    assert 0 <= text_length.length(text, "weighted") <= text_length.URL_LENGTH * len(text)


def read_duration(data: bytes) -> None:
    try:
        parse_duration(data.decode("utf-8", "replace"))
    except ValueError:
        return


def read_answer(data: bytes) -> None:
    """Three bytes for channel, step and status, a line of headers as JSON, and the body."""
    channel = "twitter" if data[:1] < b"\x80" else "facebook"
    step = list(Step)[(data[1:2] or b"\0")[0] % len(Step)]
    status = 200 + 2 * (data[2:3] or b"\0")[0]
    line, _, body = data[3:].decode("utf-8", "replace").partition("\n")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    headers = (
        {str(name): str(entry) for name, entry in found.items()} if isinstance(found, dict) else {}
    )
    outcome = meaning(channel, Answer(Wire.ANSWERED, NOW, status, headers, body), step)
    if isinstance(outcome, Accepted):
        assert outcome.remote_id or step in (Step.REVEAL, Step.WITHDRAW, Step.READ)
    else:
        assert outcome.message.isprintable()


def read_timeline(data: bytes) -> None:
    if page := timeline.parse(data.decode("utf-8", "replace")):
        timeline.look_for(Part(text="Bonjour https://example.org/ & <"), page.posts, (), NOW)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "draft": read_draft,
    "yaml": read_yaml,
    "count": count_text,
    "duration": read_duration,
    "answer": read_answer,
    "timeline": read_timeline,
}
