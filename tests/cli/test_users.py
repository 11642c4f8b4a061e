"""user add, rights, enable, unlock, list, remove, password, sessions; and who acts by `--as`."""

import getpass
import os
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.cli.commands import log_ins
from publisher.ledger.tables import people
from publisher.model.events import Event
from tests.cli.annual_day import DRAFT
from tests.cli.runner import Cli
from tests.support.draft_edits import edited
from tests.support.log_ins import with_app

_PASSWORD = b"plough wicker ostrich\n"


def test_somebody_is_let_in_and_out_again(cli: Cli, workspace: Path, made: Path) -> None:
    assert "Nobody can log in." in cli("user", "list").out
    added = cli("user", "add", "direction", "--role", "manager", stdin=_PASSWORD)
    assert (added.code, added.out) == (0, "direction can now log in (role: manager).\n")
    assert cli("user", "list").out == "direction: manager\n"
    assert cli("user", "list", "--json").json[0]["role"] == "manager"
    assert b"wicker" not in (workspace / "var" / "publisher.db").read_bytes()
    assert cli("user", "remove", "Direction").code == 0
    assert "Nobody can log in." in cli("user", "list").out


def test_the_first_person_needs_no_ledger_and_what_a_lost_one_had_stays_in_doubt(
    cli: Cli, workspace: Path, draft: Path
) -> None:
    """It is made, for nobody can log in without one; an older draft may be out by another."""
    draft.write_text(DRAFT.replace("annual-day - 30m", "now"), encoding="utf-8")
    os.utime(draft, (0, 0))
    added = cli("user", "add", "direction", stdin=_PASSWORD)
    assert (added.code, added.out) == (0, "direction can now log in (role: staff).\n")
    assert "A new ledger was made in var/publisher.db." in added.err
    assert cli("user", "add", "lima", stdin=_PASSWORD).err == ""
    assert cli("queue", "--lost-ledger").code == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"uncertain"}


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("direction", b"short\n", "12 to 256 characters"),
        ("direction-de-la-maison", b"Direction-de-la-maison1\n", "easy to guess"),
        ("direction", b"aaaaaaaaaaaaaaaa\n", "easy to guess"),
        ("", _PASSWORD, "not a valid name for a person"),
        ("a\x1b[31m", _PASSWORD, "not a valid name for a person"),
    ],
)
def test_what_is_no_name_or_password_is_refused(
    cli: Cli, workspace: Path, made: Path, name: str, password: bytes, says: str
) -> None:
    result = cli("user", "add", name, stdin=password)
    assert result.code == 2
    assert says in result.err
    assert password.decode().strip() not in result.out + result.err


def test_a_password_is_asked_for_again_where_the_second_is_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["plough wicker", "plough wikcer", "ostrich", "ostrich"])
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(log_ins, "sys", terminal)
    monkeypatch.setattr(getpass, "getpass", lambda _asked: next(typed))
    assert log_ins.new_password() == "ostrich"
    assert "The two passwords are not the same. Type both again." in capsys.readouterr().err


def test_a_password_may_hold_any_characters_and_counts_exactly_as_typed(
    workspace: Path, made: Path
) -> None:
    """At its full length, with its spaces and capitals, for as long as nobody changes it."""
    app = Application.open(workspace)
    longest = "żółw \U0001f422 śpiewa nocą 東京 " * 11
    for number, password in enumerate((" żółw \U0001f422 śpiewa nocą ", longest[:256])):
        name = f"lima-{number}"
        app.people.add(name, Rank.STAFF, password)
        assert app.people.verified(name, password)
        for other in (password.strip(), password.upper(), f"{password}x", password[:-1]):
            assert other == password or app.people.verified(name, other) is None
        with app.database.write() as connection:
            connection.execute(update(people).values(created_at=app.clock.ahead(-4e8)))
        assert app.people.verified(name, password)
    app.close()


def test_two_people_are_not_taken_for_one(cli: Cli, workspace: Path, made: Path) -> None:
    """An approval compares names without regard to capitals."""
    cli("user", "add", "direction", stdin=_PASSWORD)
    result = cli("user", "add", "DIRECTION", stdin=_PASSWORD)
    assert result.code == 1
    assert "already" in result.err


def test_two_spellings_of_an_accent_are_one_person(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "jos\u00e9", stdin=_PASSWORD)
    assert cli("user", "add", "jose\u0301", stdin=_PASSWORD).code == 1
    assert cli("user", "remove", "JOSE\u0301").code == 0


