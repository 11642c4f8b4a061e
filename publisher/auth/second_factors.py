"""Second factors: codes of an app (TOTP, RFC 6238), passkeys, and recovery codes.

They are stored in the person's row, so that its steps in the history cover them: `publisher log
verify` finds a factor that was added or removed by SQL. How often each was used is apart.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from publisher.auth.sealing import Sealing
from publisher.auth.users import People
from publisher.base.clock import Clock
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import factor_counters, people
from publisher.model.events import Event

APP = "app"
"""The name of the factor with codes."""
_STEP = 30  # seconds of one code
_SKEW = 1  # steps that the phone's clock may be off
_RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for others
_MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key of an authenticator: a phone, a computer or a stick."""

    id: str
    """In base64url, as in browsers."""
    key: str
    """The public key in COSE, in base64url."""
    name: str
    added_at: str = ""


@dataclass(frozen=True, slots=True)
class Factors:
    """All second factors of one person."""

    app: str | None = None
    """The secret of the app's codes, sealed."""
    app_added_at: str = ""
    passkeys: tuple[Passkey, ...] = ()
    recovery: tuple[str, ...] = ()
    """The hashes of the recovery codes that are left."""

    @classmethod
    def read(cls, text: str | None) -> "Factors":
        """Parse the column of a person."""
        found = json.loads(text) if text else {}
        keys = tuple(Passkey(**one) for one in found.pop("passkeys", ()))
        return cls(**{**found, "recovery": tuple(found.get("recovery", ())), "passkeys": keys})

    @property
    def are_any(self) -> bool:
        return self.app is not None or bool(self.passkeys)

    @property
    def text(self) -> str | None:
        """The column of a person; None without factors: recovery codes alone are of no use."""
        return json.dumps(asdict(self), sort_keys=True) if self.are_any else None


