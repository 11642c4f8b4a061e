"""A person at the desk: a journey runs with a mouse, a thumb, keys alone or without scripts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from publisher.app import Application
from publisher.ledger.manager.approvals import digest
from publisher.ledger.tables import deliveries
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from tests.support.tiers import in_tiers
from tests.support.workspaces import Workspace

WIDTHS = {1440: 900, 820: 1180, 390: 844}
LANGUAGES = {"en", "fr"}
_MOST_STOPS = 200
"""Presses of Tab after which something counts as out of reach of the keyboard."""


@dataclass(frozen=True, slots=True)
class View:
    """How a journey is made."""

    width: int
    lang: str
    way: str
    """`mouse`, `touch`, `keys`, or `no-js`."""

    def __str__(self) -> str:
        return f"{self.width}-{self.lang}-{self.way}"

    @property
    def options(self) -> dict[str, object]:
        """Of the browser's context."""
        return {
            "viewport": {"width": self.width, "height": WIDTHS[self.width]},
            "locale": self.lang,
            "has_touch": self.way == "touch",
            "java_script_enabled": self.way != "no-js",
            "reduced_motion": "reduce",
        }


Table = Mapping[str, Iterable[View]]


def made(table: Table, name: str) -> pytest.MarkDecorator:
    """The test runs in each view of this journey; in `make test` in the first one alone."""
    return pytest.mark.parametrize("view", in_tiers(*table[name]), ids=str)


def missing(table: Table) -> list[object]:
    """The widths, languages and ways in which a role makes no journey."""
    views = [view for some in table.values() for view in some]
    met: set[object] = {part for view in views for part in (view.width, view.lang, view.way)}
    return sorted({*WIDTHS, *LANGUAGES, "keys", "no-js"} - met, key=str)


@dataclass
class Desk:
    """Somebody who is logged in, and stands on Today; what they press is counted.

    Typing is not, nor what puts the cursor into a field. A choice in a list is two: it is opened.
    """

    app: Application
    workspace: Workspace
    page: Page
    view: View
    presses: int = 0
    _posts: list[str] = field(default_factory=list)

    # What a person does

    def press(self, what: Locator) -> None:
        self.presses += 1
        if self.view.way == "keys":
            self.reach(what)
            self.page.keyboard.press("Enter")
        else:
            self._hit(what)

    def tick(self, box: Locator) -> None:
        self.presses += 1
        if self.view.way == "keys":
            self.reach(box)
            self.page.keyboard.press("Space")
        else:
            self._hit(box)

    def choose(self, field: Locator, value: str) -> None:
        self.presses += 2
        if self.view.way != "keys":
            field.select_option(value)
            return
        self.reach(field)
        places = field.locator("option").evaluate_all("all => all.map((one) => one.value)")
        for _step in range(places.index(value) - places.index(field.input_value())):
            self.page.keyboard.press("ArrowDown")
        expect(field).to_have_value(value)

    def type(self, field: Locator, text: str) -> None:
        if self.view.way == "keys":
            self.reach(field)
        field.fill(text)

    def give(self, field: Locator, file: Path) -> None:
        """Choose a file in the field for it."""
        self.presses += 1
        if self.view.way == "keys":
            self.reach(field)
        field.set_input_files(file)

    def drag(self, what: Locator, target: Locator) -> None:
        self.presses += 1
        what.drag_to(target)

    def go(self, title: str) -> None:
        """Open a page by the navigation: the rail, the bottom of a phone, or its menu."""
        bar = self.page.locator("nav.bottom" if self.view.width < 900 else "nav.rail")
        link = bar.get_by_role("link", name=title)
        if not link.count():
            self.press(self.page.locator(".menu"))
            link = self.page.locator("nav.rail").get_by_role("link", name=title)
        self.press(link.first)

    def reach(self, what: Locator) -> None:
        """Go on by Tab until it has the focus."""
        here = "one => one === document.activeElement"
        for _stop in range(_MOST_STOPS):
            if what.evaluate(here):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {what}")

    def _hit(self, what: Locator) -> None:
        if self.view.way == "touch":
            what.tap()
        else:
            what.click()

    # What they see

    def told(self, text: str) -> None:
        """The page says so, and nothing of it hangs out at its side."""
        expect(self.page.get_by_text(text).first).to_be_visible()
        if self.view.way != "no-js":
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert self.page.evaluate(wide) <= 0, self.page.url

    # What is there before

    def post(
        self,
        name: str,
        text: str,
        at: str = "2016-03-07 08:30",
        to: str = "[bice-x, bice-page]",
        more: str = "",
        *,
        approved: bool = False,
    ) -> str:
        """A post of redaction is on the schedule, and soon due; its id. Its text names the view."""
        name, front = f"{name}-{self.view}.fr", f"at: {at}\nto: {to}\nauthor: redaction{more}"
        self.workspace.draft(name, front, f"{text} ({self.view})")
        assert not self.app.planner.queue(actor="redaction").errors
        self._posts.append(name)
        if approved:
            waiting = {one.id: digest(one) for one in self.deliveries(name)}
            self.app.approvals.approve([name], None, "direction", waiting)
        return name

    def posts(self, name: str, texts: Sequence[str]) -> list[str]:
        """Posts of redaction on X, two weeks from now, one minute after the other."""
        made = []
        for number, text in enumerate(texts):
            made.append(f"{name}-{number:02}-{self.view}.fr")
            front = f"at: 2016-03-21 08:{number:02}\nto: [bice-x]\nauthor: redaction"
            self.workspace.draft(made[-1], front, f"{text} ({self.view})")
        assert not self.app.planner.queue(actor="redaction").errors
        self._posts += made
        return made

    def deliveries(self, post: str) -> list[Delivery]:
        return list(self.app.queries.deliveries(post=post))

    def states(self, post: str) -> set[State]:
        return {one.state for one in self.deliveries(post)}

    def out(self, post: str, at: datetime) -> None:
        """All of it is out, since then."""
        with self.app.database.write() as connection:
            connection.execute(
                update(deliveries).where(deliveries.c.post == post).values(
                    state=State.PUBLISHED, published_at=at, remote_ids='["4711"]',
                    url=f"https://platform.example.org/{post}",
                )
            )  # fmt: skip

    def tidy(self) -> None:
        """Nothing of this journey waits for the next one."""
        for post in self._posts:
            self.workspace.remove(post)
            if any(one.in_reach for one in self.deliveries(post)):
                self.app.control.cancel(post, None, "chef", "the journey is over")
