"""Keyring: the accounts' keys as secrets.toml has them now, renewed before they expire.

A refresh token may work once. So a renewal holds a lock beside secrets.toml, reads the file anew,
and has shown that it can be written before the token is spent; the new keys are on the disk before
anything uses them. A note beside the file says that a renewal began: after a crash or a lost answer
it tells what a refusal means. Another file beside it has the newest keys: they count, and come back
into secrets.toml, when somebody saves an older one over it. Machines that publish with such keys
share the file and its folder.
"""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import (
    CredentialsMissing,
    KeysExpired,
    LedgerMissing,
    PublisherError,
    why,
)
from publisher.base.i18n import _, joined
from publisher.channels.registry import SPECS, in_sentence
from publisher.channels.renewal import NotRenewed, Renewal, ends
from publisher.channels.spec import ChannelOptions
from publisher.delivery.renewal_note import RenewalNote, RenewedKeys, mark_of
from publisher.ledger.key_exchanges import KeyExchanges
from publisher.model.outcomes import UNTIL_MENDED, AccountSuspended, Kind
from publisher.settings import account_files
from publisher.settings.settings import Settings
from publisher.settings.sources import variable

SOON = timedelta(minutes=5)
"""Keys that end within it are renewed before anything is sent with them."""
_ASK_AGAIN = timedelta(minutes=15)
"""The time until a refused renewal is tried again: platforms refuse for hours what is right."""
_REMINDED = timedelta(days=5)
"""So long before keys end that are not renewed, a person is told once more."""
_SHORT = timedelta(days=1)
"""Keys that end within it suspend their account, if they are not renewed."""
_WRITES = 5  # attempts to write the new keys
WRITE_PAUSE = 1.0  # real seconds between two of them

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Stored:
    """The newest keys of an account that the files have."""

    mark: object = None
    """Another one whenever the files were changed."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_old: bool = False
    """Whether secrets.toml has older ones."""


class Keyring:
    """The keys of all accounts, in one process."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        options: Callable[[], ChannelOptions],
        exchanges: KeyExchanges,
    ) -> None:
        """`options`: what a channel's renewal is given."""
        self._settings = settings
        self._clock = clock
        self._options = options
        self._exchanges = exchanges
        self._file = settings.secrets_file
        self._patience = 2 * settings.delivery.request_timeout.total_seconds() + 5.0
        self._renewed = dict(self._find_renewed())
        self._stored: dict[str, _Stored] = {}

    def _find_renewed(self) -> list[tuple[str, Renewal]]:
        found = []
        for name, entry in self._settings.accounts.items():
            renewal = SPECS[entry.channel].renewal
            with suppress(CredentialsMissing):
                if renewal and renewal.concerns(self._settings.credentials(name)):
                    found.append((name, renewal))
        return found

    @property
    def renewed(self) -> tuple[str, ...]:
        """The accounts whose keys are renewed."""
        return tuple(self._renewed)

    def credentials(self, account: str) -> dict[str, str]:
        """The keys of an account. Raises CredentialsMissing."""
        given = self._settings.credentials(account)
        renewal = self._renewed.get(account)
        if renewal is None:
            return given
        stored = self._read(account, renewal).keys
        return given | {name: stored[name] for name in renewal.replaces if name in stored}

    def version(self, account: str) -> object:
        """Another value whenever the keys of an account are others than before."""
        renewal = self._renewed.get(account)
        return None if renewal is None else self._read(account, renewal).keys.get(renewal.mark)

    def _read(self, account: str, renewal: Renewal) -> _Stored:
        """What the files have of an account; what they had, while they cannot be read."""
        known = self._stored.get(account, _Stored())
        path = account_files.renewed_keys(self._file, account)
        try:
            mark = _mark(self._file), _mark(path)
            if mark == known.mark:
                return known
            keys = account_files.keys_of(self._file, account)
        except (OSError, ValueError):
            return known
        newer = RenewedKeys.read(path).instead_of(keys.get(renewal.mark, ""))
        self._stored[account] = _Stored(mark, {**keys, **newer}, is_old=bool(newer))
        return self._stored[account]

    def ends_at(self, account: str) -> datetime | None:
        """When the keys of an account expire unless they are renewed; None: they are not."""
        return ends(self.credentials(account)) if account in self._renewed else None

    def ends_within(self, account: str, margin: timedelta | None = None) -> bool:
        """Whether the keys expire within `margin`; None: so soon that they are to be renewed."""
        renewal = self._renewed.get(account)
        if renewal is None:
            return False
        left = ends(self.credentials(account)) - self._clock.now()
        return left < (renewal.ahead if margin is None else margin)

    def renew(self, account: str, margin: timedelta | None = None) -> None:
        """Renew the keys of an account if they expire within `margin`; as `ends_within`.

        Asks the platform, and may wait for another process that does. If it cannot be done now, the
        keys stay as they are. Raises KeysExpired if they have expired and the platform refuses.
        """
        self.restore(account)
        if not self.ends_within(account, margin):
            return
        try:
            self._renew(account, self._renewed[account], margin)
        except NotRenewed as problem:
            log.warning("keys were not renewed", account=account, reason=problem.message)
            if problem.is_final and self.ends_within(account, timedelta(0)):
                raise KeysExpired(problem.message, hint=_remedy(account)) from None

    def restore(self, account: str) -> None:
        """Write the newest keys into secrets.toml again, if somebody saved an older one over it.

        If it cannot be done now, they are used all the same.
        """
        renewal = self._renewed.get(account)
        if renewal is None or not self._read(account, renewal).is_old:
            return
        try:
            with account_files.locked(self._file, self._patience):
                stored = self._read(account, renewal)
                if stored.is_old:
                    self._store(account, {name: stored.keys[name] for name in renewal.replaces})
        except (NotRenewed, OSError) as problem:  # TimeoutError is an OSError
            log.warning("renewed keys were not restored", account=account, reason=str(problem))
        else:
            log.warning("an older secrets.toml was saved over renewed keys", account=account)

    def _renew(self, account: str, renewal: Renewal, margin: timedelta | None) -> None:
        self._refuse_variables(account, renewal)
        try:
            with account_files.locked(self._file, self._patience):
                if self.ends_within(account, margin):  # no other process has done it meanwhile
                    self._exchange(account, renewal)
        except TimeoutError:
            raise NotRenewed(_("Another process is renewing keys right now.")) from None
        except OSError as error:
            raise NotRenewed(self._not_written(why(error))) from None

    def _exchange(self, account: str, renewal: Renewal) -> None:
        keys, path = self.credentials(account), self._note_file(account)
        if self._read(account, renewal).keys.get(renewal.mark) != keys[renewal.mark]:
            message = _(
                "{file} has no keys for {account}.",
                file=self._settings.secrets_name,
                account=account,
            )
            raise NotRenewed(message, is_final=True)
        known = RenewalNote.read(path, keys[renewal.mark])
        refused = known.refused if known else ""
        if known and refused and abs(self._clock.now() - known.at) < _ASK_AGAIN:
            raise NotRenewed(refused, is_final=True)
        self._try_to_write()
        note = RenewalNote(mark_of(keys[renewal.mark]), self._clock.now(), refused)
        if known is None:  # else it began with this very file
            self._begin(account, note.mark)
        note.write(path)
        try:
            new = renewal.renew(keys, self._options())
        except NotRenewed as problem:
            if problem.is_final:
                was_cut = known is not None and not renewal.new_each_time
                told = refused or self._refused(account, problem.message, was_cut=was_cut)
                replace(note, refused=told).write(path)
                end = ends(keys)
                is_near = known and known.at + _REMINDED < end <= note.at + _REMINDED
                if is_near or not refused:
                    self._call_for_help(account, told, end)
                raise NotRenewed(told, is_final=True) from None
            if known is None and not problem.may_be_spent:
                with suppress(PublisherError):  # else the note tells the next process to go on
                    self._exchanges.undo(account, note.mark)
                    path.unlink(missing_ok=True)
            raise
        kept = account_files.renewed_keys(self._file, account)
        if mark_of(new[renewal.mark]) != note.mark:
            with suppress(OSError):
                RenewedKeys.read(kept).followed_by(new, note.mark).write(kept)
        self._store(account, new)

    def _store(self, account: str, new: Mapping[str, str]) -> None:
        self._write(account, new)
        self._note_file(account).unlink(missing_ok=True)
        log.info("keys were renewed", account=account)

    def _begin(self, account: str, mark: str) -> None:
        """Record it where all machines see it. Raises NotRenewed if another one did it before."""
        try:
            host = self._exchanges.begin(account, mark)
        except LedgerMissing:
            return  # nothing was ever queued, so no other machine is at work
        except PublisherError as error:
            raise NotRenewed(str(error)) from None
        if host:
            message = _(
                "The keys of {account} were renewed on the machine {host}, and {file} on this "
                "one has the old ones. Machines that publish with such keys must share that file "
                "in one folder.",
                account=account,
                host=host,
                file=self._settings.secrets_name,
            )
            raise NotRenewed(message, is_final=True)

    def _refused(self, account: str, message: str, *, was_cut: bool) -> str:
        if not was_cut:
            return message
        lost = _(
            "An earlier renewal was interrupted before the new keys were stored, and {platform} "
            "accepts each refresh token only once.",
            platform=in_sentence(self._settings.accounts[account].channel),
        )
        return joined(message, lost)

    def _call_for_help(self, account: str, message: str, end: datetime) -> None:
        message = joined(message, _remedy(account))
        outcome = AccountSuspended(Kind.AUTH, message, backoff=UNTIL_MENDED)
        try:
            if end > self._clock.now() + _SHORT:
                # A suspension would end with the next post, as if all were well.
                self._exchanges.not_renewed(account, message, end)
            else:
                self._exchanges.refused(account, outcome)
        except PublisherError as error:  # `doctor` says it all the same
            log.warning("no person was called", account=account, reason=str(error))

    def _refuse_variables(self, account: str, renewal: Renewal) -> None:
        """What the environment holds would overrule what is stored, and is spent then."""
        for name in renewal.replaces:
            overruling = variable(("accounts", account, name))
            if os.environ.get(overruling):
                message = _(
                    "{name} is set, so Publisher cannot renew the keys of {account}: they must "
                    "be in {file}.",
                    name=overruling,
                    account=account,
                    file=self._settings.secrets_name,
                )
                raise NotRenewed(message, is_final=True)

    def _try_to_write(self) -> None:
        """Write the file as it is: if that fails, the new keys would have been lost."""
        try:
            text = self._file.read_text(encoding="utf-8")
            account_files.write(self._file, text, private=True)
        except (OSError, ValueError) as error:
            raise NotRenewed(self._not_written(type(error).__name__)) from None
        except PublisherError as error:
            raise NotRenewed(self._not_written(str(error))) from None

    def _not_written(self, reason: str) -> str:
        return _(
            "Publisher does not renew the keys, because {file} could not be written: {reason}",
            file=self._settings.secrets_name,
            reason=reason,
        )

    def _write(self, account: str, new: Mapping[str, str]) -> None:
        """Store the new keys; the old ones are worth nothing any more."""
        for left in reversed(range(_WRITES)):
            try:
                text = account_files.with_keys(self._file, account, new, ())
                if text is not None:
                    account_files.write(self._file, text, private=True)
            except PublisherError as error:
                if not left:
                    raise NotRenewed(self._not_written(str(error)), may_be_spent=True) from None
                threading.Event().wait(WRITE_PAUSE)
            else:
                return

    def trouble(self, account: str) -> tuple[str, str] | None:
        """Message and hint on the last renewal of these keys, if the platform refused it."""
        renewal = self._renewed.get(account)
        if renewal is None:
            return None
        note = RenewalNote.read(self._note_file(account), self.credentials(account)[renewal.mark])
        return (note.refused, _remedy(account)) if note and note.refused else None

    def _note_file(self, account: str) -> Path:
        return account_files.renewal_note(self._file, account)


def _mark(path: Path) -> object:
    """Another value whenever a file was changed; None: there is none. Raises OSError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _remedy(account: str) -> str:
    return _(
        "Connect it again on the page of the accounts. In a terminal: `publisher connect "
        "{account}`.",
        account=account,
    )
