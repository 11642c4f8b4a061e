"""Errors: all that Publisher raises on purpose.

A class's docstring is its default message; `hint` says what to do next; both are translated when
the error is raised. `exit_code` is what the command line ends with: 1 the drafts or deliveries have
problems, 2 wrong usage, 3 the environment is wrong. Bad drafts are not errors but `Problem` values
(see `model/values.py`), and a platform's answer is an `Outcome` (see `model/outcomes.py`).
"""

from typing import ClassVar

from publisher.base.i18n import _, later

INTERRUPTED = 130
BROKEN_PIPE = 141

EXIT_CODES = {
    0: later("Done."),
    1: later("Drafts or deliveries have problems, or what was asked is not possible."),
    2: later("The command was used wrongly."),
    3: later("Something it needs is missing: workspace, broker, database or credentials."),
    INTERRUPTED: later("It was interrupted, or the answer to a question was no."),
    BROKEN_PIPE: later("The reader of the output went away."),
}
"""What each code means; `publisher help exit-codes`, the man page and docs/commands.md show it."""
_OF_SYSTEM = (
    later("Address already in use"),
    later("Cannot assign requested address"),
    later("Disk quota exceeded"),
    later("File exists"),
    later("File name too long"),
    later("File too large"),
    later("Input/output error"),
    later("Is a directory"),
    later("No space left on device"),
    later("No such file or directory"),
    later("Not a directory"),
    later("Operation not permitted"),
    later("Permission denied"),
    later("Read-only file system"),
    later("Too many levels of symbolic links"),
    later("Too many open files"),
)


def why(error: Exception) -> str:
    """The operating system's message, or another error's, without a full stop."""
    return _(getattr(error, "strerror", None) or str(error) or type(error).__name__)


class PublisherError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 3
    hint: str | None = None
    plainly: str | None = None
    """The message without names, addresses and paths, for people who may not see them."""

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, plainly: str | None = None
    ) -> None:
        self.plainly = plainly
        super().__init__(message or _(str(self.__doc__)))
        hint = self.hint if hint is None else hint
        self.hint = hint and _(hint)


class UsageError(PublisherError):
    """This command cannot be used like that."""

    exit_code = 2


class NotPossible(PublisherError):
    """This cannot be done in the state that the delivery is in."""

    exit_code = 1


class NotFound(NotPossible):
    """There is no such thing."""


class NotConnected(NotPossible):
    """The account was not connected; nothing was stored."""


class AnotherOwner(NotConnected):
    """The keys belong to someone else than before; nothing was stored."""


class NotPermitted(PublisherError):
    """The person who asks for this has no right to it."""

    exit_code = 1


class NotAllowed(NotPermitted):
    """Your role does not allow it."""

    hint = "Ask a manager to do it, or an admin of this workspace for another role."


class NoSuchPost(PublisherError):
    """There is no delivery of such a post in the ledger."""

    exit_code = 2
    hint = "`publisher log` lists what the ledger knows; `publisher queue` adds a draft to it."


class WorkspaceNotFound(PublisherError):
    """There is no publisher.toml here or in any folder above."""

    exit_code = 3
    hint = (
        "Go to a workspace, name one with --workspace DIR, or make one with `publisher init DIR`."
    )


class ConfigurationError(PublisherError):
    """The settings cannot be used."""


class CredentialsMissing(PublisherError):
    """An account has no credentials."""

    hint = "`publisher help credentials` shows step by step where they come from and where they go."


class KeysExpired(CredentialsMissing):
    """The keys of an account have expired, and were not renewed."""


class AccountElsewhere(ConfigurationError):
    """This machine cannot use an account that another one can."""

    hint = (
        "Give every machine the same publisher.toml and secrets.toml, and start its workers again."
    )


class FileChanged(PublisherError):
    """Someone else has changed the file in the meantime."""

    exit_code = 1
    hint = "Nothing was written. Look at what is in it now, and run the command again."


class LedgerUnavailable(PublisherError):
    """The ledger's database cannot be reached."""

    hint = (
        "Check [database] url in secrets.toml or publisher.toml, and that the database is running."
    )


class LedgerStarting(LedgerUnavailable):
    """The ledger's database is starting up."""

    hint = "Publisher waits for it. If it does not come up, the log of PostgreSQL says why."


