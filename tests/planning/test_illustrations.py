"""A plan makes copies of pictures that are new, and of no others; the ledger gets what it lacks."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from publisher.app import Application
from publisher.drafts import check
from publisher.media import media_file
from publisher.model.capabilities import Capabilities
from publisher.model.problems import Flaw
from publisher.planning.plan import Change
from publisher.platforms.twitter.spec import TWITTER
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.planning.media")

Made = media_file.CleanPicture | Flaw
NOON = "at: 2016-03-07 12:00"


@pytest.fixture
def card(workspace: Workspace) -> Path:
    path = workspace.path / "posts/media/carte.png"
    path.parent.mkdir()
    Image.new("RGB", (40, 30), "navy").save(path)
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]\nmedia: [{{file: media/carte.png, alt: Une}}]")
    return path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The pictures of which a copy was made."""
    found, copies = list[Path](), media_file.copies

    def noted(path: Path, several: Sequence[Capabilities]) -> list[Made]:
        found.append(path)
        return copies(path, several)

    monkeypatch.setattr(media_file, "copies", noted)
    return found


def _shown(app: Application) -> bytes:
    (delivery,) = app.queries.standing(["a.fr"], and_under_way=False)
    (picture,) = delivery.content.parts[0].pictures
    return app.attempts.read_media(picture.digest)


def test_what_a_plan_has_found_out_is_not_missing_in_the_ledger(
    app: Application, card: Path
) -> None:
    assert len(app.planner.plan().pictures) == 1
    assert len(app.planner.plan().pictures) == 1, "what is known of it is not the copy itself"
    app.planner.queue(actor="redaction")
    assert _shown(app) == media_file.clean(card, TWITTER).data


def test_a_change_of_words_makes_no_copy(
    app: Application, workspace: Workspace, card: Path, made: list[Path]
) -> None:
    app.planner.queue(actor="redaction")
    assert made == [card.resolve()]
    workspace.edit("a.fr.md", "alt: Une", "alt: Deux")
    plan = app.planner.queue(actor="redaction")
    assert [change.kind for change in plan.changes] == [Change.EDIT]
    assert len(made) == 1
    assert _shown(app)


def test_a_check_looks_into_no_picture_again(
    app: Application, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check.check(app.settings)
    assert card.exists()
    monkeypatch.setattr(media_file, "look", lambda _path: pytest.fail("looked"))
    check.check(app.settings)


def test_another_picture_under_the_same_name_is_on_the_plan(app: Application, card: Path) -> None:
    app.planner.queue(actor="redaction")
    before = _shown(app)
    Image.new("RGB", (40, 30), "teal").save(card)
    app.planner.queue(actor="redaction")
    assert _shown(app) != before


def test_what_is_found_out_otherwise_than_it_is_made_does_no_harm(
    app: Application, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same version of a library may be built otherwise on the next machine."""
    app.planner.plan()
    copy = media_file.clean(card, TWITTER)
    other = media_file.CleanPicture.of(copy.data + b" ", copy.media_type, (40, 30))
    monkeypatch.setattr(media_file, "copies", lambda _path, _several: [other])
    app.planner.queue(actor="redaction")
    assert _shown(app) == other.data
