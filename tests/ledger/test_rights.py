"""Who acts on a delivery has a right over its account's organisation; both databases say the
same.
"""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import update

from publisher.auth.users import People
from publisher.base.errors import NotPermitted
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest
from publisher.ledger.manager.commands import no_rule
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.resume import Seen
from publisher.ledger.manager.rights import Person, Rank, Rights, acting_through_pages
from publisher.ledger.manager.undo import Undo
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import deliveries
from publisher.model.accounts import Mandate
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.draft_edits import edited
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.manager.authors",
    "publisher.ledger.manager.operations",
    "publisher.ledger.manager.pauses",
    "publisher.ledger.manager.post_holds",
    "publisher.ledger.manager.resume",
)

PASSWORD = "plough wicker ostrich"
OF = {"bice-x": "BICE", "lima-x": "Lima", "warsaw-x": "Warsaw"}
MANDATES = {"lima-x": Mandate(authors=("redaction", "lima"))}


@pytest.fixture
def rights() -> Rights:
    return Rights(OF.get, MANDATES.get)


@pytest.fixture
def team(database: Database, clock: ManualClock, rights: Rights) -> People:
    """Marc is over everything, Bice and Warsaw manage their own, Redaction and Lima are staff."""
    people = People(database, clock, rights)
    for name, rank, organisations in (
        ("Marc", Rank.MANAGER, None),
        ("Bice", Rank.MANAGER, ["BICE"]),
        ("Warsaw", Rank.MANAGER, ["warsaw"]),
        ("Redaction", Rank.STAFF, None),
        ("Lima", Rank.STAFF, ["Lima"]),
    ):  # fmt: skip
        people.add(name, rank, PASSWORD, organisations=organisations)
    return people


@pytest.fixture
def control(database: Database, clock: ManualClock, rights: Rights, team: People) -> Control:
    return Control(database, clock, no_rule, rights)


@pytest.fixture
def holds(database: Database, clock: ManualClock, rights: Rights, team: People) -> Holds:
    return Holds(database, clock, no_rule, rights)


@pytest.fixture
def undo(database: Database, clock: ManualClock, rights: Rights) -> Undo:
    return Undo(database, clock, no_rule, rights)


@pytest.fixture
def queued(ledger: Ledger, queries: Queries, clock: ManualClock) -> Delivery:
    """To bice-x."""
    add(ledger, wish(clock, author="somebody"))
    (found,) = queries.deliveries()
    return found


Act = Callable[[Database, ManualClock, Rights, Delivery, str], object]
ACTS: dict[str, tuple[State, Act]] = {
    "approve": (
        State.AWAITING_APPROVAL,
        lambda database, clock, rights, one, actor: Approvals(
            database, clock, no_rule, rights
        ).approve([one.post], None, actor, {one.id: digest(one)}),
    ),
    "reject": (
        State.SCHEDULED,
        lambda database, clock, rights, one, actor: Approvals(
            database, clock, no_rule, rights
        ).reject([one.post], None, actor, "no"),
    ),
    "cancel": (
        State.SCHEDULED,
        lambda database, clock, rights, one, actor: Control(
            database, clock, no_rule, rights
        ).cancel(one.post, None, actor, "no"),
    ),
    "retry": (
        State.FAILED,
        lambda database, clock, rights, one, actor: Control(
            database, clock, no_rule, rights
        ).retry(one.post, None, actor),
    ),
    "resolve": (
        State.UNCERTAIN,
        lambda database, clock, rights, one, actor: Control(
            database, clock, no_rule, rights
        ).resolve(one.post, None, ("707",), actor),
    ),
    "withdraw": (
        State.PUBLISHED,
        lambda database, clock, rights, one, actor: Control(
            database, clock, no_rule, rights
        ).withdrawable(one.post, None, actor),
    ),
    "hold": (
        State.SCHEDULED,
        lambda database, clock, rights, one, actor: Holds(
            database, clock, no_rule, rights
        ).hold(one.post, None, actor, "wait"),
    ),
    "release": (
        State.HELD,
        lambda database, clock, rights, one, actor: Holds(
            database, clock, no_rule, rights
        ).release(one.post, None, actor),
    ),
    "queue": (
        State.SCHEDULED,
        lambda database, clock, rights, one, actor: Ledger(database, clock, rights).apply(
            add=(), edit=(), cancel=[(one, "gone")], pictures={}, actor=actor
        ),
    ),
    "pause": (
        State.SCHEDULED,
        lambda database, clock, rights, _one, actor: Control(
            database, clock, no_rule, rights
        ).pause("bice-x", "why", actor),
    ),
    "edit": (
        State.SCHEDULED,
        lambda database, clock, rights, _one, actor: edit(
            database, clock, rights, Event.DRAFT_EDITED, actor, "bice-x"
        ),
    ),
    "move": (
        State.SCHEDULED,
        lambda database, clock, rights, _one, actor: edit(
            database, clock, rights, Event.DRAFT_MOVED, actor, "bice-x"
        ),
    ),
}  # fmt: skip


