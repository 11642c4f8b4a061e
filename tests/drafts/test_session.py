"""posts/session.yaml and posts/consents.yaml."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from publisher.drafts import consents, session, session_reader, zone_hints
from publisher.model.problems import Findings
from tests.drafts.drafts import SESSION, Workspace, codes, errors

pytestmark = pytest.mark.guards("publisher.drafts.session_reader", "publisher.drafts.zone_hints")


def test_the_session_is_read(workspace: Workspace) -> None:
    session = workspace.load().session
    assert session.name == "31e session du Conseil des droits de l'homme"
    assert session.timezone == "Europe/Zurich"
    assert (session.starts, session.ends) == (date(2016, 2, 29), date(2016, 3, 24))
    assert session.defaults.to == ("bice-x", "bice-page")
    assert session.defaults.expires == timedelta(hours=4)
    item = session.agenda["annual-day"]
    assert item.starts_at == datetime(2016, 3, 7, 8, tzinfo=UTC)
    assert item.ends_at == datetime(2016, 3, 7, 17, tzinfo=UTC)
    assert item.place == "Palais des Nations, salle XX"
    assert session.agenda["report"].cancelled


def test_a_draft_that_says_nothing_gets_the_defaults(workspace: Workspace) -> None:
    post = workspace.post("at: annual-day")
    assert post.to == ("bice-x", "bice-page")
    assert post.expires_after == timedelta(hours=4)
    assert workspace.post("at: annual-day\nexpires: 45m").expires_after == timedelta(minutes=45)


def test_without_a_session_local_times_are_utc_and_that_is_said(workspace: Workspace) -> None:
    (workspace.posts / "session.yaml").unlink()
    found = workspace.problems("at: 2016-03-07 08:30\nto: [bice-x]")
    assert codes(found) == ["no-timezone"]
    assert workspace.load().posts[0].due_at == datetime(2016, 3, 7, 8, 30, tzinfo=UTC)
    assert codes(workspace.problems("at: 2016-03-07T08:30+01:00\nto: [bice-x]")) == []
    hint = workspace.error("at: annual-day\nto: [bice-x]").hint
    assert hint == "There is no posts/session.yaml, so there are no agenda items."


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Europe/Zurich", "Europe/Zürich", "unknown-zone"),
        ("Europe/Zurich", "../../etc/passwd", "unknown-zone"),
        ("Europe/Zurich", "CEST", "unknown-zone"),
        ("Europe/Zurich", "Europe", "unknown-zone"),
        ("Europe/Zurich", "localtime", "unknown-zone"),
        ("Europe/Zurich", "/etc/localtime", "unknown-zone"),
        ("starts: 2016-02-29", "starts: 2016-02-30", "bad-time"),
        ("ends: 2016-03-24", "ends: 2016-01-24", "ends-before-start"),
        ("name:", "nmae:", "unknown-key"),
        ("expires: 4h", "expires: 4", "bad-duration"),
        ("expires: 4h", "expire: 4h", "unknown-key"),
        ("ends: 2016-03-07 18:00", "ends: 2016-03-07 08:00", "ends-before-start"),
        ("    starts: 2016-03-08 10:00\n", "", "missing-key"),
        ("starts: 2016-03-08 10:00", "starts: 2016-03-08", "time-without-clock"),
        ("cancelled: true", "cancelled: perhaps", "bad-value"),
        ("  report:", "  rep ort:", "bad-value"),
        ("  report:", "  annual-day:", "duplicate-key"),
        ("  report:", "  now:", "bad-value"),
        ("  report:", "  Now:", "bad-value"),
        ("agenda:", "agenda: []\nx:", "not-a-mapping"),
    ],
)
def test_a_mistake_in_the_session_is_a_problem(
    workspace: Workspace, old: str, new: str, code: str
) -> None:
    assert old in SESSION
    workspace.write("session.yaml", SESSION.replace(old, new))
    found = [p for p in workspace.load().problems if p.file == "posts/session.yaml"]
    assert code in codes(found)


def test_now_goes_out_at_once_only_where_no_item_is_called_so(workspace: Workspace) -> None:
    """Nobody knows what was meant, and a post would be public at once."""
    workspace.write("session.yaml", SESSION.replace("  report:", "  now:"))
    assert "session-unusable" in codes(workspace.problems("at: now\nto: [bice-x]"))


def test_an_event_of_a_calendar_is_one_item(workspace: Workspace) -> None:
    text = SESSION.replace("    place: Palais des Nations, salle XX", "    uid: 1@un")
    workspace.write("session.yaml", text)
    assert workspace.load().session.agenda["annual-day"].uid == "1@un"
    workspace.write("session.yaml", f"{text}    uid: 1@un\n")
    (problem,) = workspace.load().problems
    assert (problem.code, problem.line) == ("duplicate-uid", 12)


def test_a_zone_that_is_no_zone_gets_a_hint(workspace: Workspace) -> None:
    workspace.write("session.yaml", SESSION.replace("Europe/Zurich", "Europe/Zurch"))
    (problem,) = workspace.load().problems
    assert (problem.line, problem.column) == (2, 11)
    assert problem.hint == "Did you mean `Europe/Zurich`?"


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Europe/Geneve", "Europe/Zurich"),
        ("Genève", "Europe/Zurich"),
        ("Europe/Lausanne", "Europe/Zurich"),
        ("Bern", "Europe/Zurich"),
        ("Kraków", "Europe/Warsaw"),
        ("Europe/Varsovie", "Europe/Warsaw"),
        ("Africa/Yamoussoukro", "Africa/Abidjan"),
        ("Lima", "America/Lima"),
        ("America/Cuzco", "America/Lima"),
        ("New York", "America/New_York"),
        ("America/Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Europe/Guernica", None),
        ("Europe/Grenade", None),
        ("Europe/Cordoba", None),
    ],
)
def test_a_city_is_proposed_its_own_zone_and_never_that_of_another_place(
    written: str, zone: str | None
) -> None:
    """Europe/Geneve is not Europe/Guernsey, nor Grenada in Spain the one in the Caribbean."""
    assert zone_hints.nearest(written) == zone


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Zurich", "Europe/Zurch"),
        ("agenda:", "agenda: ["),
        ("  annual-day:", "  report:"),
        ("to: [bice-x, bice-page]", "to: {}"),
        ("expires: 4h", "expires: 4"),
    ],
)
def test_no_draft_relies_on_what_could_not_be_read(
    workspace: Workspace, old: str, new: str
) -> None:
    """A wrong zone would be an hour off, and queueing may go on in spite of problems."""
    workspace.write("session.yaml", SESSION.replace(old, new))
    workspace.draft("at: 2016-03-07 08:30")
    assert workspace.load().broken == {"a.fr"}
    workspace.draft("at: 2016-03-07T08:30Z\nto: [bice-x]\nexpires: 1h\nlang: fr\nauthor: me")
    assert workspace.load().broken == frozenset()


def test_without_a_zone_the_session_says_so_once(workspace: Workspace) -> None:
    workspace.write("session.yaml", SESSION.replace("timezone: Europe/Zurich\n", ""))
    workspace.draft("at: annual-day")
    assert codes(workspace.load().problems) == ["no-timezone"]


CONSENTS = """\
film-club:
  granted_to: BICE
  channels: [twitter, site]
  until: 2016-03-10