class SecondFactors(LedgerPart):
    """Adds, checks and removes second factors."""

    def __init__(self, database: Database, clock: Clock, people_: People, seal: Sealing) -> None:
        """`clock` is the machine's own, as phones have no other."""
        super().__init__(database, clock)
        self._people = people_
        self._seal = seal

    def of(self, person: Person) -> Factors:
        """A person's second factors."""
        with self._database.read() as connection:
            return _factors(connection, person)

    def last_uses(self, person: Person) -> Mapping[str, datetime]:
        """When each factor was used last, by its id; `app` is that of the codes."""
        query = select(factor_counters).where(factor_counters.c.person == person.id)
        with self._database.read() as connection:
            return {row.factor: row.used_at for row in connection.execute(query)}

    @staticmethod
    def new_secret() -> str:
        """A random secret of 160 bits for an app, in base32."""
        import pyotp  # noqa: PLC0415 - few need it

        return pyotp.random_base32()

    @staticmethod
    def app_address(person: Person, secret: str, issuer: str) -> str:
        """The address that an app reads from the picture, with the secret."""
        import pyotp  # noqa: PLC0415 - as above

        return pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=issuer)

    def add_app(self, person: Person, secret: str, code: str) -> Sequence[str]:
        """Add codes of an app, in the place of an earlier one, proved by a first `code`.

        Returns new recovery codes if these are the first factor. Raises UsageError.
        """
        step = self._step(secret, code) if re.fullmatch(r"[A-Z2-7]{32}", secret) else None
        if step is None:
            raise UsageError(
                _("This is not the code that the app is showing now."),
                hint=_("Check the clock on the phone: it must be right to the minute."),
            )
        now = self._clock.now()
        sealed = self._seal.closed(secret)

        def added(factors: Factors) -> Factors:
            return replace(factors, app=sealed, app_added_at=now.isoformat())

        return self._added(person, added, APP, "TOTP", step)

    def add_passkey(self, person: Person, passkey: Passkey, counter: int) -> Sequence[str]:
        """Add a passkey, as of now; returns as `add_app`. Raises NotPossible."""
        passkey = replace(passkey, added_at=self._clock.now().isoformat())

        def added(factors: Factors) -> Factors:
            if len(factors.passkeys) >= _MOST_PASSKEYS:
                raise NotPossible(_("You already have {number} passkeys.", number=_MOST_PASSKEYS))
            return replace(factors, passkeys=(*factors.passkeys, passkey))

        return self._added(person, added, passkey.id, passkey.name, counter)

    def _added(
        self,
        person: Person,
        add: Callable[[Factors], Factors],
        factor: str,
        told: str,
        counter: int,
    ) -> Sequence[str]:
        codes: list[str] = []
        row = {"person": person.id, "factor": factor, "counter": counter}
        detail = {"second_factor": told, "role": person.rank}
        with self._people.changing(
            person.key, Event.FACTOR_ADDED, person.name, detail
        ) as connection:
            # Who logs in by a passkey is found by its id: see section 7.1 of WebAuthn.
            if any(_holders(connection, factor)):
                raise NotPossible(_("This passkey is already set up."), hint=_("Use another one."))
            factors = _factors(connection, person)
            if not factors.are_any:
                codes = _new_codes()
                factors = replace(factors, recovery=_hashed(codes))
            _store(connection, person, add(factors))
            connection.execute(delete(factor_counters).where(_is(person, factor)))
            connection.execute(insert(factor_counters).values(**row, used_at=self._clock.now()))
        return codes

    def new_recovery_codes(self, person: Person) -> Sequence[str]:
        """Make new recovery codes, to be shown once; those before are void."""
        codes = _new_codes()
        with self._people.changing(
            person.key, Event.RECOVERY_CODES_MADE, person.name
        ) as connection:
            factors = _factors(connection, person)
            _store(connection, person, replace(factors, recovery=_hashed(codes)))
        return codes

    def remove(self, person: Person, factor: str, *, may_be_last: bool) -> None:
        """Remove one of a person's own factors. Raises NotPossible if one must be left."""
        factors = self.of(person)
        named = {APP: "TOTP", **{one.id: one.name for one in factors.passkeys}}
        detail = {"second_factor": named.get(factor, factor)}
        with self._people.changing(
            person.key, Event.FACTORS_REMOVED, person.name, detail
        ) as connection:
            factors = _factors(connection, person)
            left = replace(
                factors,
                app=None if factor == APP else factors.app,
                passkeys=tuple(one for one in factors.passkeys if one.id != factor),
            )
            if not (left.are_any or may_be_last):
                raise NotPossible(
                    _("Everyone with your role needs a second factor here."),
                    hint=_("Set up another one, then remove this one."),
                )
            _store(connection, person, left)
            connection.execute(delete(factor_counters).where(_is(person, factor)))

    def clear(self, name: str, *, actor: str) -> None:
        """Remove all of a person's factors: they have lost the phone, and the recovery codes."""
        person = self._people.find(name)
        with self._people.changing(person.key, Event.FACTORS_REMOVED, actor) as connection:
            self._people.require_over_now(connection, person, actor)
            _store(connection, person, Factors())
            mine = factor_counters.c.person == person.id
            connection.execute(delete(factor_counters).where(mine))

    def is_right(self, person: Person, code: str) -> bool:
        """Check a code of the app, or a recovery code; each counts once."""
        bare = re.sub(r"[\s-]", "", code).lower()
        if re.fullmatch(r"[0-9]{6}", bare, re.ASCII):
            return self._is_right_of_app(person, bare)
        return bool(bare) and self._is_recovery(person, bare)

    def _is_right_of_app(self, person: Person, code: str) -> bool:
        sealed = self.of(person).app
        secret = self._seal.opened(sealed) if sealed else None
        step = self._step(secret, code) if secret else None
        return step is not None and self._count(person, APP, step, is_repeated=False)

    def _step(self, secret: str, code: str) -> int | None:
        """The number of the 30 seconds whose code this is; None if it is none of now."""
        import pyotp  # noqa: PLC0415 - as above

        totp = pyotp.TOTP(secret)
        now = int(self._clock.now().timestamp()) // _STEP
        steps = range(now - _SKEW, now + _SKEW + 1)
        given = re.sub(r"\s", "", code).encode()
        right = [
            step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)
        ]
        return max(right, default=None)

    def _is_recovery(self, person: Person, code: str) -> bool:
        (given,) = _hashed([code])
        if given not in self.of(person).recovery:
            return False
        with self._people.changing(person.key, Event.RECOVERY_CODE_USED, person.name) as connection:
            factors = _factors(connection, person)
            left = tuple(one for one in factors.recovery if one != given)
            _store(connection, person, replace(factors, recovery=left))
        return len(left) < len(factors.recovery)

    def find(self, passkey: str) -> tuple[Person, Passkey, int] | None:
        """The person with a passkey of this id, and how often it says it was used."""
        with self._database.read() as connection:
            for person, one in _holders(connection, passkey):
                if person.disabled_at is None:
                    used = select(factor_counters.c.counter).where(_is(person, passkey))
                    return person, one, connection.execute(used).scalar() or 0
        return None

    def count(self, person: Person, passkey: str, counter: int) -> bool:
        """Record a use of a passkey; False if its counter went back: it was copied."""
        return self._count(person, passkey, counter, is_repeated=counter == 0)

    def _count(self, person: Person, factor: str, counter: int, *, is_repeated: bool) -> bool:
        """Compare and set: of two uses with the same counter one counts."""
        before = factor_counters.c.counter
        newer = before <= counter if is_repeated else before < counter
        used = update(factor_counters).where(_is(person, factor), newer)
        with self._database.write() as connection:
            changed = used.values(counter=counter, used_at=self._clock.now())
            return connection.execute(changed).rowcount == 1


def _is(person: Person, factor: str) -> ColumnElement[bool]:
    return and_(factor_counters.c.person == person.id, factor_counters.c.factor == factor)


def _factors(connection: Connection, person: Person) -> Factors:
    query = select(people.c.factors).where(people.c.id == person.id)
    return Factors.read(connection.execute(query).scalar())


def _holders(connection: Connection, passkey: str) -> Iterator[tuple[Person, Passkey]]:
    """People with a passkey of this id: one at most, unless an earlier version let in more."""
    query = select(people).where(people.c.factors.is_not(None))
    for row in connection.execute(query).mappings().all():
        for one in Factors.read(row["factors"]).passkeys:
            if one.id == passkey:
                yield person_of(row), one


def _store(connection: Connection, person: Person, factors: Factors) -> None:
    change = update(people).where(people.c.id == person.id).values(factors=factors.text)
    connection.execute(change)


def _new_codes() -> list[str]:
    """Recovery codes of 79 bits each, such as `k3mv-9qtp-x2bh-7rdw`."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        for _ in range(_RECOVERY_CODES)
    ]


def _hashed(codes: Sequence[str]) -> tuple[str, ...]:
    """Codes as stored: 79 random bits need no slow hash."""
    return tuple(hashlib.sha256(code.replace("-", "").encode()).hexdigest() for code in codes)
