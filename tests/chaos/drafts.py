"""What a run publishes: accounts on all channels, and drafts that are chosen by chance."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from PIL import Image

_X = tuple(f"voice-x{number}" for number in range(1, 6))
_PAGES = tuple(f"voice-page{number}" for number in range(1, 4))
_SITES = ("voice-site1", "voice-site2")
ACCOUNTS = {
    "twitter": _X,
    "facebook": _PAGES,
    "bluesky": ("voice-sky1", "voice-sky2"),
    "mastodon": ("voice-fedi1", "voice-fedi2"),
    "linkedin": ("voice-in1",),
    "wordpress": ("voice-wp1",),
    "site": _SITES,
}
_OPTIONS = {"facebook": "page_id", "linkedin": "organization_id"}
"""The option with the number of the Page or organisation, by channel."""

REQUEST_TIMEOUT = 2
"""Seconds, as whole as the setting wants them."""
SETTLE = 6
"""Seconds: longer than the latest request of `faults` and the lag of its timelines together, also
for a worker that stood still while it waited for the answer."""

_SETTINGS = """\
[delivery]
workers = 4
request_timeout = "{timeout}s"
settle = "{settle}s"
"""
_SESSION = """\
name: Chaos
timezone: America/Lima
defaults: {lang: en, expires: 4h}
"""
_PICTURES = 6
_WORDS = (
    "Every child has the right to be heard.",
    "Les enfants ont des droits & des rêves.",
    "Prawa dziecka są prawami człowieka: <zawsze>.",
    "🕊️ Los niños y las niñas tienen la palabra #HRC31",
    "Read more on https://www.example.org/rights?a=1&b=2",
)
KINDS = {
    "twitter": 26,
    "twitter thread": 10,
    "twitter picture": 7,
    "facebook": 6,
    "facebook link": 4,
    "facebook picture": 6,
    "bluesky": 6,
    "bluesky thread": 5,
    "bluesky picture": 3,
    "mastodon": 5,
    "mastodon thread": 4,
    "mastodon picture": 2,
    "linkedin": 3,
    "linkedin picture": 2,
    "wordpress": 3,
    "wordpress picture": 2,
    "site": 4,
    "everywhere": 2,
}
"""The kinds of drafts, and how many of a hundred are of each."""
_SHORT_LIVES = (6, 12, 20)  # seconds
_CORRECTED = 9  # one post in so many
_CORRECTED_AFTER = ((2.0, 10.0), (18.0, 28.0), (18.0, 28.0))
"""Seconds, as likely each. Workers look at a correction up to 15 seconds before its time: the first
ones while it is not known whether their post is out, and most of the others when it surely is.
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """One file of posts/."""

    name: str
    matter: Mapping[str, str]
    body: str
    deliveries: int

    def text(self) -> str:
        lines = "\n".join(f"{key}: {value}" for key, value in self.matter.items())
        return f"---\n{lines}\n---\n{self.body}\n"


def lay_out(folder: Path, accounts: Mapping[str, Sequence[str]] = ACCOUNTS, pace: int = 1) -> None:
    """A workspace without drafts; its accounts, by channel, are of the sandbox.

    `pace`: so many times as long are its time-outs.
    """
    waits = _SETTINGS.format(timeout=REQUEST_TIMEOUT * pace, settle=SETTLE * pace)
    tables = [
        f'[accounts.{name}]\nchannel = "{channel}"\nlanguage = "en"\n'
        + (f'{_OPTIONS[channel]} = "10020030{number}"\n' if channel in _OPTIONS else "")
        for channel, names in accounts.items()
        for number, name in enumerate(names)
    ]
    (folder / "posts" / "media").mkdir(parents=True)
    (folder / "publisher.toml").write_text(waits + "".join(tables))
    (folder / "posts" / "session.yaml").write_text(_SESSION)
    for number in range(_PICTURES):
        picture = Image.new("RGB", (80 + number, 60), (40 * number, 90, 200))
        picture.save(folder / "posts" / "media" / f"{number}.png")


def write_first(folder: Path, due_at: datetime) -> None:
    """One draft for the website, where nothing fails: when it is out, the workers are at work."""
    draft = Draft("first", {"at": _time(due_at), "to": f"[{_SITES[0]}]"}, "We begin.", 1)
    (folder / "posts" / "first.md").write_text(draft.text())


