"""Categories of a site, as an account names them in publisher.toml."""

import html
from collections.abc import Sequence

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import AGAIN, Lately, identifier
from publisher.channels.wordpress.posts import items_of
from publisher.channels.wordpress.site import LISTED, SiteApi
from publisher.model.outcomes import UNTIL_MENDED, AccountSuspended, Deferred, Kind

_PAGES = 5
"""Lists of a hundred that are read at most."""
_NAMED = 30
"""Categories that a message names at most."""


class Categories:
    """The categories that one account's posts are put into."""

    def __init__(self, site: SiteApi, told: str | None, clock: Clock) -> None:
        """`told`: names or numbers with commas between them; None: WordPress' default category."""
        self._site = site
        self._wanted = [name.strip() for name in (told or "").split(",") if name.strip()]
        self._lately: Lately[dict[str, int]] = Lately(clock)
        self._names: list[str] = []

    def ids(self) -> Sequence[int] | AccountSuspended | Deferred:
        """Their ids; empty when the account names none.

        WordPress itself ignores one that it does not have.
        """
        if not self._wanted:
            return ()
        known = self._lately.read or self._read()
        if not isinstance(known, dict):
            return known
        missing = [name for name in self._wanted if _plain(name) not in known]
        if not missing:
            return [known[_plain(name)] for name in self._wanted]
        message = _(
            "The website has no category {missing}. It has {names}. Name one of them in "
            "publisher.toml, or add it in WordPress. {again}",
            missing=", ".join(missing),
            names=", ".join(self._names[:_NAMED]) + (" …" if len(self._names) > _NAMED else ""),
            again=_(AGAIN),
        )
        return AccountSuspended(Kind.CONTENT, message, backoff=UNTIL_MENDED)

    def _read(self) -> dict[str, int] | AccountSuspended | Deferred:
        """Ids by name and by number; a name that two categories have means the first one."""
        known: dict[str, int] = {}
        self._names = []
        for page in range(1, _PAGES + 1):
            items = items_of(self._site.categories(page))
            if not isinstance(items, list):
                return items
            for item in items:
                number = identifier(item.get("id"))
                if number.isdecimal():
                    name = html.unescape(str(item.get("name"))).strip()
                    self._names.append(name)
                    known.setdefault(_plain(name), int(number))
                    known[number] = int(number)
            if len(items) < LISTED:
                break
        return self._lately.keep(known)


def _plain(name: str) -> str:
    """A name as it is compared."""
    return name.casefold()
