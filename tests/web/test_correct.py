"""/posts/ID/correct: the draft of a correction, and what pages show of corrections."""

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.manager.approvals import digest
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from tests.support.forms import Composer
from tests.support.pages import PASSWORD, Visit
from tests.support.queueing import finish
from tests.support.workspaces import Workspace
from tests.web.conftest import published

pytestmark = pytest.mark.guards("publisher.drafts.correcting", "publisher.planning.correctable")

PAGE = "/posts/day.fr/correct"
FIX = "day-correction.fr"


@pytest.fixture
def out(app: Application) -> None:
    published(app, "day.fr")


def _made(workspace: Workspace) -> str:
    return (workspace.path / "posts" / f"{FIX}.md").read_text("utf-8")


@pytest.mark.usefixtures("out")
def test_a_correction_begins_with_the_words_that_are_out(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    staff.get("/posts/day.fr")
    assert PAGE in staff.page
    staff.get(PAGE)
    staff.send(PAGE, reason="Le chiffre  était faux.")
    assert "1 draft was made." in staff.text
    text = _made(workspace)
    assert "corrects: day.fr\n" in text
    assert 'reason: "Le chiffre était faux."\n' in text
    assert "Bonjour de Genève." in text
    assert "author:" not in text, "who wrote the original did not write this"
    (step,) = app.queries.history(FIX)
    assert (step.actor, step.event) == ("stagiaire", "draft made")
    assert step.detail["corrects"] == "day.fr"


@pytest.mark.usefixtures("out")
def test_a_correction_does_not_begin_with_a_draft_that_changed_since(
    staff: Visit, workspace: Workspace
) -> None:
    path = workspace.path / "posts" / "day.fr.md"
    path.write_text(path.read_text("utf-8").replace("Genève", "Lima"), "utf-8")
    staff.get(PAGE)
    staff.send(PAGE, reason="Un chiffre.")
    assert "Bonjour de Genève." in _made(workspace)
    assert "Lima" not in _made(workspace)


@pytest.mark.usefixtures("out")
def test_a_second_tap_finds_the_draft_of_the_first(staff: Visit, workspace: Workspace) -> None:
    staff.get(PAGE)
    staff.send(PAGE, reason="Un chiffre.")
    staff.send(PAGE, reason="Un chiffre.")
    assert "1 draft was made." in staff.text
    assert sorted(path.name for path in (workspace.path / "posts").glob("*correction*")) == [
        f"{FIX}.md"
    ]
    staff.send(PAGE, reason="Un autre.")
    assert (workspace.path / "posts" / "day-correction-2.fr.md").exists()


@pytest.mark.usefixtures("out")
def test_who_may_not_write_for_a_translation_corrects_the_post_all_the_same(
    app: Application, address: str, workspace: Workspace
) -> None:
    """The Spanish version, to other accounts, comes first in the alphabet."""
    published(app, "day.es")
    app.people.add("bea", Rank.STAFF, PASSWORD, organisations=["BICE"])
    with Visit(address) as visit:
        visit.enter("bea")
        assert visit.get(PAGE).status_code == 200
        visit.send(PAGE, reason="Un chiffre.")
    assert "corrects: day.fr" in _made(workspace)
    assert not (workspace.path / "posts" / "day-correction.es.md").exists()


@pytest.mark.usefixtures("out")
def test_a_draft_says_what_it_corrects_before_it_is_queued(staff: Visit) -> None:
    staff.get(PAGE)
    staff.send(PAGE, reason="Un chiffre.")
    for path in (f"/posts/{FIX}", f"/posts/{FIX}/edit"):
        staff.get(path)
        assert "It corrects “Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;”." in staff.text, path
        assert "Un chiffre." in staff.text, path


@pytest.mark.usefixtures("out")
def test_the_composer_keeps_what_it_corrects(staff: Visit, workspace: Workspace) -> None:
    staff.get(PAGE)
    staff.send(PAGE, reason="Un chiffre.")
    Composer(staff, f"/posts/{FIX}/edit").write("Bonjour de Lima.").send("keep")
    text = _made(workspace)
    assert "corrects: day.fr\n" in text
    assert 'reason: "Un chiffre."\n' in text
    assert "Bonjour de Lima." in text


@pytest.mark.usefixtures("out")
def test_a_reason_is_needed(staff: Visit, workspace: Workspace) -> None:
    staff.get(PAGE)
    assert staff.send(PAGE, reason=" ").status_code == 400
    assert not (workspace.path / "posts" / f"{FIX}.md").exists()


def test_what_is_not_out_has_no_correction(staff: Visit) -> None:
    staff.get("/posts/day.fr")
    assert PAGE not in staff.page
    assert staff.get(PAGE).status_code >= 400


@pytest.mark.usefixtures("out")
def test_who_may_not_write_for_its_accounts_corrects_nothing(
    app: Application, address: str, workspace: Workspace
) -> None:
    app.people.add("lima", Rank.STAFF, PASSWORD, organisations=["CEDAPP"])
    with Visit(address) as visit:
        visit.enter("lima")
        assert visit.get(PAGE).status_code == 403
        assert visit.send(PAGE, reason="x").status_code == 403
    assert not (workspace.path / "posts" / f"{FIX}.md").exists()


def _queued(app: Application, workspace: Workspace) -> None:
    front = "at: 2016-03-07 09:00\nto: [bice-page]\ncorrects: day.fr\nreason: Un chiffre."
    workspace.draft(FIX, front, "Bonjour de Lima. <b>Gras</b>")
    assert not app.planner.queue(actor="redaction").errors


@pytest.mark.usefixtures("out")
def test_who_approves_sees_what_was_out_and_what_the_correction_says(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    _queued(app, workspace)
    for page in ("/review", "/review/many"):
        manager.get(f"{page}?post={FIX}")
        assert "It corrects “Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;”." in manager.text
        assert "Un chiffre." in manager.text
        assert "its words replace those that are out" in manager.text
        assert "<del>Genève" in manager.page.replace("<del >", "<del>")
        assert "&lt;b&gt;" in manager.page


@pytest.mark.usefixtures("out")
def test_the_post_and_its_correction_tell_of_each_other(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    _queued(app, workspace)
    manager.get("/posts/day.fr")
    assert FIX in manager.page
    (waiting,) = app.approvals.waiting(FIX)
    app.approvals.approve([FIX], None, "direction", {waiting.id: digest(waiting)})
    finish(app, FIX, Accepted("1@0123456789ab"))
    (edit,) = app.queries.deliveries(post=FIX)
    assert edit.state is State.PUBLISHED
    manager.get("/posts/day.fr")
    assert "approved by direction" in manager.text
    assert "Bonjour de Lima." in manager.text
    manager.get(f"/posts/{FIX}")
    assert "It corrects “Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;”." in manager.text
    assert 'id="act-withdraw"' not in manager.page


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize(
    ("corrects", "reason"),
    [
        ("ghost.fr", "ghost.fr was never queued, so it cannot be corrected."),
        ("day.fr", "On bice-page, it says what is already out"),
    ],
)
def test_a_correction_that_cannot_be_submitted_says_why(
    workspace: Workspace, staff: Visit, corrects: str, reason: str
) -> None:
    front = f"at: now\nto: [bice-page]\ncorrects: {corrects}\nreason: Un chiffre."
    workspace.draft(FIX, front, "Bonjour de Genève. <b>Gras</b>")
    form = Composer(staff, f"/posts/{FIX}/edit")
    assert f"Warning: {reason}" in staff.text
    form.send("submit")
    assert f"Saved. {reason}" in staff.text
    assert "already matches the draft" not in staff.text
