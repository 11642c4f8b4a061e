"""The timelines as people see them: HTML that looks like the two platforms, of its own making."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from publisher.sandbox import x_text
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.store import Entry, Store, Upload, iso

SHOWN_AT_ONCE = 480
"""Characters of a Facebook text before "See more"; the platform folds at about this length."""
_COLOURS = ("#1f5f8b", "#7a3e9d", "#a63d40", "#2d6a4f", "#8a5a00", "#3d5a80", "#9b2f6a", "#4a5759")
_TAG = re.compile(r"(?<![\w&/])([#\uff03@]\w+)")


class Pages:
    """Renders the timelines of one sandbox."""

    def __init__(self, store: Store, *, timezone: str, title: str) -> None:
        self._store = store
        self._timezone = ZoneInfo(timezone)
        self._title = title
        self._jinja = Environment(
            loader=PackageLoader("publisher.sandbox"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def index(self, address: str) -> str:
        """What the sandbox is, its accounts, and what it noted."""
        rows = [
            {
                "name": account.name,
                "channel": {"twitter": "X", "facebook": "Facebook"}[account.channel],
                "title": account.title,
                "address": f"/{_platform(account)}/{account.handle}",
                "posts": len(self._store.timeline(account.name)),
            }
            for account in self._store.accounts
        ]
        notes = self._store.violations[::-1]
        return self._render("index.html", here="/", rows=rows, violations=notes, address=address)

    def timeline(
        self, channel: str, account: SandboxAccount | None, *, self_contained: bool = False
    ) -> str:
        """A channel's posts, newest first; of one account, or of all.

        `self_contained` puts the pictures into the page, so that it can be kept as one file.
        """
        accounts = [other for other in self._store.accounts if other.channel == channel]
        shown = [account] if account else accounts
        threads = [
            [self._post(entry, owner, self_contained=self_contained) for entry in thread]
            for owner in shown
            for thread in _threads(self._store.timeline(owner.name))
        ]
        threads.sort(key=lambda thread: str(thread[-1]["instant"]), reverse=True)
        return self._render(
            "x.html" if channel == "twitter" else "facebook.html",
            here=f"/{'x' if channel == 'twitter' else 'facebook'}",
            threads=threads,
            count=sum(len(thread) for thread in threads),
            accounts=[_author(other) for other in accounts],
            chosen=_author(account) if account else None,
            self_contained=self_contained,
        )

    def _render(self, template: str, *, self_contained: bool = False, **values: object) -> str:
        return self._jinja.get_template(template).render(
            session=self._title,
            timezone=str(self._timezone),
            now=self._when(self._store.clock.now()),
            self_contained=self_contained,
            **values,
        )

    def _when(self, instant: datetime) -> str:
        local = instant.astimezone(self._timezone)
        return f"{local.day} {local:%b %Y, %H:%M}"

    def _post(
        self, entry: Entry, owner: SandboxAccount, *, self_contained: bool
    ) -> dict[str, object]:
        public_at = entry.published_at or entry.created_at
        card = None if entry.media or not entry.link else _card(entry.link)
        text = entry.text
        if card and entry.channel == "twitter":
            # As on X, a link at the end makes way for its card.
            last = x_text.links(text)[-1]
            text = text[: last.start].rstrip() if last.end == len(text.rstrip()) else text
        folded = entry.channel == "facebook" and len(text) > SHOWN_AT_ONCE * 5 // 4
        return {
            "id": entry.id,
            "author": _author(owner),
            "instant": iso(public_at),
            "when": self._when(public_at),
            "html": _linked(text),
            "beginning": _linked(_beginning(text)) if folded else None,
            "is_short": len(text) < 85 and not entry.media and not card,
            "lang": entry.lang,
            "card": card,
            "pictures": [_picture(upload, self_contained=self_contained) for upload in entry.media],
        }


def _platform(account: SandboxAccount) -> str:
    return "x" if account.channel == "twitter" else "facebook"


def _threads(newest_first: Sequence[Entry]) -> Iterable[list[Entry]]:
    """Posts in groups that belong together, each group in its order."""
    groups: dict[str, list[Entry]] = {}
    for entry in reversed(newest_first):
        groups.setdefault(entry.conversation or entry.id, []).append(entry)
    return groups.values()


def _author(account: SandboxAccount) -> dict[str, Any]:
    words = re.findall(r"\w+", account.title)
    digest = hashlib.sha256(account.title.encode()).digest()
    return {
        "title": account.title,
        "handle": account.handle,
        "language": account.language,
        "initials": "".join(word[0] for word in words[:2]).upper() or "?",
        "colour": _COLOURS[digest[0] % len(_COLOURS)],
    }


def _card(link: str) -> dict[str, str]:
    parts = urlsplit(link)
    host = (parts.hostname or "").removeprefix("www.")
    # The platforms show the page's title here; the sandbox fetches nothing from the network.
    return {"url": link, "host": host, "title": parts.path.strip("/") or host}


def _picture(upload: Upload, *, self_contained: bool) -> dict[str, object]:
    source = f"/media/{upload.sha256}"
    if self_contained:
        source = f"data:{upload.media_type};base64,{base64.b64encode(upload.content).decode()}"
    return {
        "src": Markup(source),  # noqa: S704 - a digest, or base64
        "alt": upload.alt,
        "width": upload.width,
        "height": upload.height,
        "is_video": upload.category == "video",
    }


def _beginning(text: str) -> str:
    return text[:SHOWN_AT_ONCE].rsplit(None, 1)[0]


def _linked(text: str) -> Markup:
    """A text as HTML: links short and alive, hashtags and names coloured, all else escaped."""
    pieces: list[Markup] = []
    position = 0
    for link in x_text.links(text):
        pieces.append(_tagged(text[position : link.start]))
        pieces.append(
            Markup('<a href="{}" rel="nofollow noopener noreferrer">{}</a>').format(
                link.expanded, link.display
            )
        )
        position = link.end
    pieces.append(_tagged(text[position:]))
    return Markup("").join(pieces)


def _tagged(text: str) -> Markup:
    pieces = _TAG.split(text)
    tag = Markup('<span class="tag">{}</span>')
    return Markup("").join(
        tag.format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )
