"""Drafts of earlier attempts whose ids were not recorded: they are found by their slugs."""

from collections.abc import Collection, Iterable, Sequence

from publisher.base.i18n import _
from publisher.channels.base import NotPrepared
from publisher.model.content import Content
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import Absent, AccountSuspended, Deferred, Sighting
from publisher.platforms.wordpress.article import slug_of
from publisher.platforms.wordpress.posts import SitePost, items_of, shown
from publisher.platforms.wordpress.site import SiteApi


def find(site: SiteApi, parcel: Parcel, contents: Iterable[Content]) -> list[SitePost]:
    """What attempts with these contents left on the site, oldest first. Reads only.

    Raises `NotPrepared` when the site cannot be read.
    """
    found: list[SitePost] = []
    for content in contents:
        posts = _called(site, parcel, content)
        if not isinstance(posts, list):
            raise NotPrepared(posts)
        found += posts
    return sorted(found, key=lambda post: int(post.id))


def published(site: SiteApi, parcel: Parcel, taken: Collection[str]) -> Sighting:
    """Look for the post of a lost ledger; an absence proves nothing, its words may have changed."""
    posts = _called(site, parcel, parcel.content)
    if not isinstance(posts, list):
        return posts
    out = [post for post in posts if post.is_public and post.id not in taken]
    return out[0].as_out() if out else Absent(lists_all=False)


def told(posts: Sequence[SitePost]) -> str | None:
    """The message for the history about what was found."""
    if not posts:
        return None
    ids = ", ".join(post.id for post in posts)
    return _("Earlier attempts left these unpublished on the website: {ids}.", ids=ids)


def _called(
    site: SiteApi, parcel: Parcel, content: Content
) -> list[SitePost] | Deferred | AccountSuspended:
    items = items_of(site.called(slug_of(parcel.post, parcel.account, content)))
    if not isinstance(items, list):
        return items
    return [post for item in items if (post := shown(item))]