class LedgerBusy(LedgerUnavailable):
    """This part of the ledger is in use for a moment; for others the ledger is there."""

    hint = "It goes on by itself. If it does not, end what holds the ledger: an open transaction."


class LedgerMissing(LedgerUnavailable):
    """There is no ledger yet."""

    hint = (
        "`publisher queue` makes it, or `publisher migrate` if nothing is to be queued yet. If "
        "posts have gone out from here, do not make another one: put it back with `publisher "
        "restore`. If several machines publish, [database] url is missing here: it belongs in "
        "secrets.toml."
    )


class LedgerEmpty(PublisherError):
    """Nothing has ever been queued in this ledger."""

    hint = (
        "So nothing was done. If several machines publish, [database] url is missing here: put "
        "it into secrets.toml. Otherwise `publisher queue` puts drafts on the schedule."
    )


class LedgerGone(PublisherError):
    """The ledger's file is not the one that was opened."""

    hint = (
        "Put the ledger back with `publisher restore FILE` before you queue anything: a new "
        "one does not know what is out. Then restart what was running."
    )


class LedgerSetBack(LedgerUnavailable):
    """The ledger was set back: it lacks what was written before."""

    hint = (
        "None of this was done. What may be out already is looked for on the platforms, and "
        "does not go out again. Look at the posts as they are now, then do it again."
    )


class LedgerElsewhere(LedgerUnavailable):
    """A copy of the ledger is at work at the same broker."""

    hint = (
        "Stop the one that is not intended. If that is the other one, then start this one again: "
        "within two minutes it goes on, and looks first for what may be out."
    )


class LedgerTooNew(PublisherError):
    """The ledger was written by a newer version of Publisher."""

    hint = "Update Publisher on this machine to the version that the others use."


class LedgerTooOld(PublisherError):
    """The ledger is older than the first version whose ledgers can be updated."""

    hint = (
        "Run `publisher migrate` once with Publisher's commit 58db9a3, then go on with this "
        "version."
    )


class BackupUnusable(PublisherError):
    """This file cannot be restored."""

    hint = "Name a file that `publisher backup` wrote; the present ledger is unchanged."


class HistoryBroken(PublisherError):
    """The history is not as it was written."""

    hint = "`publisher log verify` shows all that was changed; nothing was archived."


class ClockWrong(PublisherError):
    """This machine's clock is wrong."""

    hint = (
        "Keep it in step with a time server (systemd-timesyncd, chrony). Publisher then goes "
        "on by itself."
    )


class BrokerUnavailable(PublisherError):
    """The broker cannot be reached."""

    hint = "Check [broker] url in secrets.toml or publisher.toml; leave it empty to use the embedded broker."


class NoticeNotSent(PublisherError):
    """A notice could not be sent."""

    hint = "Check its address under [notices] in secrets.toml; `publisher notify` tries it."


class PictureUnusable(PublisherError):
    """A picture cannot be sent."""

    exit_code = 1
    hint = "Open it in an editor and save it again, or leave it out."


class Busy(PublisherError):
    """Other people's pictures are being prepared."""

    hint = "This one was not stored. Wait half a minute, load the page again, and send what is missing."


class KeyReused(UsageError):
    """This idempotency key was used for another request."""

    hint = (
        "Use a new key for each request, such as a UUID; only a repeated request has the same one."
    )


class StillRunning(Busy):
    """The request with this idempotency key is still being carried out."""

    hint = "Wait a few seconds, then send it again with the same key."


class DraftHasErrors(PublisherError):
    """Nothing was saved: the draft has errors."""

    exit_code = 1
    hint = "Correct what is listed, then send it again."


class StorageError(PublisherError):
    """A file cannot be written."""

    hint: str = (
        "Check free space and permissions of the workspace's var/ folder, then run it again."
    )


class ProviderRefused(PublisherError):
    """What the OpenID Connect provider says cannot be used."""

    exit_code = 1


class AlreadyRunning(PublisherError):
    """`publisher run` is already running in this workspace."""

    hint = "Stop the other one first, or add workers on other machines as `publisher help deployment` shows."


class ProcessFailed(PublisherError):
    """A process that `publisher run` needs ends as soon as it starts."""