def edit(
    database: Database, clock: ManualClock, rights: Rights, event: Event, actor: str, *accounts: str
) -> None:
    edited(Edits(database, clock, rights=rights), "post.fr", actor, event, accounts)


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_takes_a_right_over_the_accounts_organisation(
    act: str, database: Database, clock: ManualClock, rights: Rights, queued: Delivery
) -> None:
    """Refused to a partner, with who may, and on the pages to who was removed meanwhile; done by
    whoever has the right. Nothing else happened.
    """
    state, doing = ACTS[act]
    with database.write() as connection:
        ids = '["707"]' if state is State.PUBLISHED else "[]"
        manual_hold = "held" if state is State.HELD else None
        values = {"state": state, "remote_ids": ids, "manual_hold": manual_hold}
        connection.execute(update(deliveries).values(values))
    one = Queries(database, clock).deliveries()[0]
    with pytest.raises(NotPermitted, match=r"Warsaw has no right over bice-x \(BICE\)") as refused:
        doing(database, clock, rights, one, "warsaw")
    by_staff = act in ("queue", "edit", "move")
    may = (
        "These people may: Bice, Marc, Redaction." if by_staff else "These people may: Bice, Marc."
    )
    assert refused.value.hint == may
    assert Queries(database, clock).deliveries() == [one]
    if not by_staff:
        with pytest.raises(
            NotPermitted, match="may not do this as staff: it needs at least the role manager"
        ):
            doing(database, clock, rights, one, "redaction")
    with acting_through_pages():
        with pytest.raises(NotPermitted, match="Gone can no longer log in"):
            doing(database, clock, rights, one, "Gone")
        doing(database, clock, rights, one, "Bice")


def test_an_author_holds_what_they_wrote_and_releases_their_own_hold_alone(
    holds: Holds, undo: Undo, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """Neither a manager's hold is theirs, nor one that a manager put in the place of theirs."""
    add(
        ledger,
        wish(clock, author="lima", account="lima-x"),
        wish(clock, "other", author="marc", account="lima-x"),
    )
    post = next(one.post for one in queries.deliveries() if one.written_by == "lima")
    with pytest.raises(NotPermitted, match="it needs at least the role manager"):
        holds.hold("other", None, "lima", "wait")
    (held,) = holds.hold(post, None, "lima", "wait")
    assert undo.take_back({held.id: held.version}, "lima", clock.now())[0].state is State.SCHEDULED
    holds.hold(post, None, "lima", "wait")
    (released,) = holds.release(post, None, "Lima")
    assert released.state is State.SCHEDULED
    holds.hold(post, None, "lima", "wait")
    holds.hold(post, None, "marc", "as lima says, wait")
    with pytest.raises(NotPermitted, match="it needs at least the role manager"):
        holds.release(post, None, "lima")
    with pytest.raises(NotPermitted, match="it needs at least the role manager"):
        holds.hold(post, None, "lima", "wait")
    assert holds.own("lima", queries.deliveries()) == []


def test_who_is_nobody_on_the_pages_is_taken_at_their_word(
    control: Control, queued: Delivery
) -> None:
    """Whoever runs commands on the machine could write the database as well."""
    assert control.cancel(queued.post, None, "root", "no")


def test_who_is_kept_out_does_nothing_by_commands_either(
    control: Control, team: People, queued: Delivery
) -> None:
    team.disable(team.find("marc"), disabled=True)
    with pytest.raises(NotPermitted, match="Marc is kept out"):
        control.cancel(queued.post, None, "marc", "no")


def test_an_account_of_nobody_is_for_those_with_a_right_over_everything(
    control: Control, ledger: Ledger, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "site.fr", account="bice-site", channel="site"))
    with pytest.raises(NotPermitted, match="no right over bice-site"):
        control.cancel("site.fr", None, "bice", "no")
    assert control.cancel("site.fr", None, "marc", "no")


def test_a_pause_of_everything_is_not_ended_by_a_partner(control: Control) -> None:
    """Nor by one who presses the button once more, which takes it over from nobody."""
    control.pause(None, "CRISIS, director says stop", "marc")
    for name in ("warsaw", "bice"):
        control.pause(None, "me too", name)
        with pytest.raises(NotPermitted, match=r"Everything was paused by .*marc") as refused:
            control.resume(None, name)
        assert refused.value.hint == "These people may: Marc."
        assert not control.may_resume(None, name)
    assert control.may_resume(None, "marc")
    control.resume(None, "marc")


def test_the_reason_of_a_pause_outlasts_those_who_could_not_end_it(
    control: Control, queries: Queries
) -> None:
    control.pause(None, "CRISIS, director says stop", "marc")
    control.pause(None, "me too", "warsaw")
    (standing,) = queries.accounts()
    assert (standing.paused_by, standing.pause_reason) == ("marc", "CRISIS, director says stop")


