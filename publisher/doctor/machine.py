"""Machine checks: secrets, planted files, disk, broker, notices, TLS, `publisher run`."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from publisher.base import formats, git
from publisher.base.errors import AlreadyRunning, ConfigurationError, PublisherError
from publisher.base.i18n import _
from publisher.base.lock import ensure_free
from publisher.doctor import mounts
from publisher.doctor.finding import Finding, bad, good, warning
from publisher.drafts import planted
from publisher.ledger.database import parsed
from publisher.monitoring import backups, broker
from publisher.running import embedded_broker
from publisher.settings.schema import is_safe_address
from publisher.settings.settings import Settings

_MOUNTS = Path("/proc/mounts")
_SCARCE, _TOO_LITTLE = 1_000_000_000, 100_000_000  # bytes


def examine(settings: Settings) -> Iterator[Finding]:
    """Check the files and services of the workspace."""
    yield _secrets(settings)
    yield from _planted(settings)
    yield _disk(settings.var)
    yield from _place(settings)
    yield _broker(settings)
    yield _notices(settings)
    yield from _backups(settings)
    yield from _in_clear(settings)


def _in_clear(settings: Settings) -> Iterator[Finding]:
    """Secrets and connections that others can read, and servers that others can impersonate."""
    if settings.web.is_open:
        message = _("Passwords come over plain HTTP: [web] host is {host}.", host=settings.web.host)
        hint = _(
            "Let the pages listen on 127.0.0.1 behind a server with TLS, and give its address "
            "as [web] public_url; `publisher help pages` shows how."
        )
        yield warning("pages", message, hint)
    elif settings.web.public_url and not is_safe_address(settings.web.public_url):
        message = _(
            "Passwords come over plain HTTP: [web] public_url is {url}.",
            url=settings.web.public_url,
        )
        hint = _(
            "Let the server in front of Publisher use TLS, and begin the address with "
            "https://; `publisher help pages` shows how."
        )
        yield warning("pages", message, hint)
    if settings.web.second_factor != "optional" and settings.web.totp_key is None:
        message = _(
            "A second factor is asked for, and the secrets of apps are in the ledger unencrypted."
        )
        hint = _(
            "Write a text of 32 random characters or more as totp_key under [web] in "
            "secrets.toml. Apps that are already set up go on working, each unencrypted until "
            "it is set up again."
        )
        yield warning("pages", message, hint)
    url = parsed(settings.database_url)
    is_near = not url.host or url.host in ("127.0.0.1", "localhost", "::1")
    if not is_near and url.query.get("sslmode") not in ("verify-full", "verify-ca"):
        message = _("Anything that answers as {host} is taken for PostgreSQL.", host=url.host)
        hint = _(
            "Beyond a network of your own, end the URL with sslmode=verify-full and "
            "sslrootcert=FILE."
        )
        yield warning("ledger", message, hint)


def is_planted(settings: Settings) -> bool:
    """Whether `var` is not Publisher's own: what is in it, such as the ledger, must not be used."""
    return next(_var(settings), None) is not None


def _var(settings: Settings) -> Iterator[Finding]:
    try:
        planted.refuse_var_in_git(settings)
    except ConfigurationError as error:
        yield bad("var", str(error), error.hint)


def _planted(settings: Settings) -> Iterator[Finding]:
    """Files that a commit should not contain."""
    yield from _var(settings)
    for name in planted.modules(settings.workspace):
        yield warning(name, planted.shadows(name), planted.remove(name))


def _secrets(settings: Settings) -> Finding:
    path, name = settings.secrets_file, settings.secrets_name
    if not path.exists():
        return good(name, _("There is none; credentials come from the environment."))
    if not path.is_relative_to(settings.workspace):  # a mounted secret, protected elsewhere
        return good(name, _("It is read instead of secrets.toml, as PUBLISHER_SECRETS_FILE says."))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        message = _("Other users of this machine can read it.")
        return bad(name, message, _("Run: {command}", command=f"chmod 600 {name}"))
    try:
        is_tracked = bool(git.tracked(path))
    except git.GitFailed:
        hint = _("Run: {command}. It should name nothing.", command=f"git ls-files {name}")
        return warning(name, _("git does not say whether it has this file."), hint)
    if is_tracked:
        hint = _(
            "Run: {command}. Then replace all credentials: anyone who has the repository has "
            "these.",
            command=f"git rm --cached {name}",
        )
        return bad(name, _("It is in git, with all its history."), hint)
    return good(name, _("Only its owner may read it, and git does not have it."))


