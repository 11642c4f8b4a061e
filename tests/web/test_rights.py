"""Partners on the pages: what they have no right over they may see, and neither find nor use a
button for.
"""

import re
from collections.abc import Iterator

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.errors import NotPermitted
from publisher.model.events import Event
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import one_by_one
from tests.support.draft_edits import edited
from tests.support.forms import Composer
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import opened


@pytest.fixture
def partner(app: Application, address: str) -> Iterator[Visit]:
    """A manager of the Polish partner."""
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as visit:
        visit.log_in("kasia")
        yield visit


def test_a_partner_does_not_vouch_for_the_whole_ledger(app: Application) -> None:
    """That no other one was lost: all that is due would go out on every account."""
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    before = app.queries.last_step()
    with pytest.raises(NotPermitted):
        app.trust_ledger("kasia")
    assert app.queries.last_step() == before


@pytest.mark.parametrize("do", ["approve", "reject", "hold", "cancel", "retry", "withdraw"])
def test_a_partner_does_nothing_to_anothers_posts(
    app: Application, partner: Visit, manager: Visit, do: str
) -> None:
    """The page offers nothing, and says so; a form that is made by hand is refused, with who
    may.
    """
    post = "day.es" if do in ("retry", "withdraw") else "day.fr"
    before = app.queries.last_step()
    page = partner.get(f"/posts/{post}")
    assert "You have no right over" in partner.text
    for button in ('name="do"', "/edit", "/file", "/move"):
        assert button not in page.text
    if post == "day.fr":
        assert partner.send(f"/posts/{post}", do=do, reason="x", sure="yes").status_code == 403
        assert "kasia has no right over bice-page (BICE), bice-x (BICE)." in partner.text
        assert "These people may: chef, direction, redaction." in partner.text
    assert app.queries.last_step() == before
    assert (
        f'value="{"approve" if post == "day.fr" else "cancel"}"'
        in manager.get(f"/posts/{post}").text
    )


def seen(visit: Visit, path: str) -> str:
    """What the form on a page says of the file that it was made from."""
    found: str = visit.get(path).text.partition('name="seen" value="')[2].partition('"')[0]
    return found


def test_a_partner_neither_writes_nor_moves_nor_queues_anothers_draft(
    workspace: Workspace, app: Application, partner: Visit, manager: Visit
) -> None:
    for subpage in ("edit", "file", "move"):
        assert partner.get(f"/posts/unfinished.fr/{subpage}").status_code == 403
        assert "no right over bice-x (BICE)" in partner.text
    workspace.draft("new.fr", "at: 2016-03-09 12:00\nto: [bice-x]", "Un texte neuf.")
    assert 'name="shown"' not in partner.get("/posts/new.fr/queue").text
    assert "someone who does must put it on the schedule" in partner.text
    manager.get("/posts/new.fr/queue")
    digest = manager.shown
    partner.get("/me")
    assert partner.send("/posts/new.fr/queue", shown=digest).status_code == 403
    assert not app.queries.known_posts(["new.fr"])
    manager.send("/posts/new.fr/queue", shown=digest)
    assert app.queries.known_posts(["new.fr"])


def test_what_is_written_by_hand_to_a_form_is_refused_before_the_file_is_touched(
    workspace: Workspace, partner: Visit, manager: Visit
) -> None:
    digest = seen(manager, "/posts/unfinished.fr/file")
    assert digest
    before = (workspace.path / "posts/unfinished.fr.md").read_bytes()
    partner.get("/me")
    for subpage, fields in (("file", {"body": "---\nto: [bice-site]\n---\nLe leur.", "do": "save"}),
                         ("edit", {"text": "Le leur.", "section": "", "do": "submit"})):  # fmt: skip
        answer = partner.send(f"/posts/unfinished.fr/{subpage}", seen=digest, **fields)
        assert answer.status_code == 403
        assert "Le leur." in answer.text  # what was typed is not lost
        partner.get("/me")
    assert (workspace.path / "posts/unfinished.fr.md").read_bytes() == before


def test_a_partner_pauses_everything_and_ends_no_pause_of_others(
    partner: Visit, manager: Visit
) -> None:
    manager.get("/")
    manager.send("/pause", reason="CRISIS, director says stop")
    for path in ("/", "/resume", "/accounts"):
        page = partner.get(path)
        assert "CRISIS" in partner.text
        assert 'href="/resume"' not in page.text
    assert "<button" not in partner.get("/resume").text.partition("<main")[2]
    assert partner.send("/resume").status_code in (400, 403, 409)
    assert "Everything was paused by direction." in partner.text
    assert manager.send("/resume", seen=seen(manager, "/resume")).status_code == 200
    partner.get("/")
    assert "Pause everything" in partner.text
    partner.send("/pause", reason="our account is hacked")
    assert 'href="/resume"' in partner.get("/").text


def test_a_partner_pauses_no_account_of_another(partner: Visit) -> None:
    page = partner.get("/accounts").text
    assert 'name="account" value="bice-x"' not in page
    assert partner.send("/pause", account="bice-x", reason="x").status_code == 403


def test_a_post_of_two_organisations_is_acted_on_account_by_account(
    workspace: Workspace, app: Application, address: str
) -> None:
    """Whoever has a right over one of them is offered that one, and not all at once."""
    app.people.add("nadia", Rank.MANAGER, PASSWORD, organisations=["BICE"])
    workspace.draft("both.fr", "at: annual-day\nto: [bice-x, bice-page, bice-site]", "Le même.")
    assert not app.planner.queue(actor="redaction").errors
    with Visit(address) as nadia:
        nadia.log_in("nadia")
        page = nadia.get("/posts/both.fr").text
        assert "You have no right over bice-site · Website." in nadia.text
        assert "all its accounts" not in page
        assert nadia.send("/posts/both.fr", do="cancel").status_code == 403
        assert nadia.send("/posts/both.fr", do="cancel", account="bice-x").status_code == 200


