"""The command line: `publisher` and its commands.

Exit codes: see `EXIT_CODES`. Nothing ends in a traceback on the screen: what nobody foresaw goes
into a file under var/log.
"""

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from publisher.base import i18n
from publisher.base.errors import (
    BROKEN_PIPE,
    INTERRUPTED,
    PublisherError,
    StorageError,
    why,
)
from publisher.base.i18n import _
from publisher.base.process import collect_rarely
from publisher.cli import completion
from publisher.cli.arguments import language_in

_OUTPUT = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit code."""
    collect_rarely()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    _print_anything()
    i18n.use(language_in(arguments))
    try:
        if completion.is_asked():
            completion.answer(arguments)
            code = 0
        else:
            code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort, so that nobody sees a traceback
        return _explain(error, arguments)
    return code


def _run(arguments: list[str]) -> int:
    import typer

    from publisher.cli import app

    group = app.command()
    try:
        # Not `group.main`, which would hide a broken pipe behind exit code 1.
        with group.make_context("publisher", arguments) as context:
            group.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return app.explain_usage(error)
    return 0


def _explain(error: Exception, arguments: list[str]) -> int:
    if isinstance(error, PublisherError):
        return _fail(str(error), error.hint, error.exit_code)
    if isinstance(error, OSError) and error.errno in _STORAGE and error.filename:
        return _fail(f"{error.filename}: {why(error)}.", _(StorageError.hint), 3)
    if isinstance(error, OSError) and error.errno in _OUTPUT and error.filename is None:
        return _unprintable(error)
    return _unexpected(error, arguments)


def _unprintable(error: OSError) -> int:
    """What is printed goes to a full disk, or to a terminal that was closed."""
    _silence_stdout()
    if error.errno == errno.EIO:
        return BROKEN_PIPE
    hint = _("Make room where the output goes, then run the command again.")
    return _fail(_("The output cannot be written: {reason}.", reason=why(error)), hint, 3)


def _fail(message: str, hint: str | None, code: int) -> int:
    from publisher.cli.output.console import print_error

    with suppress(OSError):  # the exit code tells it to whoever cannot read it
        print_error(message, hint)
    return code


def _unexpected(error: BaseException, arguments: list[str]) -> int:
    from publisher.cli import crash_report

    path = crash_report.write(error, arguments)
    message = _("Publisher ran into an unexpected error ({kind}).", kind=type(error).__name__)
    if path is None:
        hint = _(
            "Show this to the person who runs Publisher. The ledger is as it was: `publisher "
            "status` shows it."
        )
    else:
        hint = _(
            "The details are in {path}; show them to the person who runs Publisher. The ledger "
            "is as it was: `publisher status` shows it.",
            path=path,
        )
    return _fail(message, hint, 3)


def _print_anything() -> None:
    """A terminal that knows no é must not stop a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _silence_stdout() -> None:
    """What is still in the buffer goes nowhere, instead of failing once more at exit."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a file
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