old:
  withdrawn: true
"""
PEOPLE = "media:\n  - {file: media/card.png, alt: Un atelier, people: true%s}"


@pytest.mark.parametrize(
    ("front", "code"),
    [
        (PEOPLE % "", "consent-missing"),
        (PEOPLE % ", consent: film-culb", "unknown-consent"),
        ("to: [bice-page]\n" + PEOPLE % ", consent: film-club", "consent-scope"),
        ("to: [cedapp-x]\n" + PEOPLE % ", consent: film-club", "consent-scope"),
    ],
)
def test_people_in_a_picture_need_a_consent_that_covers_the_account(
    workspace: Workspace, front: str, code: str
) -> None:
    workspace.picture()
    workspace.write("consents.yaml", CONSENTS)
    assert workspace.error(front).code == code


@pytest.mark.parametrize(
    ("at", "consent", "held"),
    [
        ("2016-03-10 23:59", "film-club", None),
        ("2016-03-11 00:00", "film-club", "consent film-club expired on 2016-03-10"),
        ("2016-03-10 23:59", "old", "consent old was withdrawn"),
    ],
)
def test_an_expired_or_withdrawn_consent_holds_the_post(
    workspace: Workspace, at: str, consent: str, held: str | None
) -> None:
    workspace.picture()
    workspace.write("consents.yaml", CONSENTS)
    front = f"at: {at}\nto: [bice-x]\n" + PEOPLE % f", consent: {consent}"
    assert workspace.post(front).held == held
    said = [(found.code, found.message) for found in workspace.problems(front)]
    assert said == ([("consent-ended", f"The post is held: {held}.")] if held else [])


@pytest.mark.parametrize(
    ("embargo", "held"),
    [
        ("2016-03-10 23:59", None),
        ("2016-03-11 00:30", "consent film-club expired on 2016-03-10"),
    ],
)
def test_a_consent_must_hold_when_the_embargo_lets_the_post_go(
    workspace: Workspace, embargo: str, held: str | None
) -> None:
    """What counts is the instant at which the post leaves, not the one that it was due at."""
    workspace.picture()
    workspace.write("consents.yaml", CONSENTS)
    front = f"at: 2016-03-10 23:00\nembargo: {embargo}\nto: [bice-x]\n"
    assert workspace.post(front + PEOPLE % ", consent: film-club").held == held


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("film-club: {until: soon}", "bad-time"),
        ("film-club: {channels: [tiktok]}", "bad-value"),
        ("film-club: x", "not-a-mapping"),
        ("film-club: {untill: 2016-01-01}", "unknown-key"),
        ("film-club: {}\nfilm-club: {withdrawn: true}", "duplicate-key"),
        ("- film-club", "not-a-mapping"),
        ("film-club: [", "yaml"),
    ],
)
def test_a_record_with_problems_is_no_consent(
    workspace: Workspace, content: str, code: str
) -> None:
    workspace.picture()
    workspace.write("consents.yaml", content)
    found = errors(workspace.problems(PEOPLE % ", consent: film-club"))
    assert codes(found) == ["unknown-consent", code]
    assert found[1].file == "posts/consents.yaml"


def test_a_session_that_cannot_be_looked_at_is_not_taken_for_none(tmp_path: Path) -> None:
    """Nor are consents: one of them may be withdrawn."""
    folder = tmp_path / ("x" * 300)  # a name that no file system takes
    about_session, about_consents = Findings(session.FILE), Findings(consents.FILE)
    assert session_reader.load(folder, about_session).flawed
    assert consents.load(folder, about_consents) == {}
    for findings in (about_session, about_consents):
        assert [problem.code for problem in findings.problems] == ["unreadable"]