def test_who_was_let_in_under_either_spelling_is_kept_out_by_neither(
    workspace: Path, made: Path
) -> None:
    """The keys of earlier versions told them apart."""
    app = Application.open(workspace)
    words = {"jos\u00e9": "plough wicker ostrich", "jose\u0301": "another good password"}
    for n, (name, password) in enumerate(words.items()):
        app.people.add(str(n), Rank.STAFF, password)
        with app.database.write() as connection:
            this = update(people).where(people.c.name == str(n))
            connection.execute(this.values(name=name, key=name.casefold()))
    for name, password in words.items():
        person = app.people.verified(name, password)
        assert person
        assert person.name == name
    app.people.remove("jos\u00e9")
    assert app.people.find("jos\u00e9").name == "jose\u0301"
    app.close()


def test_who_made_themselves_a_manager_in_the_database_is_named(
    cli: Cli, workspace: Path, made: Path
) -> None:
    cli("user", "add", "stagiaire", "--as", "chef", stdin=_PASSWORD)
    cli("user", "password", "stagiaire", "--as", "chef", stdin=b"another good password\n")
    app = Application.open(workspace)
    actors = {(step.event, step.actor) for step in app.queries.steps(0)}
    assert actors >= {("person added", "chef"), ("password changed", "chef")}
    assert cli("log", "verify").code == 0
    with app.database.write() as connection:
        connection.execute(update(people).values(role="manager"))
    app.close()
    found = cli("log", "verify")
    assert found.code == 1
    assert "people/stagiaire, step 2 left other values than the ledger has" in found.out


def test_sessions_are_shown_and_ended(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "direction", stdin=_PASSWORD)
    app = Application.open(workspace)
    for _ in range(2):
        app.sessions.begin(app.people.find("direction"), "Firefox\x1b[31m")
    shown = cli("user", "sessions", "direction")
    assert "Firefox" in shown.out
    assert "\x1b" not in shown.out
    assert cli("user", "sessions", "direction", "--revoke").out == "2 sessions ended.\n"
    app.sessions.begin(app.people.find("direction"), "Firefox")
    assert cli("user", "password", "direction", stdin=b"another good password\n").code == 0
    assert app.sessions.of(app.people.find("direction")) == []
    app.close()
    assert cli("user", "sessions", "nobody").code == 1


def test_somebody_is_invited_by_a_link_that_a_script_can_take(
    cli: Cli, workspace: Path, made: Path
) -> None:
    made_link = cli("user", "add", "lima", "--role", "manager", "--invite", "--as", "chef")
    assert made_link.out.startswith("http://127.0.0.1:8080/login/link?key=")
    assert made_link.out.count("\n") == 1
    assert "Send this to lima" in made_link.err
    assert cli("user", "list").out == "lima: manager, invited\n"
    assert cli("user", "list", "--json").json[0]["invited"] is True
    again = cli("user", "password", "lima", "--link")
    app = Application.open(workspace)
    for result, is_good in ((made_link, False), (again, True)):
        token = result.out.strip().partition("key=")[2]
        assert (app.password_links.person(token) is not None) is is_good
    app.close()
    assert cli("user", "add", "mia", "--invite", "--openid").code == 2
    assert cli("user", "password", "nobody", "--link").code == 1


def test_second_factors_are_shown_and_removed(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "lima", stdin=_PASSWORD)
    assert cli("user", "factors", "lima").out == "lima now logs in without a second factor.\n"
    app = Application.open(workspace)
    with_app(app, "lima")
    app.close()
    assert cli("user", "factors", "lima").out == "Codes from an app\n10 recovery codes are left.\n"
    assert cli("user", "list", "--json").json[0]["second_factor"] is True
    assert cli("user", "factors", "lima", "--remove", "--as", "chef").code == 0
    assert cli("user", "list", "--json").json[0]["second_factor"] is False
    assert cli("log", "verify").code == 0


def test_nobody_removes_themselves(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "chef", "--role", "admin", stdin=_PASSWORD)
    refused = cli("user", "remove", "chef", "--as", "chef")
    assert refused.code == 1
    assert "Another admin can do it." in refused.err
    assert cli("user", "remove", "chef", "--as", "root").code == 0


