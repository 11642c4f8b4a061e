"""Wherever a draft says something else than the schedule, the pages say so and offer to queue
it.
"""

import re
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.outcomes import Kind, Refused
from publisher.model.states import State
from publisher.web import draft_differences
from tests.support.forms import Composer
from tests.support.happening import ends
from tests.support.pages import Visit
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace
from tests.web.conftest import published

_PENDING, _BUTTON = "Not on the schedule yet", "Put it on the schedule"
_SUBPAGES = ("", "/edit", "/file", "/move")
_DRAFT = """\
---
at: 2016-03-08 12:00
to: [{to}]
author: redaction
media:
  - file: /media/old.png
    alt: 'Une affiche'
{more}---
Une image.
"""


@pytest.fixture
def shown(app: Application, workspace: Workspace, media: Path) -> str:
    """A post with a picture, on the schedule."""
    assert media.is_dir()
    return _queued(app, workspace)


def _queued(app: Application, workspace: Workspace, to: str = "bice-page", more: str = "") -> str:
    workspace.write("posts/image.fr.md", _DRAFT.format(to=to, more=more))
    assert not app.planner.queue([workspace.path / "posts/image.fr.md"], actor="redaction").errors
    return "image.fr"


def _says(visit: Visit, post: str) -> list[bool]:
    """In each subpage of a post, whether it says that something is not on the schedule."""
    found = []
    for subpage in _SUBPAGES:
        visit.get(f"/posts/{post}{subpage}")
        assert (_PENDING in visit.text) == (f'action="/posts/{post}/queue"' in visit.page)
        found.append(_PENDING in visit.text)
    return found


def test_a_picture_that_is_taken_out_is_held_or_queued_at_once(
    app: Application, manager: Visit, shown: str
) -> None:
    form = Composer(manager, f"/posts/{shown}/edit")
    assert _PENDING not in manager.text
    form.send("drop:0")
    form.send("keep")
    assert _PENDING in manager.text
    assert "picture 1 is gone" in manager.text
    assert _says(manager, shown) == [True] * 4
    manager.get(f"/posts/{shown}/edit")
    assert 'value="a picture was removed"' in manager.page
    manager.send(f"/posts/{shown}", do="hold", reason="a picture was removed")
    (held,) = app.queries.deliveries(post=shown)
    assert held.state is State.HELD
    manager.get(f"/posts/{shown}/edit")
    manager.send(f"/posts/{shown}/queue", shown=manager.shown, sure="yes")
    (queued,) = app.queries.deliveries(post=shown)
    assert queued.content.parts[0].pictures == ()
    assert queued.state is State.HELD
    assert _says(manager, shown) == [False] * 4


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("alt: 'Une affiche'", "alt: 'Une autre'", "description of picture 1:"),
        ("author: redaction", "author: redaction\nlink: https://example.org/a", "example.org/a"),
        ("author: redaction", "author: redaction\nexpires: 1h", "expires Tue 8 Mar 2016, 13:00"),
        ("author: redaction", "author: redaction\nembargo: 2016-03-08 13:00", "embargo: "),
        ("12:00", "12:30", "12:30"),
        ("Une image.", "Une photo.", "photo."),
    ],
)
def test_whatever_differs_is_named_in_every_room(
    manager: Visit, workspace: Workspace, shown: str, old: str, new: str, told: str
) -> None:
    assert _says(manager, shown) == [False] * 4
    workspace.edit("image.fr.md", old, new)
    assert _says(manager, shown) == [True] * 4
    assert told in manager.text


@pytest.mark.parametrize("to", ["bice-page", "bice-x", "bice-site"])
def test_a_picture_with_a_link_is_no_change(
    app: Application, manager: Visit, workspace: Workspace, media: Path, to: str
) -> None:
    assert media.is_dir()
    post = _queued(app, workspace, to, "link: https://example.org/a\n")
    assert _says(manager, post) == [False] * 4


def test_a_failed_post_is_mended_by_staff_on_the_pages(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    assert media.is_dir()
    post = _queued(app, workspace, "bice-site")
    (delivery,) = app.queries.deliveries(post=post)
    ends(app, delivery, Refused(Kind.CONTENT, "Too long."))
    staff.get(f"/posts/{post}")
    assert _PENDING not in staff.text
    Composer(staff, f"/posts/{post}/edit").write("Mieux.").send("keep")
    assert _says(staff, post) == [True, True, True, True]
    staff.get(f"/posts/{post}")
    staff.send(f"/posts/{post}/queue", shown=staff.shown)
    (mended,) = app.queries.deliveries(post=post)
    assert mended.state is State.SCHEDULED
    assert mended.content.parts[0].text.startswith("Mieux.")


def test_the_edited_text_is_shown_as_it_will_look(
    manager: Visit, workspace: Workspace, shown: str
) -> None:
    form = Composer(manager, f"/posts/{shown}/edit").write("Une #photo neuve.")
    form.send("check")
    look = '<span class="tag">#photo</span> neuve.'
    assert look in manager.page
    assert "data:image/" in manager.page
    form.send("keep")
    assert "How it would look if queued again" in manager.text
    assert look in manager.page


def test_errors_that_keep_a_draft_from_the_schedule_are_told_with_it(
    manager: Visit, workspace: Workspace, shown: str
) -> None:
    workspace.edit("image.fr.md", "alt: 'Une affiche'", "alt: ''")
    manager.get(f"/posts/{shown}")
    assert "The draft has errors. What is on the schedule goes out as it is" in manager.text
    assert f'action="/posts/{shown}/queue"' not in manager.page


def test_a_retry_shows_both_texts_where_the_draft_says_something_else_and_asks(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """A person's cancelling stays, whatever the draft says: its old words go out only when
    meant.
    """
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="cancel", reason="wrong figure")
    workspace.edit("site/news.fr.md", "Une nouvelle.", "Une autre.")
    manager.get("/posts/site/news.fr/queue")
    assert "the schedule already matches the draft" not in manager.text
    assert (
        "It was taken off the schedule of bice-site · Website, and the draft does not"
        in manager.text
    )
    manager.get("/posts/site/news.fr")
    assert "This goes out:" in manager.text
    assert re.search("Une nouvelle.*The draft says: .*Une autre", manager.text)
    assert manager.send("/posts/site/news.fr", do="retry").status_code == 409
    assert "The draft differs from what would go out to bice-site." in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.state is State.CANCELLED
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="retry", sure="yes")
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.state is State.SCHEDULED


