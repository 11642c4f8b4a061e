"""A consent is the picture's: whatever a draft calls it or leaves out, at every step on its way."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from publisher.app import Application
from publisher.base import progress
from publisher.channels.registry import widest
from publisher.drafts import check
from publisher.ledger.news.outbox import News, StuckDelivery
from publisher.media import media_file
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.model.values import Severity
from publisher.planning import Plan
from tests.support.clock import ManualClock
from tests.support.delivering import one_by_one
from tests.support.photos import photo
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.delivery.consent_check",
    "publisher.drafts.picture_consents",
    "publisher.ledger.manager.consent_holds",
    "publisher.ledger.picture_consents",
)

_NAMED = "    people: true\n    consent: lima"
_WITHDRAWN = "lima:\n  withdrawn: true\nother: {}\n"


@pytest.fixture(autouse=True)
def media(workspace: Workspace) -> Path:
    """A card, and the consent to show it."""
    folder = workspace.path / "posts" / "media"
    folder.mkdir()
    card(folder / "card.png", "Lima")
    workspace.write("posts/consents.yaml", "lima: {}\nother: {}\n")
    return folder


def card(path: Path, words: str) -> None:
    image = Image.new("RGB", (96, 64), "navy")
    ImageDraw.Draw(image).text((8, 8), words)
    image.save(path)


def draft(
    workspace: Workspace, name: str, said: str = "", file: str = "card.png", to: str = "bice-x"
) -> None:
    front = f"at: 2016-03-07 12:00\nto: [{to}]\nmedia:\n  - file: /media/{file}\n    alt: Une carte"
    workspace.draft(name, f"{front}\n{said}".rstrip(), f"Le texte de {name}.")


def problems(plan: Plan, post: str) -> list[tuple[str, Severity]]:
    return [(p.code, p.severity) for p in plan.problems if p.file == f"posts/{post}.md"]


def queue(app: Application) -> Plan:
    return app.planner.queue(actor="redaction")


def standing(app: Application, post: str) -> Delivery:
    (found,) = app.queries.deliveries(post=post)
    return found


def departure(app: Application, clock: ManualClock, post: str) -> State:
    """The state of a post after it was to leave."""
    clock.set(3 * 3600)
    attempts, lease = one_by_one(app), clock.ahead(60)
    for claim in app.dispatch.claim(clock.ahead(2), lease, 10):
        taken = attempts.take(claim)
        if taken and taken.post == post:
            attempts.intend(taken, clock.now(), lease)
    return standing(app, post).state


def as_it_is(media: Path) -> str:
    return "card.png"


def under_another_name(media: Path) -> str:
    (media / "other.png").write_bytes((media / "card.png").read_bytes())
    return "other.png"


def uploaded(media: Path) -> str:
    """As the pages and the API keep the same photo: cleaned."""
    photo(media / "card.jpg", (640, 480))
    clean = media_file.clean(media / "card.jpg", widest())
    (media / "new.jpg").write_bytes(clean.data)
    assert clean.data != (media / "card.jpg").read_bytes()
    return "new.jpg"


def before_it_was_uploaded(media: Path) -> str:
    uploaded(media)
    return "card.jpg"


def cropped(media: Path) -> str:
    card(media / "card-crop-0-0-20x20.png", "L")
    return "card-crop-0-0-20x20.png"


@pytest.mark.parametrize(
    "shown", [as_it_is, under_another_name, uploaded, before_it_was_uploaded, cropped]
)
def test_a_draft_that_leaves_out_what_another_one_says_is_an_error(
    app: Application, workspace: Workspace, media: Path, shown: Callable[[Path], str]
) -> None:
    file = shown(media)
    named = {"new.jpg": "card.jpg", "card.jpg": "new.jpg"}.get(file, "card.png")
    draft(workspace, "a.fr", _NAMED, named)
    draft(workspace, "b.fr", file=file)
    plan = app.planner.plan([workspace.path / "posts/b.fr.md"])
    (found,) = plan.errors
    assert found.code == "consent-missing"
    assert found.message == (
        f"{file} shows people: posts/a.fr.md names the consent lima for the same picture, but this "
        "draft names none."
    )
    workspace.write("posts/consents.yaml", _WITHDRAWN)
    assert [p.code for p in app.planner.plan([workspace.path / "posts/b.fr.md"]).errors] == [
        "consent-withdrawn"
    ]


def test_each_picture_is_a_step_of_a_check(app: Application, workspace: Workspace) -> None:
    """A child has its time for each of them."""
    draft(workspace, "a.fr", _NAMED)
    steps = list[object]()
    said, card = check.said(app.settings), workspace.path / "posts/media/card.png"
    with progress.watched(lambda _what, _done, _number, item: steps.append(item)):
        assert said.of(card, "posts/b.fr.md")
    assert card in [one[0] for one in steps if isinstance(one, tuple)]


def test_a_draft_that_cannot_be_published_still_says_who_is_in_its_picture(
    app: Application, workspace: Workspace
) -> None:
    draft(workspace, "a.fr", "    people: true", to="nobody")
    draft(workspace, "b.fr", "    people: false")
    found = [p for p in app.planner.plan().errors if p.file == "posts/b.fr.md"]
    assert [p.code for p in found] == ["consent-missing"]
    assert "as posts/a.fr.md says" in found[0].message


def test_a_draft_says_no_two_things_of_one_picture(app: Application, workspace: Workspace) -> None:
    """Nor is it told twice what it says itself."""
    again = f"{_NAMED}\n  - file: /media/card.png\n    alt: Encore la carte"
    draft(workspace, "a.fr", again)
    draft(workspace, "c.fr", "    people: true", "other.png")
    card(workspace.path / "posts/media/other.png", "Genève")
    found = {p.file: p.message for p in app.planner.plan().errors}
    assert found == {
        "posts/a.fr.md": "card.png shows people: posts/a.fr.md names the consent lima for the same "
        "picture, but this draft names none.",
        "posts/c.fr.md": "People are in the picture, but no consent is named.",
    }


def test_another_consent_does_not_undo_a_withdrawal(app: Application, workspace: Workspace) -> None:
    draft(workspace, "a.fr", _NAMED)
    draft(workspace, "b.fr", "    people: true\n    consent: other")
    queue(app)
    assert standing(app, "b.fr").state is State.SCHEDULED
    workspace.write("posts/consents.yaml", _WITHDRAWN)
    plan = queue(app)
    assert problems(plan, "b.fr") == [("consent-ended", Severity.WARNING)]
    after = standing(app, "b.fr")
    assert (after.state, after.reason) == (
        State.HELD,
        "consent lima, which posts/a.fr.md names for the same picture, was withdrawn",
    )


@pytest.mark.parametrize("said", ["", "    people: false"])
@pytest.mark.parametrize("also_the_draft", [True, False])
def test_a_line_or_a_draft_that_is_deleted_ends_no_consent(
    app: Application, workspace: Workspace, said: str, also_the_draft: bool
) -> None:
    """The ledger keeps what was said: a held post does not go out because its draft forgot why."""
    draft(workspace, "a.fr", _NAMED)
    queue(app)
    if also_the_draft:
        workspace.remove("a.fr")
    workspace.write("posts/consents.yaml", _WITHDRAWN)
    name = "b.fr" if also_the_draft else "a.fr"
    draft(workspace, name, said)
    plan = queue(app)
    assert problems(plan, name) == [("consent-withdrawn", Severity.ERROR)]
    assert "the history of a.fr names the consent lima" in plan.errors[0].message
    if also_the_draft:
        assert app.queries.deliveries(post="b.fr") == []


def test_a_person_may_answer_that_nobody_is_in_it_while_the_consent_stands(
    app: Application, workspace: Workspace
) -> None:
    draft(workspace, "a.fr", _NAMED)
    queue(app)
    draft(workspace, "a.fr", "    people: false")
    assert queue(app).errors == ()


def test_what_was_queued_before_anybody_said_so_is_found_by_a_withdrawal(
    app: Application, workspace: Workspace
) -> None:
    """Also where the draft that names the consent was never queued, and when a person retries."""
    draft(workspace, "b.fr")
    draft(workspace, "c.fr", file="card.png", to="bice-page")
    card(workspace.path / "posts/media/free.png", "Genève")
    draft(workspace, "free.fr", file="free.png")
    queue(app)
    app.control.cancel("c.fr", None, "direction", "not now")
    workspace.draft(
        "a.fr", "to: [bice-x]\nmedia:\n  - file: /media/card.png\n    alt: A\n" + _NAMED
    )
    workspace.write("posts/consents.yaml", _WITHDRAWN)
    shown = app.delivery.withdrawal.showing("lima")
    assert [one.post for one in shown] == ["b.fr"]
    held, _done = app.delivery.withdrawal.withdraw_consent(
        "lima", actor="direction", reason="asked"
    )
    assert [one.post for one in held] == ["b.fr"]
    app.control.retry("c.fr", None, "direction")
    states = {post: standing(app, post).state for post in ("b.fr", "c.fr", "free.fr")}
    assert states == {"b.fr": State.HELD, "c.fr": State.HELD, "free.fr": State.SCHEDULED}
    assert queue(app).errors
    assert standing(app, "b.fr").state is State.HELD, "its draft still names no consent"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("records", "state"),
    [
        ("lima: {}\n", State.PUBLISHING),
        ("lima:\n  withdrawn: true\n", State.HELD),
        ("lima:\n  until: 2016-03-06\n", State.HELD),
        ("lima:\n  until: 2016-03-07\n", State.PUBLISHING),
        ("lima: [\n", State.PUBLISHING),
        (None, State.PUBLISHING),
    ],
)
def test_the_last_look_is_at_the_picture_as_it_leaves(
    app: Application,
    workspace: Workspace,
    clock: ManualClock,
    named: bool,
    records: str | None,
    state: State,
) -> None:
    """Where nobody queued again since. A file that cannot be read, or is missing, ends nothing."""
    draft(workspace, "b.fr", _NAMED if named else "")
    queue(app)
    if not named:
        draft(workspace, "a.fr", _NAMED, to="bice-page")
        app.planner.queue([workspace.path / "posts/a.fr.md"], actor="redaction")
    if records is None:
        (workspace.path / "posts/consents.yaml").unlink()
    else:
        workspace.write("posts/consents.yaml", records)
    assert departure(app, clock, "b.fr") is state


def test_what_was_queued_without_a_consent_leaves_only_for_those_who_have_one(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    draft(workspace, "b.fr")
    queue(app)
    workspace.write("posts/consents.yaml", "lima:\n  channels: [facebook]\n")
    draft(workspace, "a.fr", _NAMED, to="bice-page")
    app.planner.queue([workspace.path / "posts/a.fr.md"], actor="redaction")
    news = News(app.database, clock)
    news.begin("json", clock.now())
    assert departure(app, clock, "b.fr") is State.HELD
    reason = "consent lima, which a.fr names for the same picture, does not cover bice-x"
    assert standing(app, "b.fr").reason == reason
    (told,) = news.untold("json")
    assert isinstance(told, StuckDelivery)
    assert (told.post, told.state, told.kind, told.message) == ("b.fr", State.HELD, None, reason)
    app.control.cancel("b.fr", None, "direction", "not now")
    assert news.untold("json") == [], "a person has seen to it"


@pytest.mark.parametrize(
    ("records", "later", "state"),
    [
        ("lima:\n  channels: [facebook]\n", "", State.PUBLISHING),
        ("lima:\n  until: 2016-03-06\n", "", State.PUBLISHING),
        ("lima:\n  withdrawn: true\n", "", State.HELD),
        ("lima: {}\nother:\n  until: 2016-03-06\n", "other", State.HELD),
    ],
)
def test_a_consent_that_was_named_by_mistake_holds_none_that_says_nobody_is_in_it(
    app: Application,
    workspace: Workspace,
    clock: ManualClock,
    records: str,
    later: str,
    state: State,
) -> None:
    """Until it is withdrawn, or somebody names another one."""
    draft(workspace, "a.fr", _NAMED, to="bice-page")
    queue(app)
    for name, account in (("a.fr", "bice-page"), ("b.fr", "bice-x")):
        draft(workspace, name, "    people: false", to=account)
    assert queue(app).problems == ()
    assert queue(app).changes == ()
    if later:
        draft(workspace, "a.fr", f"    people: true\n    consent: {later}", to="bice-page")
        app.planner.queue([workspace.path / "posts/a.fr.md"], actor="redaction")
    workspace.write("posts/consents.yaml", records)
    assert departure(app, clock, "b.fr") is state
