"""Health check of a WordPress site: its address, the user's rights, categories and languages."""

from collections.abc import Mapping
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping
from publisher.channels.health import (
    Health,
    clock_ahead,
    owner_of,
    problem_of,
    profile_of,
    was_answered,
)
from publisher.model.accounts import Owner
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Wire
from publisher.platforms.wordpress.answers import ANSWERS, is_no_api, said
from publisher.platforms.wordpress.languages import SiteLanguages
from publisher.platforms.wordpress.site import PLAIN, SiteApi
from publisher.platforms.wordpress.terms import Categories

_NEEDED = (
    "edit_posts",
    "publish_posts",
    "edit_published_posts",
    "upload_files",
    "delete_posts",
    "delete_published_posts",
)
"""What the role Author may do (WordPress handbook, roles and capabilities)."""
_PICTURE = "96"
"""The size of the picture that is asked for, in pixels."""


def owner(site: SiteApi) -> Owner | AccountSuspended | Deferred:
    """The user of the credentials."""
    answer = site.user()
    return _owner(site, answer, mapping(said(answer)))


def examine(site: SiteApi, categories: Categories, languages: SiteLanguages) -> Health:
    """Ask for the user, the categories that the account names, and the site's languages."""
    answer = site.user()
    told = mapping(said(answer))
    known = _owner(site, answer, told)
    if not isinstance(known, Owner):
        problem = _other_kind(site, answer) or problem_of(ANSWERS, answer)
        return Health(problem or known.message, was_answered(answer), clock_ahead(answer))
    profile = profile_of(
        told, handle="slug", name="name", picture=mapping(told.get("avatar_urls")).get(_PICTURE)
    )
    return Health(
        _flaw_of_rights(told),
        clock_ahead=clock_ahead(answer),
        owner=known,
        profile=profile and profile.model_copy(update={"id": known.id}),
        remarks=(*_remarks_on_categories(categories), *languages.remarks()),
    )


def _owner(
    site: SiteApi, answer: Answer, told: Mapping[str, Any]
) -> Owner | AccountSuspended | Deferred:
    """The owner, whose id contains the site: another site's user of that number is another one."""
    found = owner_of(ANSWERS, answer, told, "username", "")
    return (
        Owner(id=f"{site.place}#{found.id}", name=found.name) if isinstance(found, Owner) else found
    )


def _other_kind(site: SiteApi, answer: Answer) -> str | None:
    """What to write instead, if the site's API is at the other kind of address."""
    if answer.wire is not Wire.ANSWERED or not is_no_api(answer):
        return None
    other = mapping(said(site.index(plain=not site.is_plain)))
    if not isinstance(other.get("namespaces"), list):
        return None
    return _(
        "The REST API of this site is at another address. Write `server` in secrets.toml like this: "
        "{address}",
        address=site.address if site.is_plain else f"{site.address}/{PLAIN}",
    )


def _flaw_of_rights(told: Mapping[str, Any]) -> str | None:
    """What the user may not do; None when it may, or WordPress does not say so."""
    rights = mapping(told.get("capabilities"))
    missing = [name for name in _NEEDED if rights.get(name) is not True] if rights else []
    if not missing:
        return None
    return _(
        "The website's user lacks {permissions}. Give it the role Author or Editor in WordPress.",
        permissions=", ".join(missing),
    )


def _remarks_on_categories(categories: Categories) -> tuple[str, ...]:
    """The keys are right without the categories; a post waits until they are."""
    found = categories.ids()
    return (found.message,) if isinstance(found, AccountSuspended | Deferred) else ()