def organised(workspace: Path) -> None:
    """bice-x belongs to BICE, lima-x to Lima."""
    settings = workspace / "publisher.toml"
    text = settings.read_text(encoding="utf-8")
    for account, whose in (("bice-x", "BICE"), ("bice-page", "BICE"), ("lima-x", "Lima")):
        text = text.replace(
            f"[accounts.{account}]", f"[accounts.{account}]\norganisation = '{whose}'"
        )
    settings.write_text(text, encoding="utf-8")


def test_people_have_rights_over_organisations(cli: Cli, workspace: Path, made: Path) -> None:
    organised(workspace)
    add = ("user", "add", "kasia", "--role", "manager", "--organisation")
    assert cli(*add, "Warsaw", stdin=_PASSWORD).code == 2
    added = cli(*add, "lima", "--organisation", "BICE", stdin=_PASSWORD)
    assert added.out == "kasia can now log in (role: manager for Lima, BICE).\n"
    assert cli("user", "list", "--json").json[0]["organisations"] == ["Lima", "BICE"]
    changed = cli("user", "rights", "kasia", "--organisation", "Lima")
    assert changed.out == "kasia is manager for Lima.\n"
    assert cli("user", "rights", "kasia", "--role", "staff").out == "kasia is staff for Lima.\n"
    assert cli("user", "list").out == "kasia: staff for Lima\n"
    assert cli("user", "rights", "kasia", "--everything").out == "kasia is staff.\n"
    assert cli("user", "list", "--json").json[0]["organisations"] is None
    assert cli("user", "rights", "kasia", "--everything", "--organisation", "Lima").code == 2
    assert cli("log", "verify").code == 0


def test_a_name_of_the_pages_has_the_same_rights_in_commands(
    cli: Cli, workspace: Path, made: Path
) -> None:
    """Whatever is asked for with `--as`; the refusal says why, and who may."""
    organised(workspace)
    draft = "---\nat: 2016-03-07 08:30\nto: [bice-x]\n---\nLe texte.\n"
    (workspace / "posts" / "one.fr.md").write_text(draft, encoding="utf-8")
    cli("user", "add", "marc", "--role", "manager", stdin=_PASSWORD)
    cli("user", "add", "lima", "--role", "manager", "--organisation", "Lima", stdin=_PASSWORD)
    refused = cli("queue", "--as", "lima")
    assert refused.code == 1
    assert "lima has no right over bice-x (BICE)." in refused.err
    assert "These people may: marc." in refused.err
    assert cli("queue", "--as", "marc").code == 0
    for act in (
        ("cancel", "one.fr"),
        ("hold", "one.fr", "--reason", "x"),
        ("pause", "--account", "bice-x", "--reason", "x"),
        ("reject", "one.fr", "--reason", "x"),
        ("user", "password", "marc"),
        ("user", "remove", "marc"),
        ("user", "rights", "lima", "--everything"),
        ("user", "enable", "marc"),
    ):
        assert cli(*act, "--as", "LIMA", stdin=_PASSWORD).code == 1, act
    assert cli("pause", "--reason", "crisis", "--as", "marc").code == 0
    refused = cli("resume", "--as", "lima")
    assert refused.code == 1
    assert "Everything was paused by marc." in refused.err
    assert cli("resume", "--as", "marc").code == 0


def test_a_restore_names_who_could_log_in_and_keeps_them_out(
    cli: Cli, workspace: Path, made: Path, tmp_path: Path
) -> None:
    draft = "---\nat: 2016-03-07 08:30\nto: [bice-x]\n---\nLe texte.\n"
    (workspace / "posts" / "one.fr.md").write_text(draft, encoding="utf-8")
    cli("queue")
    cli("user", "add", "gone", "--role", "manager", stdin=_PASSWORD)
    cli("user", "add", "marc", "--role", "manager", stdin=_PASSWORD)
    cli("backup", tmp_path / "copy.db")
    cli("user", "remove", "gone")
    restored = cli("restore", tmp_path / "copy.db")
    assert restored.code == 0
    assert "  gone: manager\n  marc: manager\n" in restored.out
    assert "publisher user enable gone marc" in " ".join(restored.out.split())
    assert cli("user", "list").out == "gone: manager, kept out\nmarc: manager, kept out\n"
    refused = cli("resume", "--as", "marc")
    assert refused.code == 1
    assert "`publisher user enable marc`" in refused.err
    assert cli("user", "enable", "marc").out == "marc can now log in (role: manager).\n"
    assert cli("resume", "--as", "marc").code == 0
    assert cli("log", "verify").code == 0


