"""Login sessions: they expire, and can be revoked from elsewhere."""

import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from publisher.auth.known_browsers import token_digest
from publisher.ledger.database import LedgerPart
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import people, web_sessions

LIFE = timedelta(days=7)
"""The longest duration of a session."""
IDLE = timedelta(hours=12)
"""The time without use after which a session ends."""
CONFIRMED = timedelta(minutes=15)
"""The time for which a person who proved who they are is not asked again."""
_SEEN = timedelta(minutes=1)
"""The precision with which the use of a session is recorded."""
_LONGEST_DEVICE = 200  # characters; browsers put their own name last


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One log-in of one person."""

    id: int
    person: Person
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    device: str
    """The browser's User-Agent."""
    toast: str | None
    """The message that the next page shows about the last action."""
    confirmed_at: datetime | None = None
    """When the person last proved who they are, in this session."""
    needs_factor: bool = False
    """Whether they must set up a second factor before anything else."""

    @property
    def name(self) -> str:
        """The person's name in the history."""
        return self.person.name


class Sessions(LedgerPart):
    """Begins, finds and ends sessions.

    Their clock is the machine's own: sessions do not end faster in a rehearsal.
    """

    def begin(self, person: Person, device: str, *, needs_factor: bool = False) -> str:
        """Log a person in; returns the token, of which only the hash is stored."""
        token, now = secrets.token_urlsafe(32), self._clock.now()
        with self._database.write() as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= now))
            connection.execute(
                insert(web_sessions).values(
                    token=token_digest(token),
                    person=person.id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + LIFE,
                    device=_printable(device),
                    confirmed_at=now,
                    needs_factor=needs_factor,
                )
            )
        return token

    def find(self, token: str) -> LoginSession | None:
        """The session of this token, if it is valid and its person may log in."""
        query = _valid(self._clock.now()).where(
            web_sessions.c.token == token_digest(token), people.c.disabled_at.is_(None)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _session(row) if row else None

    def touch(self, session: LoginSession) -> None:
        """Record that a session is used."""
        now = self._clock.now()
        if session.seen_at < now - _SEEN:
            self._update(session, seen_at=now)

    def of(self, person: Person) -> list[LoginSession]:
        """A person's valid sessions, newest first."""
        query = _valid(self._clock.now()).where(web_sessions.c.person == person.id)
        with self._database.read() as connection:
            newest_first = connection.execute(query.order_by(web_sessions.c.id.desc()))
            return [_session(row) for row in newest_first]

    def by_person(self) -> dict[int, list[LoginSession]]:
        """The valid sessions of all people, newest first, by the person's id."""
        query = _valid(self._clock.now()).order_by(web_sessions.c.id.desc())
        found: dict[int, list[LoginSession]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(query):
                session = _session(row)
                found[session.person.id].append(session)
        return found

    def end(self, session: LoginSession) -> None:
        """Log out."""
        with self._database.write() as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.id == session.id))

    def revoke(self, person: Person, but: LoginSession | None = None) -> int:
        """End all sessions of a person except `but`; returns their number."""
        condition = web_sessions.c.person == person.id
        if but is not None:
            condition &= web_sessions.c.id != but.id
        with self._database.write() as connection:
            return connection.execute(delete(web_sessions).where(condition)).rowcount

    def end_one(self, person: Person, session: int) -> bool:
        """End one session of a person; returns whether there was one."""
        mine = (web_sessions.c.person == person.id) & (web_sessions.c.id == session)
        with self._database.write() as connection:
            return connection.execute(delete(web_sessions).where(mine)).rowcount == 1

    def confirm(self, session: LoginSession) -> None:
        """Record that the person has just proved who they are."""
        self._update(session, confirmed_at=self._clock.now())

    def is_confirmed(self, session: LoginSession) -> bool:
        """Whether the person proved who they are within the last 15 minutes."""
        at = session.confirmed_at
        return at is not None and abs(self._clock.now() - at) < CONFIRMED

    def factor_is_set(self, session: LoginSession) -> None:
        """Let this session go on: the second factor that it needed is set up in it.

        All others of its person end: they were begun without that factor, perhaps by a thief.
        """
        self.revoke(session.person, but=session)
        self._update(session, needs_factor=False)

    def leave_toast(self, session: LoginSession, toast: str) -> None:
        """Store a message for the next page of this session."""
        self._update(session, notice=toast)

    def take_toast(self, session: LoginSession) -> str | None:
        """Take the message for the next page; it is shown once."""
        if session.toast is not None:
            self._update(session, notice=None)
        return session.toast

    def _update(self, session: LoginSession, **columns: Any) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(web_sessions).where(web_sessions.c.id == session.id).values(**columns)
            )


def _valid(now: datetime) -> Select[Any]:
    """The valid sessions, with their people."""
    columns = [column.label(f"of_{column.name}") for column in people.c]
    joined = select(web_sessions, *columns).join(people, web_sessions.c.person == people.c.id)
    return joined.where(web_sessions.c.expires_at > now, web_sessions.c.seen_at > now - IDLE)


def _session(row: Any) -> LoginSession:
    return LoginSession(
        id=row.id,
        person=person_of({column.name: getattr(row, f"of_{column.name}") for column in people.c}),
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        device=row.device,
        toast=row.notice,
        confirmed_at=row.confirmed_at,
        needs_factor=bool(row.needs_factor),
    )


def _printable(device: str) -> str:
    shown = "".join(character for character in device if character.isprintable())
    return shown[:_LONGEST_DEVICE]
