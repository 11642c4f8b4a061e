"""doctor: what is wrong with the surroundings, found without changing anything."""

import io
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.clock import SystemClock
from publisher.base.errors import StorageError
from publisher.doctor import Finding, Grade, examine, machine, profiles
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.tables import accounts
from publisher.model.accounts import Owner
from publisher.model.outcomes import AccountSuspended, Kind, Limit
from publisher.planning import Planner
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.running.conftest import Draft, Queued
from tests.support.pages import PASSWORD

pytestmark = pytest.mark.guards(
    "publisher.doctor",
    "publisher.doctor.accounts",
    "publisher.doctor.duty",
    "publisher.doctor.ledger",
    "publisher.doctor.machine",
    "publisher.doctor.profiles",
)


def findings(workspace: Path, *, offline: bool = False) -> dict[str, Finding]:
    app = Application(settings.load(workspace), SystemClock())
    try:
        return {finding.subject: finding for finding in examine(app, offline=offline)}
    finally:
        app.close()


def test_all_is_well_but_that_nothing_runs_and_nobody_is_told(
    workspace: Path, sandbox: Sandbox, draft: Draft, queued: Queued
) -> None:
    draft("later", "2036-03-07 08:00")
    queued().close()
    found = findings(workspace)
    odd = {subject for subject, finding in found.items() if finding.grade is not Grade.GOOD}
    assert odd == {"backups", "notices", "platforms", "publishing"}, (
        "the sandbox is no real platform"
    )
    told = "Its platform accepts its requests. Its keys belong to @voice_x."
    assert found["account voice-x"].message == told
    assert "clock" in found
    assert sandbox.state()["posts"] == []


