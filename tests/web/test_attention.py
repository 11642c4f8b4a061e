"""What needs a person is on Today: trouble first, nothing cut off unsaid, what was rejected
apart.
"""

import re
from datetime import timedelta

import pytest

from publisher.app import Application
from publisher.base.i18n import _, speaking
from publisher.channels import answers as meant
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.manager.approvals import digest
from publisher.ledger.reading.log_pages import SortOrder, Wanted
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Kind,
    Outcome,
    Refused,
    Step,
    Unknown,
)
from publisher.model.states import State
from publisher.web.routes import dashboard
from tests.support.clock import ManualClock
from tests.support.happening import ends, meet
from tests.support.pages import Visit
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def _post(app: Application, name: str, due_in: float) -> None:
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, name, account="bice-site", channel="site", texts=(f"{name} .",),
                         due_in=due_in))  # fmt: skip


def _listed(visit: Visit, section: str) -> list[str]:
    """The posts in the section with that id, in their order."""
    found = re.search(rf'aria-labelledby="{section}".*?</section>', visit.page, re.DOTALL)
    return re.findall(r'<a href="/(?:posts/|review\?post=)([^"?]+)"', found[0]) if found else []


@both
def test_trouble_comes_before_routine_and_the_newest_of_it_first(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Last month's failures hide neither today's emergency nor what waits for approval."""
    monkeypatch.setattr(dashboard, "_ATTENTION", 2)
    refused, doubted = Refused(Kind.CONTENT, "Too long.", of_post=True), Unknown("No answer.")
    outcomes: list[Outcome] = [refused, refused, refused, doubted]
    for number, outcome in enumerate(outcomes, 1):
        _post(app, f"n{number}", 60 * number)
        (delivery,) = app.queries.deliveries(post=f"n{number}")
        ends(app, delivery, outcome)
    manager.get("/")
    assert _listed(manager, "needs") == ["n4", "n3", "n2"]
    assert _listed(manager, "asked") == ["day.fr"]
    assert '<a href="/log?state=failed">1 more' in manager.page
    assert '<a href="/review">1 more' in manager.page


def test_of_each_kind_some_are_shown_and_the_others_are_one_click_away(
    app: Application, manager: Visit
) -> None:
    for number in range(1, 8):
        _post(app, f"n{number}", 60 * number)
        (delivery,) = app.queries.deliveries(post=f"n{number}")
        ends(app, delivery, Refused(Kind.CONTENT, "Too long.", of_post=True))
    ends(app, app.queries.deliveries(post="day.es")[0], Unknown("No answer."))
    for number in range(1, 8):
        _post(app, f"later{number}", 9000 + number)
    manager.get("/")
    needs, _closed, folded = manager.page.partition('<details class="rest"><summary>2 more')
    assert _closed
    assert re.findall(r'href="/posts/(n\d|day.es)"', needs) == [
        "day.es",
        "n7",
        "n6",
        "n5",
        "n4",
        "n3",
    ]
    assert re.findall(r'href="/posts/(n\d)"', folded) == ["n2", "n1"]
    assert len(_listed(manager, "next")) == 5
    assert '<a href="/posts">5 more deliveries' in manager.page, re.findall(
        "([0-9]+) more deliver", manager.page
    )


@both
def test_what_is_rejected_leaves_the_managers_list_and_its_author_is_told(
    app: Application, manager: Visit, staff: Visit
) -> None:
    app.approvals.reject(["day.fr"], None, "direction", "the figure is old")
    assert {d.state for d in app.queries.deliveries(post="day.fr")} == {State.REJECTED}
    manager.get("/")
    assert _listed(manager, "asked") == ["later.fr"]
    assert _listed(manager, "back") == []
    with Visit(str(manager.client.base_url)) as author:
        author.log_in("redaction")
        author.get("/")
        assert _listed(author, "back") == ["day.fr"]
        assert "rejected by direction: the figure is old" in author.text
    staff.get("/")
    assert _listed(staff, "back") == []
    manager.get("/log?state=rejected")
    assert "Bonjour de Genève" in manager.text
    assert manager.get("/log.csv?state=rejected").text.count('"rejected"') == 2
    manager.get("/posts/day.fr")
    assert '<span class="state wait">rejected</span>' in manager.page


@both
def test_during_a_pause_today_shows_what_stands_in_the_queue(
    app: Application, manager: Visit
) -> None:
    manager.get("/")
    assert _listed(manager, "next") == ["site/news.fr", "day.es"] or "news.fr" in manager.page
    app.control.pause(None, "wrong picture", "direction")
    manager.get("/")
    assert "site/news.fr" in _listed(manager, "paused-or-suspended")


@both
def test_what_a_platform_said_is_told_in_each_readers_language(
    app: Application, manager: Visit
) -> None:
    """Whatever the language of the worker was; texts from before that stay as they were written."""
    _post(app, "told", 60)
    _post(app, "before", 120)
    (delivery,) = app.queries.deliveries(post="told")
    with speaking("fr"):
        message = meant.doubt(_("no status"), Step.PUBLISH)
        assert isinstance(message, Unknown)
        ends(app, delivery, Refused(Kind.CONTENT, message.message, of_post=True))
    (delivery,) = app.queries.deliveries(post="before")
    ends(app, delivery, Refused(Kind.CONTENT, "Déjà dit (« Nope »).", of_post=True))
    with speaking("fr"):
        held = AccountSuspended(Kind.AUTH, meant.doubt(_("no status"), Step.PUBLISH).message)
        with app.database.write() as connection:
            suspend(connection, "bice-page", held, app.clock.now())
    english = "no status, so the post may be out or not."
    manager.get("/")
    assert manager.text.count(english) == 2
    assert "Déjà dit (« Nope »)." in manager.text
    manager.get("/posts/told")
    assert manager.text.count(english) == 2, "in its state and in its history"
    assert "no status" in manager.get("/log.csv?state=failed").text
    manager.get("/log?q=before")
    manager.client.headers["Accept-Language"] = "es"
    manager.get("/")
    assert english not in manager.text
    assert app.audit.verify().breaks == ()


@both
def test_the_log_opens_with_what_happened_last(app: Application, manager: Visit) -> None:
    """Page by page, forwards and back, and none is left out whose steps an archive has."""

    def shown() -> list[str]:
        return list(re.findall(r'class="what"[^>]*><a href="/posts/([^"]+)">', manager.page))

    manager.get("/log")
    before = shown()
    app.holds.hold("later.fr", None, "direction", "too long")
    _post(app, "soon", 60)
    manager.get("/log")
    assert shown()[:2] == ["soon", "later.fr"]
    assert sorted(shown()) == sorted([*before, "soon"])
    found: list[list[str]] = []
    page = app.logbook.page(Wanted(order=SortOrder.HAPPENED), 2)
    while True:
        found.append([d.post for d in page.deliveries])
        if page.after is None:
            break
        page = app.logbook.page(Wanted(order=SortOrder.HAPPENED), 2, after=page.after)
    assert [post for one in found for post in one] == shown()
    back = app.logbook.page(Wanted(order=SortOrder.HAPPENED), 2, before=page.before)
    assert [d.post for d in back.deliveries] == found[-2]
    manager.get("/posts?state=held")
    assert shown() == ["later.fr"]


@both
def test_what_was_missed_stays_until_somebody_has_dealt_with_it(
    app: Application, manager: Visit
) -> None:
    """However old; the way out is beside it, and what cannot work is not offered."""
    app.clock.sleep_until(app.clock.now() + timedelta(days=5))
    app.dispatch.expire()
    missed = app.queries.deliveries(post="site/news.fr")
    assert [d.state for d in missed] == [State.MISSED]
    manager.get("/")
    assert "site/news.fr" in _listed(manager, "needs")
    assert "missed: nothing is out" in manager.text
    assert 'href="/posts/site/news.fr/move">Give it a new time' in manager.page
    assert "/posts/site/news.fr#do-retry" not in manager.page, "it has expired"
    in_trouble = app.overview(9).in_trouble
    manager.get("/posts/site/news.fr")
    assert 'id="act-retry"' not in manager.page
    manager.send("/posts/site/news.fr", do="acknowledge", reason="the day is over")
    assert app.overview(9).in_trouble == in_trouble - 1
    assert "direction said that it may stay as it is" in manager.text
    step = app.queries.history("site/news.fr")[-1]
    assert (step.event, step.actor) == ("acknowledged", "direction")
    assert step.detail == {"reason": "the day is over"}
    manager.get("/")
    assert "site/news.fr" not in _listed(manager, "needs")
    assert app.audit.verify().breaks == ()


def _half_out(app: Application, post: str) -> None:
    """The first of its two parts goes out, the second is refused."""
    (wanted,) = app.queries.deliveries(post=post)
    app.approvals.approve([post], None, "direction", {wanted.id: digest(wanted)})
    app.clock.sleep_until(wanted.next_check_at)
    claim = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 100)
    its = next(one for one in claim if one.delivery == wanted.id)
    half = meet(app, its, Accepted("1"), Refused(Kind.CONTENT, "Too long.", of_post=True))
    assert (half.state, half.remote_ids) == (State.FAILED, ("1",))


def test_a_first_comment_that_is_not_out_is_marked_in_the_preview(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """As the missing part of a thread is; it is no part of the post above it, which is out."""
    head = (
        "at: 2016-03-08 12:00\nto: [bice-page]\nlink: https://www.example.org/a\nlink_in: comment"
    )
    workspace.draft("below.fr", head, "Un texte de plus.")
    app.planner.queue(actor="redaction")
    manager.get("/posts/below.fr")
    assert "This comment is not out" not in manager.text
    _half_out(app, "below.fr")
    manager.get("/posts/below.fr")
    assert manager.text.count("This comment is not out") == 1
    assert 'class="comment absent"' in manager.page
    assert "This part is not out" not in manager.text


@both
def test_half_a_thread_is_called_so_wherever_it_is_shown(app: Application, manager: Visit) -> None:
    """Readers see a thread that stops in the middle: "failed" or "published" are both wrong."""
    _half_out(app, "later.fr")
    for page in ("/", "/log", "/posts?state=failed", "/posts/later.fr"):
        manager.get(page)
        now, _folded, _history = manager.page.partition('<ol class="history"')
        assert '<span class="state bad">1 of 2 parts out</span>' in now, page
        assert 'bad">failed<' not in now, page
    manager.get("/posts/later.fr")
    assert "1 of 2 parts out since" in manager.text
    assert manager.text.count("This part is not out") == 1
    assert "Send the rest" in manager.text
    assert "Take down what is out" in manager.text
    manager.get("/calendar?day=2016-03-08")
    assert "partly out" in manager.text
    row = app.reports.page(whole=True)
    assert "1 of 2 parts out since" in row


def test_what_comes_next_is_shown_approved_or_not(app: Application, manager: Visit) -> None:
    manager.get("/")
    assert _listed(manager, "next") == ["day.es", "day.fr", "site/news.fr", "later.fr"]
    assert manager.text.count("waits for approval, will not leave before") == 2


def test_what_could_not_be_withdrawn_is_said_to_be_gone(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    _post(app, "out", 60)
    (delivery,) = app.queries.deliveries(post="out")
    out = ends(app, delivery, Accepted("77"))
    manager.get("/posts/out")
    assert 'id="act-gone"' not in manager.page, "Publisher has not tried to delete it"
    begun = app.withdrawals.begin(out, "direction", "wrong photo")
    refused = Refused(Kind.PERMISSION, "Not yours.")
    app.withdrawals.failed(begun, "direction", refused, refused.message)
    manager.get("/")
    assert _listed(manager, "needs") == ["out"]
    badge = re.search(r'id="count-rail-trouble">(\d*)<', manager.page)
    assert badge
    assert badge[1] == str(app.overview(9).in_trouble) == "1"
    manager.get("/posts/out")
    assert 'id="act-gone"' in manager.page
    assert manager.send("/posts/out", do="gone", reason="looked").status_code == 400
    manager.get("/posts/out")
    manager.send("/posts/out", do="gone", reason="looked", sure="yes")
    (gone,) = app.queries.deliveries(post="out")
    assert gone.state is State.WITHDRAWN
