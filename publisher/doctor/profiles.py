"""Profiles of the accounts: kept in the ledger whenever the platforms are asked, and once a while.

Nothing here is part of a delivery, and no page asks a platform for it.
"""

import hashlib
import io
import threading
from datetime import timedelta

import structlog

from publisher.app import Application
from publisher.base.errors import LedgerMissing, PublisherError
from publisher.channels.health import Health
from publisher.channels.registry import spec_of, widest
from publisher.delivery.identity import plain
from publisher.ledger.news.owner_news import called
from publisher.ledger.profiles import NO_PICTURE, ProfilePicture
from publisher.media import uploads
from publisher.media.clean_copy import thumbnail
from publisher.model.accounts import Account, KnownProfile, Profile, owner_changed
from publisher.model.problems import Flaw

_EVERY, _WITH_FEES = timedelta(days=1), timedelta(days=7)
"""The time between two questions that no person asked; X takes $0.010 for each."""
_AFTER_FAILURE = timedelta(hours=6)
_FIRST_LOOK, _LOOK = 5.0, 600.0  # real seconds until the first look for what is to be asked

log = structlog.get_logger()


def keep(app: Application, account: str, health: Health) -> KnownProfile | None:
    """Keep what the platform said of an account; None if it said nothing, or cannot be kept.

    Channels without credentials are left out: publisher.toml says all of them.
    """
    entry = app.settings.accounts[account]
    spec = spec_of(entry.channel)
    if health.profile is None or not spec.credentials:
        return None
    every = _WITH_FEES if spec.has_fees and not app.settings.in_sandbox else _EVERY
    try:
        app.database.check_revision()  # `doctor` also looks where there is no ledger
        return app.profiles.keep(
            account,
            health.profile,
            _picture(app, account, health.profile),
            until=app.clock.now() + every,
            by_handle=spec.has_handles,
            is_named=_names(entry.handle, health.profile.handle),
        )
    except LedgerMissing:  # as before the first `queue`
        return None
    except PublisherError as error:  # the ledger has a finding of its own
        log.info("a profile was not kept", account=account, error=str(error))
        return None


def _picture(app: Application, account: str, profile: Profile) -> ProfilePicture | None:
    """The picture as it is stored; None if it is the same, or cannot be used."""
    if not profile.picture:
        return NO_PICTURE
    source = app.profile_picture(account, profile.picture)
    if source is None:
        return None
    digest = hashlib.sha256(source).hexdigest()
    if digest == app.profiles.source(account):
        return None
    clean = uploads.clean(io.BytesIO(source), "avatar", widest())
    if isinstance(clean, Flaw) or not clean.media_type.startswith("image/"):
        return None
    return ProfilePicture(digest, thumbnail(clean.data))


def changed(account: Account, known: KnownProfile) -> tuple[str, str] | None:
    """Message and hint on keys that belong to another handle than before; None if all is well.

    A person confirms that it is right on the page, or by naming the handle in publisher.toml.
    """
    if not known.before or _names(account.handle, known.handle):
        return None
    return owner_changed(account.name, called(known.handle, known.name), known.before)


def _names(handle: str | None, asked: str) -> bool:
    """Whether publisher.toml names this handle."""
    return bool(handle) and plain(handle or "") == plain(asked)


def refresh(app: Application) -> None:
    """Ask the platforms about the accounts that nobody asked about for long."""
    missing = app.settings.without_credentials()
    for name, entry in app.settings.accounts.items():
        if name in missing or not spec_of(entry.channel).credentials:
            continue
        try:
            if app.profiles.claim(name, app.clock.now() + _AFTER_FAILURE):
                with app.channel_to_ask(name) as channel:
                    keep(app, name, channel.examine())
        except PublisherError as error:
            log.info("a profile was not refreshed", account=name, error=str(error))


class Refresher:
    """The thread that refreshes the profiles; of several processes, one asks at a time."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="profiles", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, limit: float) -> None:
        """End; waits at most `limit` real seconds for a question that is under way."""
        self._stop.set()
        self._thread.join(limit)

    def _run(self) -> None:
        pause = _FIRST_LOOK
        while not self._stop.wait(pause):
            pause = _LOOK
            try:
                refresh(self._app)
            except Exception:
                log.exception("profiles were not refreshed")
