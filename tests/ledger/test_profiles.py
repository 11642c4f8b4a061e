"""What platforms show of the accounts, as it was asked last."""

from datetime import timedelta

import pytest

from publisher.auth.users import People
from publisher.base.errors import NotPermitted
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.profiles import NO_PICTURE, ProfilePicture, Profiles
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import KnownProfile, Profile
from publisher.model.events import Event
from tests.support.clock import ManualClock

BICE = Profile(id="7", handle="bice", name="BICE")
PICTURE = ProfilePicture("a" * 64, b"WebP")


@pytest.fixture
def profiles(database: Database, clock: ManualClock) -> Profiles:
    return Profiles(database, clock, Rights(lambda _account: "BICE"))


def keep(
    profiles: Profiles,
    profile: Profile = BICE,
    picture: ProfilePicture | None = PICTURE,
    *,
    by_handle: bool = True,
) -> KnownProfile:
    until = profiles._clock.now() + timedelta(days=1)
    return profiles.keep("bice-x", profile, picture, until=until, by_handle=by_handle)


def renamed(handle: str, **more: str) -> Profile:
    return BICE.model_copy(update={"handle": handle, **more})


def test_a_profile_is_kept_with_its_picture(profiles: Profiles) -> None:
    assert profiles.all() == {}
    known = keep(profiles)
    assert (known.id, known.handle, known.name, known.before) == ("7", "bice", "BICE", "")
    assert profiles.all() == {"bice-x": known}
    assert profiles.picture("bice-x") == (b"WebP", known.picture)
    assert profiles.pictures() == {"bice-x": b"WebP"}
    assert profiles.source("bice-x") == PICTURE.source_digest


def test_a_new_picture_replaces_the_old_one(profiles: Profiles) -> None:
    old = keep(profiles).picture
    new = keep(profiles, picture=ProfilePicture("b" * 64, b"another")).picture
    assert new != old
    assert profiles.picture("bice-x") == (b"another", new)


def test_a_picture_that_could_not_be_had_leaves_the_old_one(profiles: Profiles) -> None:
    keep(profiles)
    keep(profiles, picture=None)
    assert profiles.pictures() == {"bice-x": b"WebP"}


def test_where_the_platform_has_no_picture_any_more_there_is_none(profiles: Profiles) -> None:
    keep(profiles)
    assert keep(profiles, picture=NO_PICTURE).picture == ""
    assert profiles.picture("bice-x") is None
    assert profiles.source("bice-x") is None


def test_another_handle_is_told_until_a_person_confirms_it(
    profiles: Profiles, queries: Queries
) -> None:
    keep(profiles)
    assert keep(profiles, renamed("other")).before == "@bice"
    assert keep(profiles, renamed("third")).before == "@bice", "a person knows the first"
    assert not profiles.confirm("bice-x", "other", "direction"), "the person saw another one"
    assert profiles.confirm("bice-x", "third", "direction")
    assert keep(profiles, renamed("third")).before == ""
    assert not profiles.confirm("bice-x", "third", "direction"), "it is confirmed"
    steps = [(step.event, step.actor) for step in queries.steps(0)]
    assert steps == [
        (Event.PROFILE_CHANGED, "publisher"),
        (Event.PROFILE_CHANGED, "publisher"),
        (Event.OWNER_VERIFIED, "direction"),
    ]


def test_the_old_handle_ends_the_trouble(profiles: Profiles) -> None:
    keep(profiles)
    keep(profiles, renamed("other"))
    assert keep(profiles).before == ""


def test_upper_case_is_no_other_handle(profiles: Profiles) -> None:
    keep(profiles)
    assert keep(profiles, renamed("BICE")).before == ""


def test_where_people_know_no_handles_only_another_owner_is_a_change(profiles: Profiles) -> None:
    keep(profiles, by_handle=False)
    assert keep(profiles, renamed("other"), by_handle=False).before == ""
    assert keep(profiles, renamed("other", id="8"), by_handle=False).before == "@other"


def test_one_process_asks_at_a_time_and_no_sooner_than_it_is_due(
    profiles: Profiles, clock: ManualClock
) -> None:
    hour = timedelta(hours=1)
    assert profiles.claim("bice-x", clock.now() + hour), "it was never asked"
    assert not profiles.claim("bice-x", clock.now() + hour)
    assert profiles.all() == {}, "it has not answered yet"
    clock.set(3600)
    assert profiles.claim("bice-x", clock.now() + hour)
    keep(profiles)
    clock.set(23 * 3600)
    assert not profiles.claim("bice-x", clock.now() + hour)
    clock.set(3600)
    assert profiles.claim("bice-x", clock.now() + hour)


def test_only_a_manager_of_the_account_confirms(
    profiles: Profiles, database: Database, clock: ManualClock
) -> None:
    people = People(database, clock)
    people.add("stagiaire", Rank.STAFF, "a long password, long enough")
    keep(profiles)
    keep(profiles, renamed("other"))
    with pytest.raises(NotPermitted):
        profiles.confirm("bice-x", "other", "stagiaire")
    assert profiles.all()["bice-x"].before