def test_with_whose_name_log_ins_fail_is_in_the_status_until_they_are_unlocked(
    cli: Cli, workspace: Path, made: Path
) -> None:
    cli("user", "add", "lima", stdin=_PASSWORD)
    for clear in (("user", "unlock", "lima"), ("user", "password", "lima")):
        app = Application.open(workspace)
        for number in range(31):
            app.throttle.admit("lima", f"2001:db8:{number:x}::1")
        app.close()
        assert "31 log-ins as lima have failed" in " ".join(cli("status").out.split())
        assert cli("status", "--json").json["guessed"][0]["failures"] == 31
        assert cli(*clear, stdin=b"ochre lantern gravel\n").code == 0
        assert "log-ins" not in cli("status").out


def test_who_is_known_to_the_provider_by_a_number_needs_one(
    cli: Cli, workspace: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("user", "add", "lima", "--openid-subject", "4711").code == 2
    monkeypatch.setenv("PUBLISHER_OPENID__ISSUER", "https://id.example.org")
    monkeypatch.setenv("PUBLISHER_OPENID__CLIENT_ID", "publisher")
    monkeypatch.setenv("PUBLISHER_OPENID__CLIENT_SECRET", "secret")
    assert cli("user", "add", "lima", "--openid-subject", "4711").code == 0
    app = Application.open(workspace)
    person = app.people.recognised(None, "https://id.example.org 4711")
    assert person
    assert person.name == "lima"
    app.close()


def test_who_changed_a_draft_counts_as_its_author_for_mandates(
    cli: Cli, workspace: Path, made: Path
) -> None:
    """It is not queued."""
    organised(workspace)
    with (workspace / "publisher.toml").open("a", encoding="utf-8") as settings:
        settings.write('[accounts.bice-x.mandate]\nauthors = ["redaction"]\n')
    draft = "---\nat: 2016-03-07 08:30\nto: [bice-x]\nauthor: redaction\n---\nLe texte.\n"
    (workspace / "posts" / "one.fr.md").write_text(draft, encoding="utf-8")
    assert cli("plan").code == 0
    app = Application.open(workspace)
    edited(app.edits, "one.fr", "lima", Event.DRAFT_EDITED)  # before there were rights
    refused = cli("queue", "--json")
    assert refused.code == 1
    (problem,) = refused.json["problems"]
    assert problem["code"] == "no-mandate"
    assert problem["message"] == "lima changed the draft, but may not post as bice-x."
    assert cli("log", "--json").json == []
    app.close()


def test_the_approver_reads_who_changed_the_draft(cli: Cli, workspace: Path, made: Path) -> None:
    settings = workspace / "publisher.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"[approval]\nrequired = true\n{text}", encoding="utf-8")
    draft = "---\nat: 2016-03-07 08:30\nto: [bice-x]\nauthor: redaction\n---\nLe texte.\n"
    (workspace / "posts" / "one.fr.md").write_text(draft, encoding="utf-8")
    app = Application.open(workspace)
    edited(app.edits, "one.fr", "lima", Event.DRAFT_EDITED)
    app.close()
    cli("queue")
    refused = cli("approve", "one.fr", "--yes", "--as", "lima")
    assert "written by redaction, changed by lima\n" in refused.out
    assert refused.code == 1


def test_a_token_is_printed_once_and_alone_and_ended(cli: Cli, workspace: Path, made: Path) -> None:
    """Without a password or a secret in anything else that the command prints."""
    cli("user", "add", "lima", stdin=_PASSWORD)
    make = ("user", "token", "lima", "--make", "n8n", "--scope", "draft", "--days", "7")
    refused = cli(*make)
    assert (
        refused.code,
        "--organisation NAME for each organisation, or --everything" in refused.err,
    ) == (
        2,
        True,
    )
    added = cli(*make, "--everything")
    assert (added.code, added.out.startswith("publisher_")) == (0, True)
    secret = added.out.strip()
    with closing(Application.open(workspace)) as app:
        assert app.api_tokens.find(secret)
    (listed,) = cli("user", "token", "lima", "--json").json
    assert (listed["name"], listed["scopes"], listed["used_at"]) == ("n8n", ["draft"], None)
    assert secret not in cli("user", "token", "lima").out + cli("user", "list").out
    assert cli("user", "token", "lima", "--end", str(listed["number"])).code == 0
    assert "has no token" in cli("user", "token", "lima").out
    assert cli("user", "token", "lima", "--make", "x", "--organisation", "nobody").code == 2
