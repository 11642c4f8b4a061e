"""Renewal of keys that expire: once, on the disk before they are used, and what is lost is said."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.app.opening import KeysFile
from publisher.base.clock import SystemClock
from publisher.base.errors import KeysExpired, LedgerMissing, LedgerUnavailable, StorageError
from publisher.delivery.key_renewer import KeyRenewer
from publisher.delivery.keyring import SOON, Keyring
from publisher.doctor import Grade, accounts
from publisher.ledger.key_exchanges import KeyExchanges
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings import account_files, settings
from tests.connect.conftest import Desk
from tests.connect.test_twitter_oauth2 import connect
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards(
    "publisher.channels.renewal",
    "publisher.delivery.key_renewer",
    "publisher.delivery.keyring",
    "publisher.delivery.renewal_note",
    "publisher.ledger.key_exchanges",
    "publisher.settings.account_files",
)

SHORT = 60  # seconds
_RENEWING = """
import sys
from pathlib import Path
from publisher.app import Application
Application.open(Path(sys.argv[1])).keyring.renew("bice-x")
"""


@pytest.fixture
def app(desk: Desk) -> Iterator[Application]:
    """An account whose tokens end within a minute; those of its renewals live for two hours."""
    yield from connected(desk, SHORT)


def connected(desk: Desk, seconds: float) -> Iterator[Application]:
    desk.app().database.migrate()
    desk.sandbox.faults.set([Fault(what=XFault.SHORT_LIVED, seconds=seconds)])
    connect(desk)
    desk.sandbox.faults.set([])
    desk.sandbox.store.requests.clear()
    app = desk.app()
    yield app
    app.close()


def expire(desk: Desk) -> None:
    """As if the access token had ended an hour ago."""
    ended = (SystemClock().now() - timedelta(hours=1)).isoformat()
    text = account_files.with_keys(desk.secrets, "bice-x", {"expires_at": ended}, ())
    desk.secrets.write_text(text or "")


def stored(desk: Desk) -> dict[str, str]:
    return settings.load(desk.workspace.path).credentials("bice-x")


def renewals(desk: Desk) -> int:
    return desk.sandbox.store.requests["getOAuth2Token"]


def note(desk: Desk) -> Path:
    return account_files.beside(desk.secrets, "bice-x.renewal")


def kept(desk: Desk) -> Path:
    return account_files.renewed_keys(desk.secrets, "bice-x")


def suspension(app: Application) -> str:
    return " ".join(one.suspension_message or "" for one in app.queries.accounts())


def away(*_: object) -> None:
    raise LedgerUnavailable("The database does not answer.")


def test_tokens_that_end_soon_are_renewed_and_stored(app: Application, desk: Desk) -> None:
    before = stored(desk)
    app.keyring.renew("bice-x")
    after = stored(desk)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"access_token", "refresh_token", "expires_at"}
    assert app.keyring.credentials("bice-x") == after
    assert not note(desk).exists()
    app.keyring.renew("bice-x")
    assert renewals(desk) == 1


def test_an_open_channel_goes_on_with_the_new_token(app: Application) -> None:
    with app.channel("bice-x") as channel:
        assert channel.examine().problem is None
    app.keyring.renew("bice-x")
    with app.channel("bice-x") as channel:
        assert channel.examine().problem is None


def test_another_process_takes_the_new_token_from_the_file(app: Application, desk: Desk) -> None:
    other = desk.app()
    with other.channel("bice-x") as channel:
        assert channel.examine().problem is None
    app.keyring.renew("bice-x")
    with other.channel("bice-x") as channel:
        assert channel.examine().problem is None
    assert renewals(desk) == 1


def test_of_many_processes_one_renews(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait for it, however short a request may take."""
    monkeypatch.setenv("PUBLISHER_DELIVERY__REQUEST_TIMEOUT", "2s")

    def still_ends(ring: Keyring) -> bool:
        ring.renew("bice-x")
        return ring.ends_within("bice-x")

    rings = [desk.app().keyring for _ in range(8)]
    desk.sandbox.faults.set([Fault(what=What.SLOW, endpoint="getOAuth2Token")])
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(still_ends, rings))
    assert renewals(desk) == 1
    assert {ring.credentials("bice-x")["access_token"] for ring in rings} == {
        stored(desk)["access_token"]
    }
    assert app.keyring.trouble("bice-x") is None