def _disk(var: Path) -> Finding:
    there = next(folder for folder in (var, *var.parents) if folder.exists())
    if not os.access(there, os.W_OK):
        hint = _("Give it to the user that Publisher runs as, or name another folder with `var`.")
        return bad("disk", _("{path} cannot be written.", path=there), hint)
    free = shutil.disk_usage(there).free
    message = _("{path} has {size} of free space.", size=formats.size(free), path=var)
    if free < _TOO_LITTLE:
        return bad("disk", message, _("Make room: a full disk stops publishing."))
    if free < _SCARCE:
        return warning("disk", message, _("Make room before it is full."))
    return good("disk", message)


def _place(settings: Settings) -> Iterator[Finding]:
    """Whether the ledger's file is on a disk that is safe for SQLite."""
    scheme, __, path = settings.database_url.partition(":///")
    if not scheme.startswith("sqlite"):
        return
    folder = Path(path).parent.resolve()
    with suppress(OSError):
        if kind := mounts.network_kind(folder, _MOUNTS.read_text(errors="replace")):
            message = _("{path} is on a network file system ({kind}).", path=folder, kind=kind)
            hint = _(
                "SQLite may lose or damage the ledger there. Name a disk of this machine with `var` "
                "and [database] url, or use PostgreSQL."
            )
            yield warning("disk", message, hint)
    if name := mounts.cloud_folder(folder):
        message = _(
            "{path} looks like a folder that a cloud service copies ({name}).",
            path=folder,
            name=name,
        )
        hint = _("It would replace the ledger while it is in use. Move the workspace out of it.")
        yield warning("disk", message, hint)


def _broker(settings: Settings) -> Finding:
    try:
        if not settings.broker.url:
            return good(
                "broker",
                _("`publisher run` starts its own: {path}", path=embedded_broker.find_server()),
            )
        broker.check_writes(settings.broker.url)
    except PublisherError as error:
        return bad("broker", str(error), error.hint)
    try:
        policy = broker.eviction_policy(settings.broker.url)
    except PublisherError as error:
        return bad("broker", str(error), error.hint)
    if policy != broker.NO_EVICTION:
        message = _(
            "When its memory is full it deletes what waits there: its maxmemory-policy is {policy}.",
            policy=policy,
        )
        hint = _("Set its maxmemory-policy to noeviction. No post is lost, but posts are late.")
        return warning("broker", message, hint)
    return good("broker", _("It answers, and accepts what it is given."))


def _backups(settings: Settings) -> Iterator[Finding]:
    if trouble := backups.trouble_of(settings.backups):
        yield bad("backups", trouble.message, trouble.hint)
    elif settings.backups.folder is None:
        message = _("Nobody notices when backups of the ledger stop.")
        hint = _("Set [backups] folder to the folder that they are written into.")
        yield warning("backups", message, hint)
    else:
        yield good("backups", _("The newest is recent, and one was restored as a trial lately."))


def _notices(settings: Settings) -> Finding:
    if settings.notices.urls:
        return good(
            "notices",
            _(
                "{number} set up; `publisher notify` tests them.",
                number=len(settings.notices.urls),
            ),
        )
    message = _("Nobody is notified when something needs attention.")
    return warning(
        "notices", message, _("`publisher help notices` shows how to get a mail or a message.")
    )


def running(settings: Settings) -> Finding:
    """Whether `publisher run` is running in this workspace."""
    try:
        if settings.var.exists():
            ensure_free(settings.var / "run.lock", "`publisher run`")
    except AlreadyRunning as error:
        return good("publishing", str(error))
    except PublisherError as error:
        return bad("publishing", str(error), error.hint)
    hint = _("Start it, or dispatchers and workers on other machines.")
    return warning("publishing", _("`publisher run` is not running in this workspace."), hint)
