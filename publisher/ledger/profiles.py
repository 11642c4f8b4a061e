"""Profiles: what platforms show of the accounts, as they were asked last.

Pages show handle, name and picture from here, and ask no platform. A handle that changed is kept
with the one before it until a person confirms it: the keys may be another account's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from publisher.base.clock import Clock
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.news.owner_news import called
from publisher.ledger.tables import profiles
from publisher.ledger.transitions import note_account
from publisher.model.accounts import KnownProfile, Profile
from publisher.model.events import Event

_PLAIN = [column for column in profiles.c if column.name != "picture"]


@dataclass(frozen=True, slots=True)
class ProfilePicture:
    """A profile's picture, with the digest of the bytes that the platform gave."""

    source_digest: str
    data: bytes
    """A small square WebP; empty: there is no picture."""


NO_PICTURE = ProfilePicture("", b"")


class Profiles(LedgerPart):
    """Reads and writes the accounts' profiles."""

    def __init__(self, database: Database, clock: Clock, rights: Rights) -> None:
        super().__init__(database, clock)
        self._rights = rights

    def all(self) -> dict[str, KnownProfile]:
        """The profiles of all accounts whose platform has answered, by account."""
        query = select(*_PLAIN).where(profiles.c.owner_id.is_not(None))
        with self._database.read() as connection:
            return {row.account: _known(row) for row in connection.execute(query)}

    def picture(self, account: str) -> tuple[bytes, str] | None:
        """An account's picture (WebP) and its digest; None if there is none."""
        query = select(profiles.c.picture, profiles.c.picture_digest).where(
            profiles.c.account == account, profiles.c.picture.is_not(None)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.picture, row.picture_digest)

    def pictures(self) -> Mapping[str, bytes]:
        """All pictures (WebP), by account."""
        query = select(profiles.c.account, profiles.c.picture).where(
            profiles.c.picture.is_not(None)
        )
        with self._database.read() as connection:
            return {row.account: row.picture for row in connection.execute(query)}

    def source(self, account: str) -> str | None:
        """The digest of the bytes that an account's picture was made of; None: there is none."""
        query = select(profiles.c.source_digest).where(profiles.c.account == account)
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found

    def claim(self, account: str, until: datetime) -> bool:
        """Whether the platform is to be asked about an account now; nobody else asks until then."""
        now = self._clock.now()
        with self._database.write() as connection:
            row = {"account": account, "next_at": now}
            self._database.insert_missing(connection, profiles, [row])
            taken = (
                update(profiles)
                .where(profiles.c.account == account, profiles.c.next_at <= now)
                .values(next_at=until)
            )
            return connection.execute(taken).rowcount == 1

    def keep(
        self,
        account: str,
        profile: Profile,
        picture: ProfilePicture | None,
        *,
        until: datetime,
        by_handle: bool,
        is_named: bool = False,
    ) -> KnownProfile:
        """Store what the platform said; it is asked again after `until`.

        `picture` None: it could not be had, or is the same; the one before stays. `by_handle`:
        another handle counts as a change, and not only another owner. `is_named`: publisher.toml
        names this handle, so no person has to confirm it.
        """
        with self._database.write() as connection:
            row = {"account": account, "next_at": until}
            self._database.insert_missing(connection, profiles, [row])
            query = select(*_PLAIN).where(profiles.c.account == account).with_for_update()
            old = connection.execute(query).one()
            values: dict[str, Any] = {
                "next_at": until, "owner_id": profile.id, "handle": profile.handle,
                "name": profile.name, "before": None if is_named else old.before,
            }  # fmt: skip
            if picture is not None:
                values |= {
                    "picture": picture.data or None,
                    "picture_digest": hashlib.sha256(picture.data).hexdigest()
                    if picture.data
                    else None,
                    "source_digest": picture.source_digest or None,
                }
            if old.owner_id and _is_other(old, profile, by_handle=by_handle):
                before, now = called(old.handle, old.name), called(profile.handle, profile.name)
                # None: it is called again as a person knows it.
                values["before"] = None if old.before == now or is_named else old.before or before
                detail = {"id": profile.id, "owner": now, "before": before}
                note_account(
                    connection, account, Event.PROFILE_CHANGED, self._clock.now(), detail=detail
                )
            of_account = update(profiles).where(profiles.c.account == account)
            connection.execute(of_account.values(**values))
            return _known(connection.execute(query).one())

    def confirm(self, account: str, handle: str, actor: str) -> bool:
        """Record a person's word that the keys are right; `handle`: what the person saw.

        False if nothing waits to be confirmed, or it has changed again. Raises NotPermitted.
        """
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.MANAGER, [account])
            query = select(*_PLAIN).where(profiles.c.account == account).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None or row.before is None or row.handle != handle:
                return False
            of_account = update(profiles).where(profiles.c.account == account)
            connection.execute(of_account.values(before=None))
            detail = {"id": row.owner_id, "owner": called(row.handle, row.name)}
            now = self._clock.now()
            note_account(connection, account, Event.OWNER_VERIFIED, now, actor, detail)
            return True


def _is_other(old: Row[Any], profile: Profile, *, by_handle: bool) -> bool:
    is_renamed = by_handle and old.handle.casefold() != profile.handle.casefold()
    return old.owner_id != profile.id or is_renamed


def _known(row: Row[Any]) -> KnownProfile:
    return KnownProfile(
        id=row.owner_id, handle=row.handle, name=row.name, picture=row.picture_digest or "",
        before=row.before or "",
    )  # fmt: skip
