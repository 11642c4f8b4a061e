"""The composer over HTTP: a draft is made and changed, and nothing that was typed is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.errors import LedgerUnavailable
from publisher.model.states import State
from publisher.web import plan_view
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.uploads import both, seen
from tests.support.workspaces import Workspace
from tests.web.conftest import opened

_DRAFT = "posts/un-titre.fr.md"

_WHOLE = """\
---
at: annual-day - 30m
to: [bice-x, bice-page, bice-site]
title: "Un titre : le nôtre"
media:
  - file: media/embargo-fr.jpg
    alt: "La salle XX, vide"
    credit: BICE
link: "https://www.example.org/a?b=1"
expires: 2h
embargo: annual-day - 1h
author: stagiaire
---
Bonjour à tous.

---

Et voilà.

## twitter
Bonjour.
"""


def composer(visit: Visit, path: str = "/new") -> Composer:
    return Composer(visit, path)


def text(workspace: Workspace, post: str) -> str:
    return (workspace.path / f"posts/{post}.md").read_text(encoding="utf-8")


@both
def test_a_new_post_with_everything_is_submitted_in_one_act(
    app: Application, staff: Visit, workspace: Workspace, photo: bytes
) -> None:
    """The file says what was filled in, as a person would have written it, and all is queued.

    Its name says nothing that is under embargo.
    """
    new = composer(staff)
    assert flaws(staff.page) == []
    assert new.values("account") == ["bice-x", "bice-page"], "as the session says"
    assert new.values("lang") == ["fr"]
    new.send("part:")
    assert len(new.values("text")) == 8
    new.send("check", ("Anna K.jpg", photo))
    assert flaws(staff.page) == []
    texts = dict(zip(new.values("section"), new.values("text"), strict=True))
    assert texts == {"": "", "twitter": "", "facebook": "", "site": "", "bice-x": "",
                     "bice-page": "", "bice-site": ""}  # fmt: skip
    new.fill(
        account=["bice-x", "bice-page", "bice-site"],
        text=["Bonjour à tous.", "Et voilà.", "Bonjour.", "", "", "", "", ""],
        alt="La salle XX,\r\nvide",
        credit="BICE",
        when="item:annual-day",
        number="30",
        title="Un titre : le nôtre",
        link="https://www.example.org/a?b=1",
        expires="2",
        embargo="item:annual-day",
        embargo_number="1",
        embargo_unit="h",
    )
    assert new.send("submit").status_code == 200
    told = "Submitted for approval: 2 deliveries. On the schedule: 1 delivery."
    assert told in staff.text
    assert text(workspace, "embargo.fr") == _WHOLE
    made = app.queries.deliveries(post="embargo.fr")
    assert {d.account: d.state for d in made} == {
        "bice-x": State.AWAITING_APPROVAL,
        "bice-page": State.AWAITING_APPROVAL,
        "bice-site": State.SCHEDULED,
    }
    (step,) = (s for s in app.queries.history("embargo.fr") if s.event == "draft made")
    assert (step.actor, step.detail["time"]) == ("stagiaire", "annual-day - 30m")
    assert app.audit.verify().breaks == ()


def test_what_is_kept_as_a_draft_is_not_queued(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    new = composer(staff)
    first, *others = new.values("text")
    assert first == ""
    new.fill(text=["😀 Une idée", *others], account=[])
    assert new.send("keep").status_code == 200
    assert "Saved. It has errors" in staff.text
    assert text(workspace, "une-idee.fr") == ("---\nto: []\nauthor: stagiaire\n---\n😀 Une idée\n")
    assert not app.queries.known_posts(["une-idee.fr"])


@both
def test_a_form_that_is_sent_twice_makes_one_draft(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    """At one moment, or again later; what was typed since, or was deleted, is made."""

    def drafts() -> list[str]:
        return sorted(path.stem for path in workspace.path.glob("posts/une-idee*"))

    new = composer(staff).write("Une idée.").fill(account=[])
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _number: new.send("keep").status_code, range(2)))
    assert answers == [200, 200]
    assert drafts() == ["une-idee.fr"]
    for do in ("keep", "submit"):
        assert str(new.send(do).url).endswith("/posts/une-idee.fr")
    assert drafts() == ["une-idee.fr"]
    new.write("Une idée de plus.").send("keep")
    assert drafts() == ["une-idee-de-plus.fr", "une-idee.fr"]
    page = "/posts/une-idee.fr/edit"
    staff.get(page)
    assert staff.send(page, seen=seen(staff), do="delete", sure="yes").status_code == 200
    assert drafts() == ["une-idee-de-plus.fr"]
    new.write("Une idée.").send("keep")
    assert drafts() == ["une-idee-de-plus.fr", "une-idee.fr"]
    assert "form" not in staff.text.partition("History")[2]
    assert app.audit.verify().breaks == ()


def test_what_is_saved_is_said_to_be_saved_whatever_cannot_be_read_afterwards(
    staff: Visit, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise LedgerUnavailable("busy")

    new = composer(staff).write("Une idée.").fill(account=[])
    monkeypatch.setattr(plan_view, "pending", fails)
    fields = {name: new.values(name) for name, _value in new.pairs}
    answer = staff.client.post("/new", data={**fields, "do": "keep"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/posts/une-idee.fr#saved=stagiaire%2Fnew"
    assert text(workspace, "une-idee.fr").endswith("Une idée.\n")


def test_a_missing_alternative_text_is_a_hint_until_it_was_to_be_submitted(
    app: Application, staff: Visit, workspace: Workspace, photo: bytes
) -> None:
    """Nobody could have typed it yet. After a refusal it stays an error until it is there."""
    told = "The picture has no description."
    new = composer(staff)
    new.send("check", ("a.jpg", photo))
    assert told not in staff.text
    assert "Needed before it can go out." in staff.text
    new.fill(account="bice-x", text=["Une idée.", *new.values("text")[1:]])
    new.send("check")
    assert told not in staff.text
    assert new.send("submit").status_code == 400
    assert staff.text.count(told) == 2, "above, and beside the field"
    new.send("check")
    assert staff.text.count(told) == 1
    new.fill(alt="La salle XX, vide")
    new.send("check")
    assert told not in staff.text


def test_a_draft_that_was_kept_without_an_alternative_text_says_so_when_it_is_opened(
    staff: Visit, workspace: Workspace, photo: bytes
) -> None:
    new = composer(staff)
    new.send("check", ("a.jpg", photo))
    new.fill(account="bice-x", text=["Une idée.", *new.values("text")[1:]])
    assert new.send("keep").status_code == 200
    staff.get("/posts/une-idee.fr/edit")
    assert "The picture has no description." in staff.text


def test_problems_come_back_beside_their_fields_with_all_that_was_typed(
    app: Application, staff: Visit, workspace: Workspace, photo: bytes
) -> None:
    before = sorted(workspace.path.glob("posts/**/*"))
    new = composer(staff)
    new.send("check", ("a.jpg", photo))
    new.fill(
        account="bice-x", text=["x" * 300, *new.values("text")[1:]], link="nowhere", people="0"
    )
    assert new.send("submit").status_code == 400
    assert flaws(staff.page) == []
    assert "Nothing was submitted yet." in staff.text
    for field, said in (
        ("text", "20 too long"),
        ("media", "no description"),
        ("media", "no consent is named"),
        ("when", "It has no time yet."),
        ("more", "“nowhere” is not a web address."),
    ):
        part = staff.page.partition(f'id="flaws-{field}"')[2].partition("</div>")[0]
        assert said in part, (field, said)
    assert new.values("text")[0] == "x" * 300
    assert new.values("people") == ["0"]
    assert "300 of 280" in staff.text
    assert sorted(workspace.path.glob("posts/**/*")) == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"when": "time", "at": ""}, "The day or the time is missing."),
        ({"when": "time", "at": "2016-03-27T02:30"}, "does not exist in Europe/Zurich"),
        ({"when": "item:nothing"}, "The agenda no longer has this item."),
        ({"when": "item:annual-day", "number": "-5"}, "Write a whole number, such as 30."),
        ({"when": "item:annual-day", "number": "٣"}, "Write a whole number, such as 30."),
        ({"expires": "soon"}, "Write a whole number, such as 30."),
        ({"lang": "../../x"}, "is not a language code"),
        ({"title": "a\x07b"}, "U+0007"),
        ({"text": ["a\x07b"]}, "U+0007"),
        ({"text": ["Un.\r\n## twitter\r\nDeux."]}, "begins the text for twitter"),
        ({"text": ["<<<<<<< a"]}, "is left over from a conflict in git"),
    ],
)
def test_what_no_draft_may_have_is_refused_and_comes_back(
    staff: Visit, workspace: Workspace, typed: dict[str, str | list[str]], said: str
) -> None:
    before = sorted(workspace.path.glob("posts/**/*"))
    new = composer(staff).fill(text=["Bonjour."], section=[""])
    new.fill(**typed)
    assert new.send("submit").status_code == 400
    assert said in staff.text
    for name, value in typed.items():
        shown = [value] if isinstance(value, str) else [one.replace("\r\n", "\n") for one in value]
        if name != "when":
            assert shown[0] in new.values(name)[0]
    assert sorted(workspace.path.glob("posts/**/*")) == before


def test_the_name_of_a_new_draft_is_nobodys(staff: Visit, workspace: Workspace) -> None:
    """Neither that of a draft, nor that of a translation of one."""
    for number in range(3):
        new = composer(staff).fill(title="Day", lang="fr" if number else "es")
        assert new.send("keep").status_code == 200
    assert text(workspace, "day.fr").endswith("Gras</b>\n")
    assert (workspace.path / "posts/day-2.es.md").exists()
    assert (workspace.path / "posts/day-3.fr.md").exists()
    assert (workspace.path / "posts/day-4.fr.md").exists()


def test_a_new_post_is_in_the_language_of_its_writer(workspace: Workspace) -> None:
    """That of the person or the workspace, if an account of theirs speaks it."""
    path = workspace.path / "publisher.toml"
    more = '[accounts.fdn-{0}]\nchannel = "site"\norganisation = "FDN"\nlanguage = "{0}"\n'
    path.write_text(path.read_text("utf-8") + more.format("pl") + more.format("es"), "utf-8")
    app = opened(workspace.path)
    app.people.add("ola", Rank.STAFF, PASSWORD, organisations=["FDN"], language="es")
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["FDN"])
    with serving(app) as address:
        for name, asked, lang in (
            ("ola", "pl", "es"), ("kasia", "en", "pl"), ("kasia", "es", "es"),
            ("stagiaire", "en", "fr"), ("stagiaire", "pl", "pl"),
        ):  # fmt: skip
            with Visit(address, **{"Accept-Language": asked}) as visit:
                visit.log_in(name)
                assert composer(visit).values("lang") == [lang], (name, asked)
    app.close()


def test_a_time_from_the_calendar_is_there(staff: Visit) -> None:
    new = composer(staff, "/new?at=2016-03-09T10:00")
    assert (new.values("when"), new.values("at")) == (["time"], ["2016-03-09T10:00"])
    assert "Wed 9 Mar 2016, 10:00" in staff.text
    assert composer(staff, "/new?at=nonsense").values("when") == [""]
    new = composer(staff, "/new?at=2016-03-09T10:00").fill(title="Le neuf")
    assert new.send("keep").status_code == 200
    assert staff.get("/posts/2016-03-09-le-neuf.fr").status_code == 200
