"""The composer on drafts that are there: mended, copied, translated, deleted, and by whom."""

import re
from html import unescape
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.model.states import State
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import both
from tests.support.workspaces import Workspace
from tests.web.conftest import opened, published

pytestmark = pytest.mark.guards("publisher.web.merge_view")

_DRAFT = "posts/un-titre.fr.md"


def composer(visit: Visit, path: str = "/new") -> Composer:
    return Composer(visit, path)


def text(workspace: Workspace, post: str) -> str:
    return (workspace.path / f"posts/{post}.md").read_text(encoding="utf-8")


@both
def test_a_typo_on_the_schedule_is_mended_in_one_act(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    before = text(workspace, "day.fr")
    edit = composer(staff, "/posts/day.fr/edit")
    assert flaws(staff.page) == []
    assert edit.values("text")[0] == "Bonjour de Genève. <b>Gras</b>"
    edit.fill(text=["Bonsoir de Genève.", *edit.values("text")[1:]])
    edit.send("submit")
    assert "Submitted for approval: 2 deliveries." in staff.text
    assert text(workspace, "day.fr") == before.replace("Bonjour", "Bonsoir").replace(
        " <b>Gras</b>", ""
    )
    assert app.queries.deliveries(post="day.fr")[0].content.parts[0].text == "Bonsoir de Genève."
    step = app.queries.steps_about("day.fr")[-1]
    assert app.audit.verify().breaks == ()
    assert {s.event for s in app.queries.steps_about("day.fr")} >= {"draft edited"}, step


def test_what_is_saved_unchanged_is_the_same_file(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    """Whatever is in it, byte for byte, and the history has nothing of it."""
    front = "at: 2016-03-08T12:00:30+01:00 # noon\r\nto: [twitter]\r\nexpires: 90m\r\nrepeat: yes\r\nx: y"
    data = f"\ufeff---\r\n{front}\r\n---\r\n\r\nUn. \r\n\r\n## X\r\nDeux\u00a0!\r\n\r\n---  \r\n\r\n".encode()
    for post, content in (("later.fr", data), ("day.fr", None), ("unfinished.fr", None)):
        file = workspace.path / f"posts/{post}.md"
        if content:
            file.write_bytes(content)
        before = file.read_bytes()
        edit = composer(staff, f"/posts/{post}/edit")
        assert edit.send("keep").status_code == 200
        assert file.read_bytes() == before
        assert not [s for s in app.queries.steps_about(post) if s.event.startswith("draft")]


def test_a_time_alone_makes_nobody_an_author(app: Application, manager: Visit) -> None:
    edit = composer(manager, "/posts/later.fr/edit").fill(at="2016-03-08T13:00")
    edit.send("submit")
    assert "Submitted for approval" in manager.text
    assert app.queries.writers(["later.fr"]).get("later.fr") is None
    (step,) = (s for s in app.queries.steps_about("later.fr") if s.event == "draft moved")
    assert step.detail == {"time": {"from": "2016-03-08 12:00", "to": "2016-03-08 13:00"}}


def test_what_goes_off_the_schedule_is_not_said_to_be_on_it(app: Application, staff: Visit) -> None:
    edit = composer(staff, "/posts/day.fr/edit").fill(account=["bice-x"])
    edit.send("submit")
    assert "Off the schedule: 1 delivery." in staff.text
    assert "On the schedule" not in staff.text
    states = {d.account: d.state for d in app.queries.deliveries(post="day.fr")}
    assert State.CANCELLED in states.values()


def test_who_wrote_here_does_not_approve(app: Application, manager: Visit) -> None:
    edit = composer(manager, "/posts/day.fr/edit")
    edit.fill(text=["Mes mots.", *edit.values("text")[1:]])
    edit.send("submit")
    assert 'id="act-approve"' not in manager.page


def test_that_an_approval_becomes_void_is_said_before(
    app: Application, manager: Visit, staff: Visit
) -> None:
    manager.get("/posts/day.fr")
    digests = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    manager.send("/posts/day.fr", do="approve", seen=digests)
    edit = composer(staff, "/posts/day.fr/edit")
    assert "It was approved by direction: what you change has to be approved again." in staff.text
    edit.fill(text=["Bonsoir.", *edit.values("text")[1:]])
    edit.send("submit")
    assert "Submitted for approval: 2 deliveries." in staff.text
    assert {d.approved_by for d in app.queries.deliveries(post="day.fr")} == {None}


def test_what_would_go_out_at_once_is_confirmed(app: Application, staff: Visit) -> None:
    new = composer(staff).fill(
        text=["Bonjour."], section=[""], account="bice-site", when="time", at="2016-03-07T06:59"
    )
    assert new.send("submit").status_code == 400
    assert "Its time has passed: it goes out at once." in staff.text
    assert not app.queries.known_posts(["2016-03-07-bonjour.fr"])
    shown = new.values("shown")
    new.fill(sure="yes", shown="0" * 64)
    assert new.send("submit").status_code == 400, "other changes than those that were shown"
    assert new.values("shown") == shown
    new.fill(sure="yes")
    assert new.send("submit").status_code == 200
    assert app.queries.known_posts(["2016-03-07-bonjour.fr"])


def test_another_persons_change_is_shown_and_nothing_is_lost(
    manager: Visit, workspace: Workspace
) -> None:
    edit = composer(manager, "/posts/day.fr/edit")
    edit.fill(text=["Mon texte.", *edit.values("text")[1:]])
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    for do in ("keep", "submit", "keep", "merge"):  # none of them replaces, however often
        assert edit.send(do).status_code == 409
        assert edit.values("text")[0] == "Mon texte."
        assert "You both changed 1 place" in manager.text
        assert "Bonsoir" in manager.text
        assert flaws(manager.page) == []
        assert "Bonsoir" in text(workspace, "day.fr")
    edit.fill(choice=["both"])
    assert edit.send("merge").status_code == 409
    assert "Both versions are combined below." in manager.text
    edit.send("keep")
    assert text(workspace, "day.fr").endswith("---\nMon texte.\n\nBonsoir de Genève. <b>Gras</b>\n")


def test_what_only_one_of_two_people_changed_is_brought_together(
    manager: Visit, staff: Visit, workspace: Workspace
) -> None:
    """Each of them another paragraph, one the title: nothing is asked, and nothing saved unseen."""
    workspace.edit("day.fr.md", " <b>Gras</b>", "\n\nUn.\n\nDeux.")
    mine, theirs = composer(staff, "/posts/day.fr/edit"), composer(manager, "/posts/day.fr/edit")
    theirs.fill(text=["Bonjour de Genève.\n\nUn.\n\nDeux, corrigé."], title="Le jour")
    assert theirs.send("keep").status_code == 200
    mine.fill(text=["Bonsoir.\n\nUn.\n\nDeux."])
    assert mine.send("keep").status_code == 409
    assert "direction saved a newer version in the meantime." in staff.text
    assert (
        "Taken from the newer version: Title, for the website and for lists, The text."
        in staff.text
    )
    assert "Bonsoir" not in text(workspace, "day.fr")
    assert mine.send("keep").status_code == 200
    saved = text(workspace, "day.fr")
    assert saved.endswith("---\nBonsoir.\n\nUn.\n\nDeux, corrigé.\n")
    assert "title: Le jour\n" in saved


def test_two_people_in_one_draft_see_each_other(manager: Visit, staff: Visit) -> None:
    """As the page is opened, and then by what it fetches itself; who saved has gone."""
    composer(manager, "/posts/day.fr/edit")
    assert "open too" not in manager.text
    edit = composer(staff, "/posts/day.fr/edit")
    assert "direction has this draft open too." in staff.text
    (live,) = re.findall(r'hx-get="(/posts/day.fr/edit[^"]*)"', manager.page)
    assert "stagiaire has this draft open too." in manager.get(unescape(live)).text
    assert "newer version" not in manager.text
    edit.fill(text=["Bonsoir."]).send("keep")
    manager.get(unescape(live))
    assert "stagiaire" not in manager.text
    assert "When you save, your version and theirs are combined." in manager.text


def test_a_newer_version_is_replaced_only_by_a_button_that_says_so(
    manager: Visit, staff: Visit, workspace: Workspace
) -> None:
    """And only the one that was shown, not one that is newer still."""
    mine, theirs = composer(staff, "/posts/day.fr/edit"), composer(manager, "/posts/day.fr/edit")
    theirs.fill(text=["Bonsoir."])
    theirs.send("keep")
    mine.fill(text=["Mon texte."])
    mine.send("keep")
    assert "Replace direction’s version" in staff.text
    assert 'value="keep"' not in staff.page
    workspace.edit("day.fr.md", "Bonsoir", "Bonne nuit")
    assert mine.send("replace").status_code == 409
    assert "Bonne nuit" in text(workspace, "day.fr")
    assert mine.send("replace").status_code == 200
    assert text(workspace, "day.fr").endswith("---\nMon texte.\n")


@pytest.mark.parametrize("after", [None, b"no front matter any more", b"\xff\xfe"])
def test_what_was_typed_comes_back_when_the_draft_is_gone_or_broken(
    manager: Visit, workspace: Workspace, after: bytes | None
) -> None:
    edit = composer(manager, "/posts/day.fr/edit")
    edit.fill(text=["Mon <texte>.", *edit.values("text")[1:]])
    file = workspace.path / "posts/day.fr.md"
    file.unlink() if after is None else file.write_bytes(after)
    assert edit.send("submit").status_code in (404, 409)
    assert ">\nMon &lt;texte&gt;.</textarea>" in manager.page
    assert flaws(manager.page) == []


def test_a_draft_that_a_form_cannot_show_opens_as_a_file(
    staff: Visit, workspace: Workspace
) -> None:
    workspace.draft("odd.fr", "to: [bice-x]", "<<<<<<< mine\nUn.\n>>>>>>> theirs")
    staff.client.follow_redirects = True
    assert staff.get("/posts/odd.fr/edit").url.path == "/posts/odd.fr/file"
    workspace.draft("odd.fr", "to: [bice-x]\ntitle: [a, b]")
    assert staff.get("/posts/odd.fr/edit").url.path == "/posts/odd.fr/edit"
    assert "it stays as it is: title." in staff.text


def test_a_copy_begins_a_new_post_without_a_time(
    staff: Visit, workspace: Workspace, media: Path
) -> None:
    copy = composer(staff, "/new?copy=unfinished.fr")
    assert copy.values("file") == ["/media/old.png"]
    assert (copy.values("when"), copy.values("author")) == ([""], ["stagiaire"])
    workspace.draft(
        "partner/a.fr",
        "at: annual-day\nto: [bice-site]\nmedia:\n  - file: ../media/old.png\n    alt: Un",
        "Un.",
    )
    workspace.draft(
        "templates/weekly.fr",
        "to: [bice-x]\nmedia:\n  - file: ../media/old.png\n    alt: Un",
        "Chaque semaine.",
    )
    composer(staff, "/new?copy=partner/a.fr").fill(title="Deux").send("keep")
    assert 'file: "../media/old.png"' in text(workspace, "partner/deux.fr")
    assert 'href="/new?copy=templates/weekly.fr"' in staff.get("/new").text
    composer(staff, "/new?copy=templates/weekly.fr").fill(title="Semaine 9").send("keep")
    assert 'file: "/media/old.png"' in text(workspace, "semaine-9.fr")
    assert "It has errors" not in staff.text


def test_who_wrote_a_draft_wrote_its_copy_too_but_not_what_began_with_a_template(
    app: Application, manager: Visit, staff: Visit, workspace: Workspace
) -> None:
    """Else a manager could approve their own words."""
    workspace.draft("templates/weekly.fr", "to: [bice-x]", "Chaque semaine.")
    for source in ("unfinished.fr", "templates/weekly.fr"):
        composer(manager, f"/posts/{source}/edit").write("Mes mots.").send("keep")
        title = source.partition(".")[0].rpartition("/")[2]
        composer(staff, f"/new?copy={source}").fill(title=f"Copie {title}").send("keep")
    assert app.queries.writers(["copie-unfinished.fr", "copie-weekly.fr"]) == {
        "copie-unfinished.fr": ["stagiaire", "direction"],
        "copie-weekly.fr": ["stagiaire"],
    }


def test_a_translation_of_an_answer_answers_nobody(staff: Visit, workspace: Workspace) -> None:
    workspace.draft("jour.fr", "to: [bice-x]\nanswers: '77'", "Un.")
    assert composer(staff, "/new?translate=jour.fr&lang=es").values("answers") == []


def test_a_translation_stands_beside_its_source(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """With the accounts of its language, its schedule, its pictures, and as many parts."""
    workspace.draft(
        "jour.fr",
        "at: annual-day - 30m\nto: [bice-x, bice-site]\ntitle: Le jour\ncontent_warning: Violences\n"
        "media:\n  - file: media/old.png\n    alt: La salle",
        "Un.\n\n---\nDeux.\n\n## site\nLong.",
    )
    es = composer(staff, "/new?translate=jour.fr&lang=es")
    assert flaws(staff.page) == []
    assert "Un." in staff.text
    assert "La salle" in staff.text
    assert "Le jour" in staff.text
    assert "Violences" in staff.text
    assert es.values("content_warning") == [""]
    assert es.values("account") == ["bice-site"], "no account of X speaks Spanish"
    assert (es.values("when"), es.values("number")) == (["item:annual-day"], ["30"])
    assert es.values("section")[:2] == ["", ""]
    es.fill(text=["Uno.", "Dos.", "", "", "Largo.", "", "", ""], alt="La sala", title="El día")
    es.send("submit")
    assert "On the schedule: 1 delivery." in staff.text
    assert text(workspace, "jour.es") == (
        "---\nat: annual-day - 30m\nto: [bice-site]\ntitle: El día\nmedia:\n  - file: media/old.png\n"
        "    alt: La sala\nauthor: stagiaire\n---\nUno.\n\n---\n\nDos.\n\n## site\nLargo.\n"
    )
    staff.client.follow_redirects = True
    again = staff.get("/new?translate=jour.fr&lang=es")
    assert again.url.path == "/posts/jour.es/edit", "there is one already"
    for lang in ("../x", ""):
        assert staff.get(f"/new?translate=jour.fr&lang={lang}").status_code == 400
        es.fill(lang=lang)
        assert es.send("keep").status_code == 400
    assert staff.get("/new?translate=nothing&lang=es").status_code == 404


@both
def test_a_draft_is_deleted_when_nothing_of_it_is_on_the_schedule_or_out(
    app: Application, staff: Visit, manager: Visit, workspace: Workspace
) -> None:
    def delete(post: str, sure: str = "yes") -> int:
        staff.get(f"/posts/{post}/edit")
        seen = re.search(r'name="seen" value="([^"]+)"', staff.page)
        assert seen
        page = f"/posts/{post}/edit"
        return staff.send(page, do="delete", seen=seen[1], sure=sure).status_code

    assert delete("unfinished.fr", sure="") == 400
    assert delete("later.fr") == 409
    assert "It is on the schedule, or out: bice-x." in staff.text
    published(app, "site/news.fr")
    assert delete("site/news.fr") == 409
    assert (workspace.path / "posts/site/news.fr.md").exists()
    assert delete("unfinished.fr") == 200
    assert "Deleted: posts/unfinished.fr.md." in staff.text
    assert not (workspace.path / "posts/unfinished.fr.md").exists()
    (step,) = app.queries.steps_about("unfinished.fr")
    assert (step.event, step.actor) == ("draft deleted", "stagiaire")
    assert "Sans heure." in step.detail["text"]
    staff.get("/posts/unfinished.fr")
    assert "Its draft is gone." in staff.text
    assert "draft deleted" in staff.text
    manager.get("/posts/later.fr")
    manager.send("/posts/later.fr", do="cancel")
    assert delete("later.fr") == 200


def test_pictures_are_moved_and_taken_out(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    edit = composer(staff, "/posts/unfinished.fr/edit")
    edit.send("check", ("a.jpg", photo), ("b.png", (media / "old.png").read_bytes()))
    assert len(edit.values("file")) == 3
    edit.fill(alt=["Un", "Deux", "Trois"], people=["1"])
    edit.send("up:1")
    assert (edit.values("alt"), edit.values("people")) == (["Deux", "Un", "Trois"], ["0"])
    edit.send("drop:1")
    assert (edit.values("alt"), edit.values("people")) == (["Deux", "Trois"], ["0"])
    edit.send("keep")
    assert "alt: Trois" in text(workspace, "unfinished.fr")
    assert "people: true" in text(workspace, "unfinished.fr")
    assert "/media/old.png" not in text(workspace, "unfinished.fr").partition("Trois")[0]


def test_a_partner_writes_for_its_own_accounts_alone(
    workspace: Workspace, app: Application, address: str
) -> None:
    """The others are not offered; what is sent by hand is refused before anything is written."""
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        new = composer(kasia)
        assert new.values("account") == []
        assert re.search(r'value="bice-x"[^>]* disabled', kasia.page)
        for account in ("bice-x", "twitter", "all", "nobody"):
            new.fill(
                text=["Faux."], section=[""], account=account, when="time", at="2016-03-09T10:00"
            )
            status = new.send("submit").status_code
            assert status == (403 if account == "bice-x" else 400), account
            assert "Faux." in kasia.text
        assert not list(workspace.path.glob("posts/*faux*"))
        assert kasia.get("/posts/day.fr/edit").status_code == 403


def test_whom_a_mandate_does_not_name_is_not_offered_its_account(workspace: Workspace) -> None:
    from tests.support.pages import serving  # noqa: PLC0415

    settings = (workspace.path / "publisher.toml").read_text(encoding="utf-8")
    mandate = '[accounts.bice-x.mandate]\nauthors = ["redaction"]\n'
    workspace.write("publisher.toml", settings + mandate)
    mandated = opened(workspace.path)
    with serving(mandated) as address, Visit(address) as direction:
        direction.log_in("direction")
        new = composer(direction)
        assert new.values("account") == ["bice-page"]
        new.fill(text=["Faux."], section=[""], account="bice-x")
        assert new.send("keep").status_code == 403
        assert "direction may not post as bice-x." in direction.text
    mandated.close()


def test_nobody_can_change_recipients_to_more_than_they_have_a_right_over(
    workspace: Workspace, app: Application, address: str
) -> None:
    """Words for recipients that are in a draft already are no way round."""
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["BICE"])
    workspace.draft("theirs.fr", "at: annual-day\nto: [bice-x, nobody]", "Un.")
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        edit = composer(kasia, "/posts/theirs.fr/edit")
        assert edit.values("account") == ["bice-x", "nobody"]
        edit.fill(account=["bice-x", "bice-site"])
        assert edit.send("keep").status_code == 403
        edit.fill(account=["bice-x"])
        assert edit.send("keep").status_code == 200
    assert "to: [bice-x]" in text(workspace, "theirs.fr")


def test_a_content_warning_is_filled_in_and_counted(
    staff: Visit, workspace: Workspace, app: Application
) -> None:
    """Where no recipient shows it, that is said at once."""
    del app
    new = composer(staff)
    new.fill(account=["bice-x"], text=["Bonjour."], content_warning="Violences")
    new.send("check")
    assert "X cannot show a content warning" in staff.text
    assert new.values("content_warning") == ["Violences"]
    new.fill(title="Le jour").send("keep")
    (made,) = (workspace.path / "posts").glob("le-jour*.md")
    assert "content_warning: Violences\n" in made.read_text(encoding="utf-8")


def test_a_field_of_some_channels_is_there_where_a_chosen_account_has_it(
    staff: Visit, workspace: Workspace
) -> None:
    """And where it is filled in: what the file says is neither hidden nor lost."""
    front = "at: annual-day\nto: [bice-site]\nlink: https://example.org/a"
    workspace.draft("plain.fr", front, "Un.")
    told = f"{front}\nlink_in: comment\nmade_with_ai: yes"
    workspace.draft("told.fr", told, "Deux.")
    composer(staff, "/posts/plain.fr/edit")
    assert hidden(staff.page) == {"content_warning", "link_in", "made_with_ai"}
    edit = composer(staff, "/posts/told.fr/edit")
    assert hidden(staff.page) == {"content_warning"}
    edit.fill(text=["Trois."]).send("keep")
    assert told in text(workspace, "told.fr")
    edit = composer(staff, "/posts/told.fr/edit")
    edit.fill(account=["bice-x", "bice-page"], link_in="post", made_with_ai=[]).send("keep")
    assert "link_in: post\n" in text(workspace, "told.fr")
    assert "made_with_ai" not in text(workspace, "told.fr")
    composer(staff, "/posts/told.fr/edit")
    assert hidden(staff.page) == {"content_warning"}


def hidden(page: str) -> set[str]:
    """The names of the fields that are there for some channels alone, and hidden."""
    fields = re.findall(r"<p data-takers=\"[^\"]*\"( hidden)?>.*? name=\"(\w+)\"", page)
    assert len(fields) == 3
    return {name for is_hidden, name in fields if is_hidden}
