"""Categories and tags of a site: those that an account names, and those that a text has.

WordPress itself ignores a category or tag that it does not have.
"""

import html
import re
import unicodedata
from collections.abc import Sequence

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import AGAIN, Lately, numeral
from publisher.model.outcomes import UNTIL_MENDED, AccountSuspended, Deferred, Kind
from publisher.platforms.wordpress.posts import items_of
from publisher.platforms.wordpress.site import LISTED, SiteApi

_CATEGORIES, _TAGS = 5, 2
"""Lists of a hundred that are read at most. Of tags, those that most posts have come first."""
_HASHTAG = re.compile(r"(?<![\w&/#])[#\uff03](?=\w*[^\W\d_])(\w+)")
_NAMED = 30
"""Categories that a message names at most."""


class Categories:
    """The categories that one account's posts are put into."""

    def __init__(self, site: SiteApi, told: str | None, clock: Clock) -> None:
        """`told`: names or numbers with commas between them; None: WordPress' default category."""
        self._site = site
        self._wanted = [name.strip() for name in (told or "").split(",") if name.strip()]
        self._lately: Lately[dict[str, str]] = Lately(clock)

    def ids(self) -> Sequence[int] | AccountSuspended | Deferred:
        """Their ids; empty when the account names none."""
        if not self._wanted:
            return ()
        known = self._lately.read
        if known is None:
            read = _terms(self._site, "categories", _CATEGORIES)
            if not isinstance(read, dict):
                return read
            known = self._lately.keep(read)
        # A name that two categories have means the first one.
        numbers = {name.casefold(): number for number, name in reversed(known.items())}
        numbers |= {number: number for number in known}
        missing = [name for name in self._wanted if name.casefold() not in numbers]
        if not missing:
            return [int(numbers[name.casefold()]) for name in self._wanted]
        names = [*known.values()]
        message = _(
            "The website has no category {missing}. It has {names}. Choose one of them in "
            "publisher.toml, or add it in WordPress. {again}",
            missing=", ".join(missing),
            names=", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else ""),
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.CONTENT, message, backoff=UNTIL_MENDED)


class Tags:
    """The site's tags. A hashtag of a text that is one of them becomes a tag of the post.

    None is made: what tags a site has is decided there.
    """

    def __init__(self, site: SiteApi, clock: Clock) -> None:
        self._site = site
        self._lately: Lately[dict[str, str]] = Lately(clock)

    def ids(self, text: str) -> Sequence[int] | AccountSuspended | Deferred:
        """The ids of the tags that a text has as hashtags, in its order."""
        wanted = [_squeezed(tag) for tag in _HASHTAG.findall(text)]
        if not wanted:
            return ()
        known = self._lately.read
        if known is None:
            read = _terms(self._site, "tags", _TAGS)
            if not isinstance(read, dict):
                return read
            known = self._lately.keep(read)
        numbers = {_squeezed(name): number for number, name in reversed(known.items())}
        return [int(numbers[tag]) for tag in dict.fromkeys(wanted) if tag in numbers]


def _terms(site: SiteApi, kind: str, pages: int) -> dict[str, str] | AccountSuspended | Deferred:
    """The names of a site's categories or tags, by their numbers."""
    known: dict[str, str] = {}
    for page in range(1, pages + 1):
        items = items_of(site.terms(kind, page))
        if not isinstance(items, list):
            return items
        for item in items:
            if number := numeral(item.get("id")):
                known[number] = html.unescape(str(item.get("name"))).strip()
        if len(items) < LISTED:
            break
    return known


def _squeezed(name: str) -> str:
    """A tag as it is compared: `Derechos del niño` is what `#DerechosDelNino` means."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, plain))