def test_a_process_killed_between_the_answer_and_the_file_leads_to_connecting_again(
    app: Application, desk: Desk
) -> None:
    slow = Fault(what=What.SLOW, endpoint="getOAuth2Token", seconds=30)
    desk.sandbox.faults.set([slow])  # it counts at once, and the answer comes later
    before = stored(desk)
    child = subprocess.Popen([sys.executable, "-c", _RENEWING, desk.workspace.path])
    while not renewals(desk):
        assert child.poll() is None
        time.sleep(0.02)
    child.kill()
    child.wait()
    desk.sandbox.faults.set([])
    assert stored(desk) == before
    app.keyring.renew("bice-x")
    message, hint = app.keyring.trouble("bice-x") or ("", "")
    assert "interrupted before the new keys were stored" in message
    assert "publisher connect bice-x" in hint
    assert "publisher connect bice-x" in suspension(app)


def test_an_answer_that_is_lost_after_it_counted_leads_to_connecting_again(
    app: Application, desk: Desk
) -> None:
    expire(desk)
    desk.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint="getOAuth2Token", commit=True)])
    app.keyring.renew("bice-x")  # nobody knows yet
    assert note(desk).exists()
    desk.sandbox.faults.set([])
    with pytest.raises(KeysExpired, match="accepts each refresh token only once") as expired:
        app.keyring.renew("bice-x")
    assert "publisher connect bice-x" in str(expired.value.hint)
    connect(desk)
    desk.app().keyring.renew("bice-x")
    with desk.app().channel_to_ask("bice-x") as channel:
        assert channel.examine().problem is None


@pytest.mark.parametrize("renewed", [1, 3])
def test_an_editor_that_saves_an_older_file_loses_no_keys(
    app: Application, desk: Desk, renewed: int
) -> None:
    """The newest keys are used at once, and come back into the file; no token is sent twice."""
    opened = desk.secrets.read_text()
    for _time in range(renewed):
        app.keyring.renew("bice-x", timedelta(days=1))
    newest = stored(desk)
    desk.secrets.write_text(f"# a word of the editor\n{opened}")
    for process in (app, desk.app()):
        assert process.keyring.credentials("bice-x") == newest
        with process.channel_to_ask("bice-x") as channel:
            assert channel.examine().problem is None
    KeyRenewer(app.keyring, lambda _account: False).look()
    assert stored(desk) == newest
    assert "a word of the editor" in desk.secrets.read_text()
    assert renewals(desk) == renewed
    assert not desk.sandbox.state()["violations"]


def test_who_connects_again_after_a_renewal_gets_nothing_older_back(
    app: Application, desk: Desk
) -> None:
    app.keyring.renew("bice-x")
    connect(desk)
    assert not kept(desk).exists()
    app.keyring.renew("bice-x")
    desk.connection("bice-x").revoke()
    assert not kept(desk).exists()