def test_who_alone_paused_everything_ends_it(control: Control) -> None:
    """Until somebody else presses the button as well; after a resume it is another pause."""
    control.pause(None, "something is wrong", "warsaw")
    control.resume(None, "Warsaw")
    control.pause(None, "something is wrong", "warsaw")
    control.pause(None, "yes", "bice")
    for name in ("warsaw", "bice"):
        assert not control.may_resume(None, name)
    control.resume(None, "marc")
    control.pause(None, "once more", "bice")
    control.resume(None, "bice")


def test_staff_neither_pause_nor_resume(control: Control) -> None:
    with pytest.raises(NotPermitted, match="it needs at least the role manager"):
        control.pause(None, "why", "redaction")
    control.pause(None, "why", "marc")
    with pytest.raises(NotPermitted, match="it needs at least the role manager"):
        control.resume(None, "redaction")


def test_who_ends_their_own_pause_drops_nothing_of_others(
    control: Control, queued: Delivery, clock: ManualClock
) -> None:
    control.pause(None, "why", "warsaw")
    clock.advance(120)
    seen = Seen(control.stop(None), {queued.id})
    with pytest.raises(NotPermitted, match="no right over bice-x"):
        control.resume(None, "warsaw", {queued.id: None}, seen)
    assert control.resume(None, "warsaw", {}, seen)


def test_a_consent_that_is_withdrawn_is_every_managers_duty(
    database: Database, clock: ManualClock, rights: Rights, team: People
) -> None:
    safeguards = Safeguards(database, clock, rights=rights)
    assert safeguards.hold("no-such-consent", "why", "warsaw") == []
    with pytest.raises(NotPermitted):
        safeguards.hold("no-such-consent", "why", "lima")


@pytest.mark.usefixtures("team")
def test_who_may_not_write_for_an_account_does_not_change_its_draft(
    database: Database, clock: ManualClock, rights: Rights
) -> None:
    """A mandate names authors. Another time is no words."""
    with pytest.raises(NotPermitted, match="Marc may not post as lima-x") as refused:
        edit(database, clock, rights, Event.DRAFT_EDITED, "Marc", "bice-x", "lima-x")
    assert refused.value.hint == "Its mandate in publisher.toml names: redaction, lima."
    edit(database, clock, rights, Event.DRAFT_MOVED, "Marc", "lima-x")
    edit(database, clock, rights, Event.DRAFT_EDITED, "LIMA", "lima-x")


@pytest.fixture
def admins(team: People) -> People:
    team.add("Chef", Rank.ADMIN, PASSWORD)
    team.add("Kasia", Rank.ADMIN, PASSWORD, organisations=["Warsaw"])
    return team


@pytest.mark.parametrize("whom", ["Marc", "Bice"])
def test_an_admin_of_a_partner_looks_after_their_own_people(
    admins: People, rights: Rights, whom: str
) -> None:
    acts: Sequence[Callable[[], object]] = (
        lambda: admins.set_password(whom, PASSWORD, actor="kasia"),
        lambda: admins.remove(whom, actor="kasia"),
        lambda: admins.disable(admins.find(whom), disabled=True, actor="kasia"),
        lambda: admins.require_over(admins.find(whom), "kasia"),
        lambda: admins.set_rights(whom, Rank.STAFF, ["Warsaw"], actor="kasia"),
    )
    for act in acts:
        with pytest.raises(NotPermitted) as refused:
            act()
        assert refused.value.hint == "These people may: Chef."
    chef, kasia, warsaw, other = map(admins.find, ("chef", "kasia", "warsaw", whom))
    assert rights.permits_over(kasia, warsaw)
    assert not rights.permits_over(kasia, other)
    assert rights.permits_over(chef, other)
    admins.set_password("warsaw", "ochre lantern gravel", actor="kasia")
    admins.remove(whom, actor="chef")


@pytest.mark.parametrize("organisations", [None, ["BICE"], ["Warsaw", "Lima"]])
def test_nobody_gives_away_a_right_that_they_have_not(
    admins: People, organisations: Sequence[str] | None
) -> None:
    with pytest.raises(NotPermitted):
        admins.add("Friend", Rank.STAFF, PASSWORD, organisations=organisations, actor="kasia")
    with pytest.raises(NotPermitted):
        admins.set_rights("warsaw", Rank.STAFF, organisations, actor="kasia")
    with pytest.raises(NotPermitted, match="it needs at least the role admin"):
        admins.set_rights("warsaw", Rank.ADMIN, ["Warsaw"], actor="warsaw")
    changed = admins.set_rights("warsaw", Rank.STAFF, ["Warsaw"], actor="kasia")
    assert (changed.rank, changed.organisations) == (Rank.STAFF, ("Warsaw",))


def test_one_changes_ones_own_password_whatever_ones_role(admins: People) -> None:
    admins.set_password("lima", "ochre lantern gravel", actor="Lima")


def test_organisations_are_names_as_names_are_compared(rights: Rights, admins: People) -> None:
    warsaw: Person = admins.find("warsaw")
    assert warsaw.organisations == ("warsaw",)
    assert rights.permits(warsaw, Rank.MANAGER, ["warsaw-x"])