@pytest.mark.parametrize("page", ["/posts/site/news.fr", "/posts/site/news.fr/queue"])
def test_what_goes_out_at_once_because_its_time_is_over_is_asked_about(
    app: Application, manager: Visit, workspace: Workspace, page: str
) -> None:
    """It is 07:00 in Geneva."""
    workspace.edit("site/news.fr.md", "2016-03-07 09:30", "2016-03-07 06:30")
    manager.get(page)
    assert "Its time, " in manager.text
    assert "Yes, it goes out at once, because its time has passed." in manager.text
    shown = manager.shown
    manager.send("/posts/site/news.fr/queue", shown=shown)
    assert "Nothing is queued yet" in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.due_at > app.clock.now()
    manager.send("/posts/site/news.fr/queue", shown=shown, sure="yes")
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.due_at < app.clock.now()


def test_a_failed_post_that_is_mended_after_its_time_is_asked_about(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    ends(app, delivery, Refused(Kind.CONTENT, "Too long."))
    app.clock.sleep_until(app.clock.ahead(1800))
    workspace.edit("site/news.fr.md", "Une nouvelle.", "Une autre.")
    manager.get("/posts/site/news.fr")
    assert "goes out at once: its time has passed" in manager.text
    manager.send("/posts/site/news.fr/queue", shown=manager.shown)
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.state is State.FAILED


def test_mending_what_is_published_is_not_told_as_done(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    published(app, "site/news.fr")
    path = "/posts/site/news.fr"
    Composer(manager, f"{path}/edit").write("Une autre.").send("keep")
    assert '<p class="notice"' not in manager.page
    assert "readers of bice-site · Website still see what was published. “Correct”" in manager.text
    withdraw = manager.page.index('<summary class="danger">Withdraw')
    acts = [manager.page.index(f'href="{path}/{name}"') for name in ("correct", "edit")]
    assert [*acts, withdraw] == sorted([*acts, withdraw]), "what cannot be undone is last, and red"
    for subpage in _SUBPAGES:
        manager.get(f"{path}{subpage}")
        assert subpage == "/move" or "readers there still see what was published" in manager.text
    manager.get(f"{path}/queue")
    assert "the schedule already matches the draft" not in manager.text
    assert "“Correct” changes what they see" in manager.text
    manager.get(f"{path}/edit")
    assert "It is public on 1 account (bice-site · Website): this changes the draft only." in (
        manager.text
    )
    assert f'<a class="button primary" href="{path}/correct">' in manager.page


def test_the_parts_of_a_thread_are_numbered_as_the_reader_writes(
    workspace: Workspace, address: str
) -> None:
    workspace.edit("later.fr.md", "Deux.", "Trois.")
    with Visit(address, **{"accept-language": "fr"}) as visit:
        visit.log_in("direction")
        visit.get("/posts/later.fr/queue")
        assert "<b>2\N{NO-BREAK SPACE}:</b>" in visit.page


def test_what_was_not_shown_is_not_queued(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """The agenda moves the post between the look and the button; the draft's file stays as it
    is.
    """
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    manager.get("/posts/day.fr/queue")
    shown = manager.shown
    workspace.edit("session.yaml", "09:00", "10:00")
    assert manager.send("/posts/day.fr/queue", shown=shown).status_code == 409
    assert "What would change is no longer what you were shown." in manager.text
    manager.get("/posts/day.fr/queue")
    assert manager.shown != shown
    manager.send("/posts/day.fr/queue", shown=manager.shown)
    assert {d.content.parts[0].text[:7] for d in app.queries.deliveries(post="day.fr")} == {
        "Bonsoir"
    }


def test_today_marks_what_is_not_on_the_schedule_as_its_draft_says(
    manager: Visit, workspace: Workspace, shown: str
) -> None:
    def marked() -> bool:
        manager.get("/")
        return '"differing">Different from the draft</h2>' in manager.page

    wait_for(lambda: not marked())
    form = Composer(manager, f"/posts/{shown}/edit")
    form.send("drop:0")
    form.send("keep")
    wait_for(marked)
    assert "bice-page · Facebook: edit" in manager.text
    manager.get(f"/posts/{shown}")
    manager.send(f"/posts/{shown}/queue", shown=manager.shown)
    wait_for(lambda: not marked())


def test_today_says_where_it_does_not_compare(
    manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.get("/")
    assert "does not compare them" not in manager.text
    monkeypatch.setattr(draft_differences, "COMPARED", 2)
    manager.get("/")
    assert "There are so many drafts that this page does not compare them" in manager.text
