"""Languages of a site: on which side of it a post stands, where a plugin gives it several.

WordPress itself knows no language of a post. Polylang (also its free edition, 3.8) takes the
language of a new post from the query argument `lang`, WPML from `wpml_language`; a site without
them ignores both. A language that the site lacks is ignored too: the post then stands on the side
of the site's first language. Sources: polylang.pro/doc/rest-api, Polylang's own code
(`src/Capabilities/Create/Post.php`), and for WPML, which documents nothing, what others do with
it (Citation-Media/multilingual-bridge).
"""

from collections.abc import Mapping

from publisher.base.i18n import _
from publisher.channels.answers import mapping
from publisher.channels.wordpress.answers import said
from publisher.channels.wordpress.posts import SitePost, items_of
from publisher.channels.wordpress.site import SiteApi
from publisher.model.accounts import Account
from publisher.model.outcomes import Kind, Refused

_POLYLANG, _WPML = "pll/", "wpml/"
"""How the names of their parts of the REST API begin."""


class SiteLanguages:
    """The languages of one account's posts, as its site calls them."""

    def __init__(self, account: Account) -> None:
        self._language = account.language
        self._told = account.options.get("site_language", "").lower()

    def query(self, language: str | None) -> Mapping[str, str]:
        """What a request says of the language of a new post; nothing if that is not known.

        Polylang calls languages by two letters, and WPML tells countries apart.
        """
        whole = self._told or (language or "").lower()
        short = self._told or whole.partition("-")[0]
        return {"lang": short, "wpml_language": whole} if whole else {}

    def refusal(self, post: SitePost, language: str | None) -> Refused | None:
        """The outcome for a post that stands on another side; only Polylang Pro says where."""
        wanted = self.query(language).get("lang")
        if not wanted or not post.lang or post.lang == wanted:
            return None
        return Refused(
            Kind.CONTENT,
            _(
                "The website has put the post into another language ({actual}) than its own "
                "({wanted}). Add that language in Polylang, or write `site_language` in "
                "publisher.toml as Polylang calls it; then retry it.",
                actual=post.lang,
                wanted=wanted,
            ),
        )

    def flaw(self, site: SiteApi) -> str | None:
        """What keeps the account's posts from standing on the side of its language."""
        wanted = self.query(self._language).get("lang")
        index = mapping(said(site.index(plain=site.is_plain)))
        names = index.get("namespaces")
        parts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        if not wanted and any(name.startswith((_POLYLANG, _WPML)) for name in parts):
            return _(
                "The website has several languages, and the account has none: a draft without a "
                "language would stand on the side of the site's first one. Write `language` in "
                "publisher.toml."
            )
        if not any(name.startswith(_POLYLANG) for name in parts):
            return None  # WPML does not list its languages
        items = items_of(site.languages())
        known = [str(one.get("slug")) for one in items] if isinstance(items, list) else []
        if not known or wanted in known:
            return None
        return _(
            "The website's Polylang has no language {wanted}: the account's posts would stand on "
            "the side of its first one. It has {names}. Add the language there, or write "
            "`site_language` in publisher.toml.",
            wanted=wanted,
            names=", ".join(known),
        )