def write(
    folder: Path,
    seed: int,
    count: int,
    start: datetime,
    seconds: float,
    kinds: Mapping[str, int] = KINDS,
    *,
    with_corrections: bool = False,
) -> None:
    """Drafts of exactly `count` deliveries, due within so many seconds from `start` on.

    A fifth of them share their instants with others. `kinds`: those of KINDS, and how many of each.
    `with_corrections`: a ninth of the posts are corrected, those of each channel in turn; the
    corrections are among the `count`.
    """
    chance = random.Random(f"drafts {seed}")  # noqa: S311 - must be repeatable
    written = 0
    crowded = [chance.uniform(0, seconds) for _ in range(max(1, count // 60))]
    channels = sorted({_channel(kind) for kind in kinds})
    turns = cycle(chance.sample(channels, len(channels)))
    for number in range(count):
        if written == count:
            return
        is_corrected = with_corrections and number % _CORRECTED == _CORRECTED - 1
        later = chance.uniform(*chance.choice(_CORRECTED_AFTER)) if is_corrected else 0.0
        due_in = chance.choice(crowded) if chance.random() < 0.2 else chance.uniform(0, seconds)
        due_in = max(0.0, min(due_in, seconds - later))
        channel = next(turns) if is_corrected else None
        shares = {k: n for k, n in kinds.items() if channel in (None, _channel(k))}
        kind = chance.choices(list(shares), list(shares.values()))[0]
        due_at = start + timedelta(seconds=round(due_in))
        draft = _draft(chance, kind, f"{seed}-{number:04}", due_at, at_most=count - written)
        made = [draft]
        if is_corrected and 2 * draft.deliveries <= count - written:
            made.append(_correction(chance, draft, due_at + timedelta(seconds=round(later))))
        for one in made:
            (folder / "posts" / f"{one.name}.md").write_text(one.text(), encoding="utf-8")
            written += one.deliveries


def _draft(chance: random.Random, kind: str, number: str, due_at: datetime, at_most: int) -> Draft:
    if kind == "everywhere" and at_most < len(ACCOUNTS):
        kind = "twitter"
    to = list(_recipients(chance, kind))
    matter = {"at": _time(due_at), "to": f"[{', '.join(to)}]"}
    if kind.endswith("picture") or kind == "everywhere":
        file = f"media/{chance.randrange(_PICTURES)}.png"
        matter["media"] = f"\n  - file: {file}\n    alt: A coloured square, {number}"
    if kind.endswith("link"):
        matter["link"] = f"https://www.example.org/{number}"
    matter |= _bounds(chance, due_at)
    parts = chance.randint(2, 4) if kind.endswith("thread") else 1
    # Nobody else says this, so that a text on a platform tells which part it is.
    texts = [
        f"{number}, {part} of {parts}. {chance.choice(_WORDS)}" for part in range(1, parts + 1)
    ]
    return Draft(f"p{number}", matter, "\n\n---\n\n".join(texts), len(to))


def _correction(chance: random.Random, draft: Draft, due_at: datetime) -> Draft:
    """Other words for a post: pictures and links stay, as an edit leaves them."""
    kept = {key: draft.matter[key] for key in ("to", "media", "link") if key in draft.matter}
    matter = {
        "at": _time(due_at),
        **kept,
        "corrects": draft.name,
        "reason": "A figure was wrong.",
        **_bounds(chance, due_at),
    }
    body = f"{draft.name[1:]}, corrected. {chance.choice(_WORDS)}"
    return Draft(f"{draft.name}-correction", matter, body, draft.deliveries)


def _bounds(chance: random.Random, due_at: datetime) -> dict[str, str]:
    """An early expiry for some, an embargo for others."""
    if chance.random() < 0.1:
        return {"expires": f"{chance.choice(_SHORT_LIVES)}s"}
    if chance.random() < 0.06:
        return {"embargo": _time(due_at + timedelta(seconds=chance.randint(1, 4)))}
    return {}


def _channel(kind: str) -> str:
    """The channel of a kind, or `everywhere`."""
    return kind.split(maxsplit=1)[0]


def _recipients(chance: random.Random, kind: str) -> Iterator[str]:
    for channel, names in ACCOUNTS.items():
        if _channel(kind) in ("everywhere", channel):
            yield chance.choice(names)


def put_off(draft: Path, due_at: datetime) -> None:
    """Give a draft another time, and no embargo."""
    _, matter, body = draft.read_text(encoding="utf-8").split("---\n", 2)
    kept = [line for line in matter.splitlines() if not line.startswith(("at: ", "embargo: "))]
    lines = "\n".join([f"at: {_time(due_at)}", *kept])
    draft.write_text(f"---\n{lines}\n---\n{body}", encoding="utf-8")


def _time(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