def test_that_no_post_reaches_the_real_platforms_is_told_loudly(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request takes the credentials there."""
    assert "platforms" not in findings(workspace, offline=True)
    for variable, name in (("TWITTER_API_URL", "X"), ("FACEBOOK_GRAPH_URL", "Facebook")):
        monkeypatch.setenv(f"PUBLISHER_{variable}", "https://elsewhere.example.org")
        found = findings(workspace, offline=True)["platforms"]
        assert found.grade is Grade.WARNING
        assert f"NOT THE REAL {name.upper()}" in found.message
        assert "https://elsewhere.example.org" in found.message
        monkeypatch.delenv(f"PUBLISHER_{variable}")


def test_passwords_in_clear_and_a_database_that_may_be_anybody_are_warned_of(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def messages() -> list[str]:
        app = Application(settings.load(workspace), SystemClock())
        found = machine._in_clear(app.settings)
        return [f"{one.grade} {one.subject}: {one.message}" for one in found]

    assert messages() == []
    monkeypatch.setenv("PUBLISHER_WEB__HOST", "192.0.2.7")
    url = "postgresql+psycopg://publisher@ledger.example.org/publisher"
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", url)
    pages, ledger = messages()
    assert pages == "warning pages: Passwords come over plain HTTP: [web] host is 192.0.2.7."
    assert "Anything that answers as ledger.example.org is taken" in ledger
    monkeypatch.delenv("PUBLISHER_WEB__HOST")
    monkeypatch.setenv("PUBLISHER_WEB__PUBLIC_URL", "http://publisher.example.org")
    assert "[web] public_url is http://publisher.example.org." in messages()[0]
    monkeypatch.setenv("PUBLISHER_WEB__HOST", "192.0.2.7")
    monkeypatch.setenv("PUBLISHER_WEB__PUBLIC_URL", "https://publisher.example.org")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", f"{url}?sslmode=verify-full")
    assert messages() == []


def test_a_second_factor_without_a_key_for_its_secrets_is_warned_of(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def messages() -> list[str]:
        return [one.message for one in machine._in_clear(settings.load(workspace))]

    assert messages() == []
    monkeypatch.setenv("PUBLISHER_WEB__SECOND_FACTOR", "managers")
    (said,) = messages()
    assert said.startswith("A second factor is asked for, and the secrets of apps")
    monkeypatch.setenv("PUBLISHER_WEB__TOTP_KEY", "k" * 32)
    assert messages() == []


def test_it_changes_nothing(workspace: Path, sandbox: Sandbox) -> None:
    before = sorted(path for path in workspace.rglob("*"))
    findings(workspace)
    assert sorted(path for path in workspace.rglob("*")) == before


def test_offline_it_asks_nobody(workspace: Path, sandbox: Sandbox) -> None:
    assert findings(workspace, offline=True)["account voice-x"].grade is Grade.GOOD
    assert sandbox.state()["requests"] == {}


def test_an_account_whose_platform_refuses_it_is_bad(workspace: Path, sandbox: Sandbox) -> None:
    sandbox.faults.set([Fault(what=What.UNAUTHORISED)])
    found = findings(workspace)["account voice-x"]
    assert found.grade is Grade.BAD
    assert found.hint


def test_a_401_to_a_wrong_clock_is_not_blamed_on_the_keys(
    workspace: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.set(
        [
            Fault(what=What.WRONG_DATE, seconds=7200),
            Fault(what=What.UNAUTHORISED, channel="twitter"),
        ]
    )
    found = findings(workspace)
    told = found["account voice-x"]
    assert told.grade is Grade.BAD
    assert "clock of this machine is wrong" in told.message
    assert "secrets.toml" not in f"{told.message} {told.hint}"
    assert found["clock"].grade is Grade.BAD


def _with_handle(workspace: Path, handle: str) -> None:
    path = workspace / "publisher.toml"
    section = "[accounts.voice-x]\n"
    path.write_text(path.read_text().replace(section, f'{section}handle = "{handle}"\n'))


def test_keys_of_somebody_else_are_bad(workspace: Path, sandbox: Sandbox) -> None:
    _with_handle(workspace, "bice")
    found = findings(workspace)["account voice-x"]
    assert found.grade is Grade.BAD
    assert found.message == "The keys belong to @voice_x, but publisher.toml names @bice."


def test_another_owner_than_before_is_bad_and_known_offline(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    app = queued()
    app.owners.remember("voice-x", Owner(id="707", name="@bice"))
    app.close()
    found = findings(workspace, offline=True)["account voice-x"]
    assert found.grade is Grade.BAD
    assert "those before belonged to @bice" in found.message
    assert sandbox.state()["requests"] == {}


def test_a_renamed_account_is_bad_until_a_person_confirms_it(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    """The keys may be another account's; publisher.toml can confirm it as well."""
    queued().close()
    assert findings(workspace)["account voice-x"].grade is Grade.GOOD
    sandbox.faults.set([Fault(what=What.RENAMED, channel="twitter")])
    found = findings(workspace)["account voice-x"]
    told = "The keys of voice-x now belong to @other_voice_x; before, they belonged to @voice_x."
    assert (found.grade, found.message) == (Grade.BAD, told)
    assert found.hint
    _with_handle(workspace, "Other_Voice_X")
    assert findings(workspace)["account voice-x"].grade is Grade.GOOD
    app = Application(settings.load(workspace), SystemClock())
    assert app.profiles.all()["voice-x"].before == "", "nobody is told of what is named there"
    app.close()


def test_what_a_platform_shows_of_an_account_is_kept(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    """The picture is a small square WebP of our own decoder, whatever the platform gave."""
    queued().close()
    app = Application(settings.load(workspace), SystemClock())
    findings(workspace)
    first = app.profiles.all()
    assert first["voice-x"].handle == "voice_x"
    for data in app.profiles.pictures().values():
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("WEBP", (96, 96))
    for what in (What.AVATAR_BROKEN, What.AVATAR_MISSING, What.AVATAR_HUGE, What.AVATAR_ELSEWHERE):
        sandbox.faults.set([Fault(what=what)])
        assert findings(workspace)["account voice-x"].grade is Grade.GOOD
        assert app.profiles.all() == first, what
    sandbox.faults.set([Fault(what=What.AVATAR_CHANGED)])
    findings(workspace)
    assert app.profiles.all()["voice-x"].picture not in ("", first["voice-x"].picture)
    sandbox.faults.set([Fault(what=What.AVATAR_NONE)])
    findings(workspace)
    assert app.profiles.pictures() == {}
    app.close()


def test_profiles_are_asked_for_once_a_day_by_one_process(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    queued().close()
    app = Application(settings.load(workspace), SystemClock())
    for _ in range(2):
        profiles.refresh(app)
    assert sandbox.state()["requests"]["getUsersMe"] == 1
    assert app.profiles.all()["voice-x"].handle == "voice_x"
    app.close()


def test_two_accounts_with_the_keys_of_one_owner_are_bad(workspace: Path, sandbox: Sandbox) -> None:
    settings_file, secrets = workspace / "publisher.toml", workspace / "secrets.toml"
    other = '[accounts.other-x]\nchannel = "twitter"\n'
    settings_file.write_text(settings_file.read_text() + other)
    keys = secrets.read_text().partition("[voice-x]\n")[2].partition("[")[0]
    secrets.write_text(f"{secrets.read_text()}\n[other-x]\n{keys}")
    found = findings(workspace)
    assert found["account voice-x"].grade is Grade.GOOD
    assert found["account other-x"].message == (
        "Its keys belong to @voice_x, and so do those of voice-x."
    )


def test_an_account_without_credentials_is_bad(workspace: Path, sandbox: Sandbox) -> None:
    (workspace / "secrets.toml").write_text("")
    found = findings(workspace)["account voice-page"]
    assert found.grade is Grade.BAD
    assert "page_token" in found.message


def test_secrets_that_others_may_read_are_bad(workspace: Path) -> None:
    (workspace / "secrets.toml").chmod(0o640)
    found = findings(workspace, offline=True)["secrets.toml"]
    assert (found.grade, found.hint) == (Grade.BAD, "Run: chmod 600 secrets.toml")


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_secrets_in_git_are_bad(workspace: Path) -> None:
    for command in (["init", "-q"], ["add", "secrets.toml"]):
        subprocess.run(["git", *command], cwd=workspace, check=True)
    found = findings(workspace, offline=True)["secrets.toml"]
    assert found.grade is Grade.BAD
    assert "replace all credentials" in str(found.hint)


def test_a_full_disk_and_one_that_is_nearly_full_are_told_apart(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grades = []
    for free in (50_000_000, 500_000_000, 5_000_000_000):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr("shutil.disk_usage", lambda _path, usage=usage: usage)
        grades.append(findings(workspace, offline=True)["disk"].grade)
    assert grades == [Grade.BAD, Grade.WARNING, Grade.GOOD]


def test_a_broker_that_is_away_is_bad_and_its_password_stays_secret(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://:geheim@127.0.0.1:1/0")
    found = findings(workspace, offline=True)["broker"]
    assert found.grade is Grade.BAD
    assert "geheim" not in repr(found)


def test_a_ledger_that_is_none_is_bad(workspace: Path) -> None:
    (workspace / "var").mkdir()
    (workspace / "var" / "publisher.db").write_text("this is no database, " * 100)
    assert findings(workspace, offline=True)["ledger"].grade is Grade.BAD


def test_what_is_held_with_its_agenda_item_needs_a_person(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    """As `status` says."""
    session = workspace / "posts" / "session.yaml"
    agenda = "agenda:\n  day:\n    starts: 2036-03-07 09:00\n    cancelled: true\n"
    session.write_text(f"{session.read_text()}\n{agenda}")
    draft("later", "day + 1h")
    app = queued()
    attention = app.overview(limit=None).attention
    app.close()
    found = findings(workspace, offline=True)["deliveries"]
    assert (found.grade, found.message) == (
        Grade.WARNING,
        f"Needs attention: {len(attention)} held.",
    )


def test_what_waits_for_a_person_is_told(
    workspace: Path, sandbox: Sandbox, draft: Draft, queued: Queued
) -> None:
    draft("later", "2036-03-07 08:00")
    app = queued()
    app.control.pause("voice-x", "a reason", "manager")
    app.close()
    found = findings(workspace)["deliveries"]
    assert (found.grade, found.message) == (
        Grade.WARNING,
        "Needs attention: paused, or suspended until someone acts: voice-x.",
    )


def test_what_goes_on_by_itself_needs_nobody(
    workspace: Path, sandbox: Sandbox, draft: Draft, queued: Queued
) -> None:
    draft("later", "2036-03-07 08:00")
    app = queued()
    with app.database.write() as connection:
        app.database.insert_missing(connection, accounts, [{"account": "voice-x"}])
        rests = AccountSuspended(Kind.RATE_LIMIT, "Enough.", app.clock.ahead(600))
        suspend(connection, "voice-x", rests, app.clock.now())
    told = [f.message for f in examine(app, offline=True) if f.subject == "deliveries"]
    app.close()
    assert told == ["Suspended, and resumed automatically: voice-x.", "Nothing needs attention."]


def of_drafts(workspace: Path) -> list[tuple[Grade, str, str | None]]:
    app = Application(settings.load(workspace), SystemClock())
    try:
        found = [f for f in examine(app, offline=True) if f.subject == "drafts"]
        return [(finding.grade, finding.message, finding.hint) for finding in found]
    finally:
        app.close()


def test_what_the_drafts_want_that_is_not_queued_is_told(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    """Above all what must not go out, and whatever is wrong with other drafts."""
    session = workspace / "posts" / "session.yaml"
    agenda = "agenda:\n  day:\n    starts: 2036-03-07 09:00\n"
    session.write_text(f"{session.read_text()}\n{agenda}")
    draft("later", "day + 1h")
    for name in ("gone", "kept"):
        draft(name, "2036-03-07 12:00")
    queued().close()
    assert of_drafts(workspace) == [(Grade.GOOD, "The schedule matches the drafts.", None)]
    session.write_text(f"{session.read_text()}    cancelled: true\n")
    (workspace / "posts" / "gone.md").unlink()
    draft("new", "2036-03-07 08:00")
    draft("past", "2016-03-07 08:00")
    errors, changes = of_drafts(workspace)
    assert errors[:2] == (Grade.WARNING, "1 file has errors, so nothing is queued.")
    assert changes[:2] == (
        Grade.WARNING, "The schedule would change: 1 added, 1 held, 1 cancelled."
    )  # fmt: skip
    assert "publisher queue" in str(changes[2])


def test_nobody_is_told_to_queue_where_drafts_may_be_missing(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    """Such as on a machine that only publishes, with a folder that `publisher init` made."""
    draft("later", "2036-03-07 08:00")
    queued().close()
    (workspace / "posts" / "later.md").unlink()
    ((grade, message, hint),) = of_drafts(workspace)
    assert (grade, message) == (Grade.WARNING, "The schedule would change: 1 cancelled.")
    assert "do not queue" in str(hint)
    shutil.rmtree(workspace / "posts")
    assert of_drafts(workspace) == []


def test_drafts_that_may_not_be_read_are_told_of_and_the_rest_is_looked_at(
    workspace: Path, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued().close()

    def refuse(_self: object) -> None:
        raise StorageError("Permission denied.")

    monkeypatch.setattr(Planner, "plan", refuse)
    ((grade, message, _hint),) = of_drafts(workspace)
    assert (grade, message) == (Grade.BAD, "Permission denied.")
    assert "account voice-x" in findings(workspace, offline=True)


def test_what_is_left_of_the_platforms_limits_is_told(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    app = queued()
    now = app.clock.now()
    end = now + timedelta(hours=5)
    with app.database.write() as connection:
        rate_limits.keep(connection, "voice-x", (Limit("posts-24h", 50, 17, now, end),))
        rate_limits.keep(connection, "voice-page", (Limit("requests-1h-app", 100, 4, now, end),))
    app.close()
    found = findings(workspace, offline=True)
    plenty, little = found["limits voice-x"], found["limits voice-page"]
    assert plenty.grade is Grade.GOOD
    assert plenty.message.startswith("17 of 50 posts in 24 hours left, until ")
    assert little.grade is Grade.WARNING
    assert "4% of the requests by the whole app in an hour left" in little.message


def test_figures_that_the_keys_do_not_give_are_a_warning(
    workspace: Path, sandbox: Sandbox, queued: Queued
) -> None:
    """Where they are read: on X that costs a fee."""
    queued().close()
    app = Application(settings.load(workspace), SystemClock())
    assert app.engagement_turns.take("voice-x")
    app.engagement_turns.give_back("voice-x", "the token may not read them")
    app.close()
    assert findings(workspace)["account voice-x"].grade is Grade.GOOD
    with (workspace / "publisher.toml").open("a") as file:
        file.write('\n[engagement]\nread = "all"\n')
    found = findings(workspace)["account voice-x"]
    assert found.grade is Grade.WARNING
    assert "the token may not read them" in str(found.hint)


def test_who_is_on_duty_and_is_not_told_is_named(workspace: Path) -> None:
    """For them the managers are told."""
    toml = workspace / "publisher.toml"
    shifts = '["Mary: weekdays 08:00-18:00", "Jean: weekend 00:00-24:00"]'
    words = toml.read_text(encoding="utf-8")
    toml.write_text(f"{words}\n[comments]\nduty = {shifts}\n", encoding="utf-8")
    app = Application(settings.load(workspace), SystemClock())
    app.database.migrate()
    app.people.add("Jean", Rank.STAFF, PASSWORD)
    told = [one.message for one in examine(app, offline=True) if one.subject == "duty"]
    app.close()
    assert told == [
        "Nobody called Mary can log in.",
        "Jean has no address for notices about comments.",
    ]
