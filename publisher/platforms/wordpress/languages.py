"""Languages of a site: on which side of it a post stands, where a plugin gives it several.

WordPress itself knows no language of a post. Polylang takes the language of a new post from the
query argument `lang`, also its free edition (3.8.7, tried), and WPML from `wpml_language`; a site
without them ignores both. A language that the site lacks is ignored too, and the post stands on the
side of the site's first language: so Polylang's languages are read before. Sources:
polylang.pro/doc/rest-api, Polylang's code (`src/Capabilities/Create/Post.php`), and for WPML, which
documents nothing, what others do with it (Citation-Media/multilingual-bridge).
"""

from collections.abc import Mapping, Sequence

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import Lately, identifier, mapping
from publisher.model.accounts import Account
from publisher.model.outcomes import AccountSuspended, Deferred, Kind, Refused
from publisher.platforms.wordpress.answers import ANSWERS, said
from publisher.platforms.wordpress.posts import SitePost, items_of
from publisher.platforms.wordpress.site import SiteApi

_PLUGINS = ("pll/", "wpml/")
"""How the names of their parts of the REST API begin."""
_NOT_LISTED = (401, 403, 404)
"""There is no Polylang, or this user may not list its languages."""


class SiteLanguages:
    """The languages of one account's posts, as its site calls them."""

    def __init__(self, account: Account, site: SiteApi, clock: Clock) -> None:
        self._language = account.language
        self._told = account.options.get("site_language", "").lower()
        self._site = site
        self._lately: Lately[Sequence[str]] = Lately(clock)

    def query(self, language: str | None) -> Mapping[str, str] | Refused | Deferred:
        """What a request says of a new post's language; empty if that is not known.

        An outcome where the site has no such language, or could not be asked.
        """
        names = self._names(language)
        if not names:
            return {}
        known = self._known()
        if isinstance(known, Deferred):
            return known
        chosen = next((name for name in names if name in known), None)
        if known and chosen is None:
            flaw = self._unknown(names[0], known)
            return Refused(Kind.CONTENT, _("{flaw} Then retry the post.", flaw=flaw))
        return {"lang": chosen or names[-1], "wpml_language": names[0]}

    def refusal(self, post: SitePost, language: str | None) -> Refused | None:
        """The outcome for a post that stands on another side; Polylang Pro alone says where."""
        names = self._names(language)
        if not names or not post.lang or post.lang in names:
            return None
        return Refused(
            Kind.CONTENT,
            _(
                "The website has put the post into another language ({actual}) than its own "
                "({wanted}). Change that in WordPress, then retry the post.",
                actual=post.lang,
                wanted=names[0],
            ),
        )

    def remarks(self) -> tuple[str, ...]:
        """What keeps the account's posts from standing on the side of its language."""
        return tuple(filter(None, (self._flaw(),)))

    def _flaw(self) -> str | None:
        if names := self._names(self._language):
            known = self._known()
            if isinstance(known, Deferred):  # what the site says comes elsewhere
                return None
            is_known = not known or any(name in known for name in names)
            return None if is_known else self._unknown(names[0], known)
        index = mapping(said(self._site.index(plain=self._site.is_plain)))
        parts = index.get("namespaces")
        if not any(str(part).startswith(_PLUGINS) for part in parts or ()):
            return None
        return _(
            "The website has several languages, and the account has none, so a draft without a "
            "language would appear on the site's side for its first language. Write `language` "
            "in publisher.toml."
        )

    def _names(self, language: str | None) -> Sequence[str]:
        """What the site may call a language: as publisher.toml says for that of the account, else
        with its country, and without.
        """
        if self._told and self._language in (None, language):
            return [self._told]
        whole = (language or "").lower()
        return [*filter(None, (whole, whole.partition("-")[0]))]

    def _known(self) -> Sequence[str] | Deferred:
        """Polylang's languages; empty where there is none, or it does not list them."""
        if self._lately.read is not None:
            return self._lately.read
        answer = self._site.languages()
        if answer.status in _NOT_LISTED:
            return self._lately.keep(())
        items = items_of(answer)
        if isinstance(items, AccountSuspended):  # by this alone the account is not judged
            return Deferred(items.kind, items.message)
        if isinstance(items, Deferred):
            return items
        names = [identifier(one.get("slug")) for one in items]
        return self._lately.keep(names) if all(names) else ANSWERS.unreadable()

    @staticmethod
    def _unknown(wanted: str, known: Sequence[str]) -> str:
        return _(
            "The website's Polylang has no language {wanted}, so the post would appear on the "
            "site's side for its first language. It has {names}. Add the language there, or "
            "write `site_language` in publisher.toml.",
            wanted=wanted,
            names=", ".join(known),
        )