def test_the_approver_sees_who_changed_the_draft(
    workspace: Workspace, app: Application, staff: Visit, manager: Visit
) -> None:
    Composer(staff, "/posts/day.fr/edit").write("Un autre texte.").send("keep")
    manager.get("/posts/day.fr")
    assert "written by redaction, changed by stagiaire" in manager.text


def test_who_a_mandate_does_not_name_rewords_no_draft_for_its_account(
    workspace: Workspace, app: Application
) -> None:
    """Whatever their role; they may move it, which is no writing."""
    text = (workspace.path / "publisher.toml").read_text(encoding="utf-8")
    mandate = '[accounts.bice-x.mandate]\nauthors = ["redaction"]\n'
    workspace.write("publisher.toml", text + mandate)
    mandated = opened(workspace.path)
    with serving(mandated) as address, Visit(address) as direction, Visit(address) as redaction:
        direction.log_in("direction")
        for subpage in ("edit", "file"):
            assert f"/{subpage}" not in direction.get("/posts/later.fr").text
            assert direction.get(f"/posts/later.fr/{subpage}").status_code == 403
            assert "direction may not post as bice-x." in direction.text
        assert direction.get("/posts/later.fr/move").status_code == 200
        redaction.log_in("redaction")
        assert redaction.get("/posts/later.fr/edit").status_code == 200
    mandated.close()


def test_people_shows_rights_and_lets_an_admin_of_a_partner_look_after_their_own(
    app: Application, address: str
) -> None:
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    app.people.add("ola", Rank.ADMIN, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as ola:
        ola.log_in("ola")
        page = ola.get("/people").text
        assert "staff for Warsaw" in ola.text
        assert 'href="/people/kasia"' in page
        assert 'href="/people/direction"' not in page
        assert ola.get("/people/direction").status_code == 403
        for do in ("disable", "revoke"):
            assert ola.send("/people/direction", do=do).status_code == 403
            ola.get("/people")
            assert ola.send("/people/kasia", do=do).status_code == 200
        kept_out = ola.get("/people").text.partition('<h2 id="history"')[2]
        assert "kept out" in kept_out
        assert "ola" in kept_out
        ola.get("/me")
        assert "Your role: admin for Warsaw." in ola.text


def test_who_was_let_in_and_removed_again_stays_to_be_seen(
    app: Application, anonymous: Visit
) -> None:
    """With who did it, and as what: a false approver cannot come and go unseen."""
    app.people.add("intrus", Rank.MANAGER, PASSWORD, organisations=["BICE"], actor="root")
    app.people.remove("intrus", actor="root")
    anonymous.log_in("chef")
    anonymous.get("/people")
    told = anonymous.text.partition("History")[2]
    assert "person removed intrus root" in told
    assert "person added intrus root role: manager organisations: BICE" in told


def test_what_was_reworded_by_who_may_not_post_as_the_account_is_held_as_it_leaves(
    workspace: Workspace, app: Application
) -> None:
    """Also what was queued before the mandate named others; who queued it is no author."""
    text = (workspace.path / "publisher.toml").read_text(encoding="utf-8")
    mandate = '[accounts.bice-site.mandate]\nauthors = ["redaction"]\n'
    workspace.write("publisher.toml", text + mandate)
    mandated = opened(workspace.path)
    (before,) = mandated.queries.deliveries(post="site/news.fr")
    edited(mandated.edits, "site/news.fr", "stagiaire", Event.DRAFT_EDITED)
    clock = mandated.clock
    assert isinstance(clock, ManualClock)
    clock.set((before.due_at - clock.now()).total_seconds())
    claims = mandated.dispatch.claim(clock.ahead(2), clock.ahead(30), 10)
    (taken,) = (d for d in mandated.attempts.take_all(claims) if d.id == before.id)
    assert one_by_one(mandated).intend(taken, clock.now(), clock.ahead(30)) is None
    (after,) = mandated.queries.deliveries(post="site/news.fr")
    assert after.state is State.HELD
    assert after.reason == "stagiaire changed the draft, but may not post as bice-site."
    mandated.close()


def test_an_author_holds_their_own_post_on_its_page_and_nothing_more(
    app: Application, address: str
) -> None:
    """Who may not pause sees no form for it, but who may."""
    app.people.set_rights("redaction", Rank.STAFF, None, actor="chef")
    with Visit(address) as author:
        author.log_in("redaction")
        page = author.get("/posts/day.fr").text
        assert re.findall(r'id="act-(\w+)"', page) == ["hold"]
        for do in ("cancel", "reject"):
            assert author.send("/posts/day.fr", do=do, reason="x").status_code == 403
            author.get("/posts/day.fr")
        author.send("/posts/day.fr", do="hold", reason="a figure is wrong")
        assert {d.state for d in app.queries.deliveries(post="day.fr")} == {State.HELD}
        assert re.findall(r'id="act-(\w+)"', author.get("/posts/day.fr").text) == ["release"]
        author.send("/posts/day.fr", do="release")
        states = {d.state for d in app.queries.deliveries(post="day.fr")}
        assert states == {State.AWAITING_APPROVAL}
        assert 'name="reason"' not in author.get("/pause").text
        assert "Only managers can pause everything: chef, direction." in author.text