def test_a_machine_with_an_old_copy_of_the_file_spends_no_token(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(desk)
    copy = desk.secrets.read_text()
    app.keyring.renew("bice-x")
    new = desk.secrets.read_text()
    desk.secrets.write_text(copy)
    kept(desk).unlink()  # it is in the other machine's folder
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    with pytest.raises(KeysExpired, match="share that file"):
        desk.app().keyring.renew("bice-x")
    assert renewals(desk) == 1
    desk.secrets.write_text(new)
    assert not desk.app().keyring.ends_within("bice-x")


@pytest.mark.parametrize("what", [What.HANG_UP, What.SERVER_ERROR, What.HTML])
def test_a_renewal_that_did_not_count_is_repeated(app: Application, desk: Desk, what: What) -> None:
    desk.sandbox.faults.set([Fault(what=what, endpoint="getOAuth2Token", times=1)])
    app.keyring.renew("bice-x")
    app.keyring.renew("bice-x")
    assert not app.keyring.ends_within("bice-x")
    assert suspension(app) == ""


def test_a_renewal_that_never_left_can_be_made_on_another_machine(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the ledger was away at the moment when that was to be recorded."""
    desk.sandbox.faults.set([Fault(what=What.RATE_LIMIT, endpoint="getOAuth2Token")])
    with monkeypatch.context() as patch:
        patch.setattr(KeyExchanges, "undo", away)
        app.keyring.renew("bice-x")
    desk.sandbox.faults.set([])
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    desk.app().keyring.renew("bice-x")
    assert not desk.app().keyring.ends_within("bice-x")


def test_a_refused_renewal_calls_a_person_at_once_and_is_not_asked_each_time(
    app: Application, desk: Desk
) -> None:
    desk.sandbox.faults.set([Fault(what=XFault.TOKEN_SPENT)])
    app.keyring.renew("bice-x")
    app.keyring.renew("bice-x")
    assert renewals(desk) == 1
    assert "does not renew the keys" in suspension(app)
    findings = list(accounts.examine(app, offline=False, only="bice-x"))
    assert [one.grade for one in findings if one.subject == "account bice-x"] == [Grade.BAD]
    assert "does not renew the keys" in findings[1].message


def test_a_refused_renewal_is_told_also_where_the_ledger_cannot_call_a_person(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyExchanges, "refused", away)
    desk.sandbox.faults.set([Fault(what=XFault.TOKEN_SPENT)])
    app.keyring.renew("bice-x")
    message, _hint = app.keyring.trouble("bice-x") or ("", "")
    assert "does not renew the keys" in message


def test_keys_that_cannot_be_stored_are_not_asked_for(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("secrets.toml cannot be written: No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(account_files, "write", full)
        app.keyring.renew("bice-x")
    assert renewals(desk) == 0
    app.keyring.renew("bice-x")
    assert renewals(desk) == 1


def test_a_disk_that_is_full_for_a_moment_loses_nothing(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is tried before the token is spent; what fails after that is tried again."""
    write, calls = account_files.write, iter([False, True, True, False])

    def sometimes(*words: object, **more: object) -> None:
        if next(calls):
            raise StorageError("secrets.toml cannot be written: No space left on device.")
        write(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(account_files, "write", sometimes)
    monkeypatch.setattr("publisher.delivery.keyring.WRITE_PAUSE", 0.0)
    before = stored(desk)
    app.keyring.renew("bice-x")
    assert stored(desk)["refresh_token"] != before["refresh_token"]
    assert not note(desk).exists()


def test_new_keys_outlast_a_file_that_cannot_be_written_for_long(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that a person broke while the platform was asked."""
    write, calls = account_files.write, iter([True, *[False] * 5])

    def broken(*words: object, **more: object) -> None:
        if not next(calls):
            raise StorageError("secrets.toml cannot be written.")
        write(*words, **more)  # type: ignore[arg-type]

    before = stored(desk)
    with monkeypatch.context() as patch:
        patch.setattr(account_files, "write", broken)
        patch.setattr("publisher.delivery.keyring.WRITE_PAUSE", 0.0)
        app.keyring.renew("bice-x")
    assert stored(desk) == before
    assert kept(desk).stat().st_mode & 0o777 == 0o600
    other = desk.app()
    other.keyring.renew("bice-x")
    assert renewals(desk) == 1
    assert not note(desk).exists()
    with other.channel("bice-x") as channel:
        assert channel.examine().problem is None


def test_a_key_in_the_environment_is_not_spent(
    app: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(desk)
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_X__REFRESH_TOKEN", "from elsewhere")
    with pytest.raises(KeysExpired, match="PUBLISHER_ACCOUNTS__BICE_X__REFRESH_TOKEN"):
        app.keyring.renew("bice-x")
    assert renewals(desk) == 0


def test_the_processes_do_not_start_again_for_a_renewal(app: Application, desk: Desk) -> None:
    keys = KeysFile(settings.load(desk.workspace.path))
    app.keyring.renew("bice-x")
    assert keys.changed() is None
    text = account_files.with_keys(desk.secrets, "bice-x", {"user_id": "1"}, ())
    desk.secrets.write_text(text or "")
    assert keys.changed()  # another owner, who is to be verified


def test_the_thread_renews_long_before_and_not_while_posts_leave(
    app: Application, desk: Desk
) -> None:
    keys = {"expires_at": (app.clock.now() + timedelta(minutes=50)).isoformat()}
    desk.secrets.write_text(account_files.with_keys(desk.secrets, "bice-x", keys, ()) or "")
    busy = {"bice-x"}
    renewer = KeyRenewer(app.keyring, busy.__contains__)
    renewer.look()
    assert renewals(desk) == 0
    busy.clear()
    renewer.look()
    assert renewals(desk) == 1
    assert not app.keyring.ends_within("bice-x", timedelta(hours=1))


def test_the_thread_looks_until_it_is_ended(app: Application, desk: Desk) -> None:
    renewer = KeyRenewer(app.keyring, lambda _account: False)
    renewer.start()
    wait_for(lambda: renewals(desk))
    renewer.finish()
    renewer._thread.join(30)
    assert not renewer._thread.is_alive()


def test_who_waits_for_the_platform_has_expired_keys_renewed_first(
    app: Application, desk: Desk
) -> None:
    expire(desk)
    assert app.keyring.ends_within("bice-x", SOON)
    with app.channel_to_ask("bice-x") as channel:
        assert channel.examine().problem is None
    assert renewals(desk) == 1


def test_other_accounts_have_no_keys_to_renew(desk: Desk) -> None:
    app = desk.app()
    assert app.keyring.renewed == ()
    assert app.keyring.version("bice-fedi") is None
    app.keyring.renew("bice-fedi")
    with pytest.raises(LedgerMissing):
        app.database.check_revision()
