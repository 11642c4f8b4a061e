"""Looking on a platform for a part whose outcome is unknown, over real HTTP (or real files)."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from publisher.channels.base import NotPrepared
from publisher.channels.registry import SPECS
from publisher.channels.timelines import LOOK_BACK, SKEW
from publisher.channels.twitter import timeline
from publisher.channels.twitter.channel import Twitter
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Deferred, Kind, Unknown
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredPost
from publisher.sandbox.twitter.refusals import XFault
from tests.channels.conftest import LOST, Attempt, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sending import send

HURRY = timedelta(seconds=0.3)
PUBLIC_STEP = {
    "twitter": "createPosts",
    "facebook": "updatePost",
    "linkedin": "createOrganizationPost",
}
READING_STEP = {
    "twitter": "getUsersPosts",
    "facebook": "getObject",
    "linkedin": "findOrganizationPosts",
}
NFD = unicodedata.normalize("NFD", "Éducation, santé, égalité : où en sommes-nous ?")


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=list(PUBLIC_STEP))
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture
def x(stages: Stages) -> Stage:
    return stages("twitter")


@pytest.fixture
def page(stages: Stages) -> Stage:
    return stages("facebook")


ByHand = Callable[..., str]


@pytest.fixture
def by_hand(x: Stage, clock: ManualClock) -> ByHand:
    """Puts a post on the account without Publisher; gives its id."""

    def post(text: str, parent: str | None = None) -> str:
        store = x.sandbox.store  # no request is under way
        post_id = store.new_id()
        entry = StoredPost(
            channel="twitter",
            account=x.account.name,
            id=post_id,
            text=text,
            created_at=clock.now(),
            received_at=clock.now(),
            in_reply_to=parent,
            conversation=parent or post_id,
        )
        entry.publish(clock.now())
        store.add(entry)
        return post_id

    return post


# Whatever the channel.


def test_what_was_published_is_found(stage: Stage) -> None:
    """By its id and with its address, as if its answer had arrived."""
    attempt = stage.ready(stage.parcel("Bonjour"))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_what_was_not_sent_is_absent(stage: Stage) -> None:
    assert stage.ready(stage.parcel("Bonjour")).find() == Absent()


def test_what_was_never_prepared_is_absent(stage: Stage) -> None:
    parcel, since = stage.parcel("Bonjour"), stage.options.clock.now()
    assert stage.open().find(parcel, Prepared(), (), since) == Absent()


@pytest.mark.parametrize("what", LOST)
def test_what_was_carried_out_without_an_answer_is_found(what: What, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"), request_timeout=HURRY)
    fault = Fault(what=what, endpoint=PUBLIC_STEP[platform.name], commit=True, times=1)
    platform.sandbox.faults.set([fault])
    assert isinstance(attempt.send(), Unknown)
    found = attempt.find()
    assert isinstance(found, Accepted)
    assert [shown.id for shown in platform.shown()] == [found.remote_id]


@pytest.mark.parametrize("what", LOST)
def test_what_was_not_carried_out_is_absent_and_may_be_sent(what: What, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"), request_timeout=HURRY)
    fault = Fault(what=what, endpoint=PUBLIC_STEP[platform.name], commit=False, times=1)
    platform.sandbox.faults.set([fault])
    assert isinstance(attempt.send(), Unknown)
    assert attempt.find() == Absent()
    assert isinstance(attempt.send(), Accepted)
    assert len(platform.shown()) == 1


def test_a_refusal_as_duplicate_is_settled_by_looking(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    first = attempt.send()
    assert isinstance(first, Accepted)
    again = send(attempt.channel, attempt.parcel, attempt.prepared, ())
    assert isinstance(again, Unknown)
    assert again.duplicate
    assert attempt.find(sent=()) == replace(first, suspended_until=None)


@pytest.mark.parametrize(
    "text",
    [
        "À lire : https://www.example.org/article?a=1&b=2",
        "Deux liens (https://example.org/un/), puis https://example.org/deux.",
        "Sans protocole : example.org, www.example.org/a et HTTPS://Example.org/B",
        "Un nom à soi : https://kraków.example.org/zażółć",
        "https://example.org",
        "1 < 2 & 3 > 2, &amp; reste &amp;",
        "« L’égalité », c’est maintenant ! 50 % — #HRC31 @Example",
        "Colombe 🕊️, famille 👨‍👩‍👧‍👦, drapeau 🇨🇮, peau 👍🏽",
        NFD,
        "zażółć gęślą jaźń\n\nniños y niñas\n– ¡ya!",
        "人权理事会:儿童权利https://example.org/儿童 今天开始",
        "  Des   blancs \n de trop\t",
    ],
)
@pytest.mark.parametrize("with_picture", [False, True])
def test_a_text_is_recognised_however_the_platform_spells_it(
    text: str, with_picture: bool, stage: Stage
) -> None:
    pictures = (stage.picture("Une carte"),) if with_picture else ()
    attempt = stage.ready(stage.parcel(text, pictures=pictures))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_a_picture_without_a_text_is_found(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("", pictures=(stage.picture("Une carte"),)))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_looking_changes_nothing(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Bonjour"))
    attempt.find()
    assert stage.shown() == []
    attempt.send()
    before = (stage.shown(), stage.sandbox.state()["posts"])
    attempt.find(sent=())
    assert (stage.shown(), stage.sandbox.state()["posts"]) == before


def test_after_the_last_part_there_is_nothing_to_find(stages: Stages) -> None:
    """An id that is known is never found again."""
    for name in ("facebook", "site"):
        attempt = stages(name).ready(stages(name).parcel("Bonjour"))
        assert isinstance(attempt.send(), Accepted)
        assert attempt.find() == Absent()


@pytest.mark.parametrize("what", LOST)
def test_an_answer_that_cannot_be_read_defers(what: What, platform: Stage) -> None:
    """It says nothing about the post, and the next reading may."""
    attempt = platform.ready(platform.parcel("Bonjour"))
    attempt.send()
    platform.sandbox.faults.set([Fault(what=what, endpoint=READING_STEP[platform.name])])
    outcome = platform.open(request_timeout=HURRY).find(
        attempt.parcel, attempt.prepared, (), attempt.since
    )
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.UNAVAILABLE
    platform.sandbox.faults.set([])
    assert isinstance(attempt.find(sent=()), Accepted)


def test_a_bad_request_defers(platform: Stage) -> None:
    """It is ours, not the post's: the post must not be refused for it."""
    attempt = platform.ready(platform.parcel("Bonjour"))
    platform.sandbox.faults.set([Fault(what=What.BAD_REQUEST)])
    assert isinstance(attempt.find(), Deferred)


def test_a_dead_server_defers(platform: Stage, closed_port: str) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    channel = platform.open(servers=dict.fromkeys(PUBLIC_STEP, closed_port))
    outcome = channel.find(attempt.parcel, attempt.prepared, (), attempt.since)
    assert isinstance(outcome, Deferred)
    assert "connection refused" in outcome.message
    assert "Nothing was sent" not in outcome.message


@pytest.mark.parametrize(
    ("channel", "what", "kind"),
    [
        ("twitter", What.UNAUTHORISED, Kind.AUTH),
        ("twitter", XFault.CREDITS_DEPLETED, Kind.PERMISSION),
        ("twitter", What.FORBIDDEN, Kind.PERMISSION),
        ("twitter", What.SUSPENDED, Kind.PERMISSION),
        ("twitter", What.DUPLICATE, Kind.PERMISSION),
        ("twitter", What.RATE_LIMIT, Kind.RATE_LIMIT),
        ("twitter", What.BAD_RESET, Kind.RATE_LIMIT),
        ("facebook", What.UNAUTHORISED, Kind.AUTH),
        ("facebook", What.TOKEN_DEAD, Kind.AUTH),
        ("facebook", What.FORBIDDEN, Kind.PERMISSION),
        ("facebook", What.SUSPENDED, Kind.POLICY),
        ("facebook", What.RATE_LIMIT, Kind.RATE_LIMIT),
        ("linkedin", What.UNAUTHORISED, Kind.AUTH),
        ("linkedin", What.FORBIDDEN, Kind.PERMISSION),
        ("linkedin", What.SUSPENDED, Kind.PERMISSION),
        ("linkedin", What.BAD_RESET, Kind.RATE_LIMIT),
    ],
)
def test_a_sick_account_is_held(channel: str, what: What, kind: Kind, stages: Stages) -> None:
    stage = stages(channel)
    attempt = stage.ready(stage.parcel("Bonjour"))
    stage.sandbox.faults.set([Fault(what=what, endpoint=READING_STEP[channel], seconds=600)])
    outcome = attempt.find()
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is kind
    assert (outcome.until is not None) == (what is What.RATE_LIMIT)


@pytest.mark.parametrize("what", [None, *LOST, What.UNAUTHORISED, What.BAD_REQUEST])
def test_no_secret_comes_out_of_looking(what: What | None, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    attempt.send()
    if what:
        platform.sandbox.faults.set([Fault(what=what)])
    channel = platform.open(request_timeout=HURRY)
    said = repr(channel.find(attempt.parcel, attempt.prepared, (), attempt.since))
    for name, secret in platform.credentials.items():
        assert secret not in said, name
    for address in (
        "https://x.com/",
        "https://www.facebook.com/",
        "https://www.linkedin.com/feed/",
    ):
        said = said.replace(address, "")
    assert "://" not in said


# X: a timeline that others write to as well.


def test_parts_of_a_thread_are_found_one_after_another(x: Stage) -> None:
    attempt = x.ready(x.parcel("Un", "Deux", "Trois"))
    for number in range(3):
        assert attempt.find() == Absent()
        x.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint="createPosts", commit=True)])
        assert isinstance(attempt.send(), Unknown)
        found = attempt.find()
        assert isinstance(found, Accepted)
        assert found.remote_id == x.shown()[number].id
        attempt.sent = (*attempt.sent, found.remote_id)


def test_a_part_is_absent_while_the_timeline_lags(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    x.sandbox.faults.set([Fault(what=What.LAG, seconds=3600, times=1)])
    assert attempt.find(sent=()) == Absent()
    assert isinstance(attempt.find(sent=()), Accepted)


def test_an_older_post_with_the_same_text_is_for_a_person(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    by_hand("Bonjour")
    clock.advance(SKEW.total_seconds() + 1)
    assert isinstance(x.ready(x.parcel("Bonjour")).find(), Unknown)
    clock.advance(LOOK_BACK.total_seconds())
    assert x.ready(x.parcel("Bonjour")).find() == Absent()


def test_what_another_delivery_has_is_not_taken_for_it(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    found = attempt.stage.open().find(
        attempt.parcel, attempt.prepared, (), attempt.since, {sent.remote_id}
    )
    assert found == Absent()


def test_a_clock_that_is_a_little_ahead_of_xs_hides_nothing(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    """To us, what X took after the intent may seem to have been there before it."""
    post = by_hand("Bonjour")
    clock.advance(SKEW.total_seconds() - 1)
    found = x.ready(x.parcel("Bonjour")).find()
    assert isinstance(found, Accepted)
    assert found.remote_id == post


def test_posts_by_hand_with_another_text_are_ignored(x: Stage, by_hand: ByHand) -> None:
    attempt = x.ready(x.parcel("Bonjour", "Deux"))
    first = by_hand("Bonjour à tous")
    for text in ("Bon", "Bonjour.", "Bonjour https://example.org/a", "bonjour", "Deux"):
        by_hand(text, parent=first)
    assert attempt.find() == Absent()


def test_the_same_text_at_another_place_of_a_thread_is_not_taken_for_it(
    x: Stage, by_hand: ByHand
) -> None:
    """A first part is no reply, and a later one a reply to the part before it."""
    attempt = x.ready(x.parcel("Un", "Deux", "Trois"))
    other = by_hand("Autre chose")
    by_hand("Un", parent=other)
    assert attempt.find() == Absent()
    one = by_hand("Un")
    by_hand("Deux", parent=other)
    by_hand("Deux")
    assert attempt.find(sent=(one,)) == Absent()
    two = by_hand("Deux", parent=one)
    by_hand("Trois", parent=one)
    assert attempt.find(sent=(one, two)) == Absent()
    three = by_hand("Trois", parent=two)
    for sent, expected in (((), one), ((one,), two), ((one, two), three)):
        found = attempt.find(sent=sent)
        assert isinstance(found, Accepted)
        assert found.remote_id == expected


def test_posts_of_other_accounts_are_ignored(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    owner = x.account.name
    x.sandbox.store.accounts = tuple(
        account if account.name != owner else account.model_copy(update={"user_id": "77"})
        for account in x.sandbox.store.accounts
    )
    try:
        assert isinstance(attempt.find(sent=()), Deferred)
    finally:
        x.sandbox.store.accounts = x.sandbox.accounts


def test_of_several_that_fit_the_earliest_is_meant(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    first = by_hand("Bonjour")
    clock.advance(2)
    by_hand("Bonjour")
    found = attempt.find()
    assert isinstance(found, Accepted)
    assert found.remote_id == first


def test_a_post_is_found_behind_several_pages(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    for number in range(250):
        by_hand(f"Autre chose {number}")
    found = attempt.find(sent=())
    assert isinstance(found, Accepted)
    assert x.sandbox.state()["requests"]["getUsersPosts"] == 3


def test_too_many_posts_are_a_persons_affair(x: Stage, by_hand: ByHand) -> None:
    """Reading without end would use up the account's limits, and stopping would prove nothing."""
    attempt = x.ready(x.parcel("Bonjour"))
    for number in range(1001):
        by_hand(f"Autre chose {number}")
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "too many" in outcome.message
    assert x.sandbox.state()["requests"]["getUsersPosts"] == 10


def test_a_page_that_fails_leaves_the_whole_reading_open(x: Stage, by_hand: ByHand) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    for number in range(150):
        by_hand(f"Autre chose {number}")
    x.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="getUsersPosts", nth=(2,))])
    assert isinstance(attempt.find(), Deferred)


def test_the_same_words_with_another_link_are_a_persons_affair(x: Stage, by_hand: ByHand) -> None:
    """X may have followed the link, or it is another post: nobody can tell."""
    attempt = x.ready(x.parcel("À lire : https://example.org/a"))
    by_hand("À lire : https://example.org/b")
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "publisher resolve" in outcome.message
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_x_is_asked_once_whose_token_it_is_when_the_token_does_not_say(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    channel = x.open()
    channel._user_id = ""  # type: ignore[attr-defined]
    for _ in range(2):
        assert channel.find(attempt.parcel, attempt.prepared, (), attempt.since) == Absent()
    requests = x.sandbox.state()["requests"]
    assert (requests["getUsersMe"], requests["getUsersPosts"]) == (1, 2)


@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.NOT_JSON, What.HANG_UP])
def test_not_knowing_the_own_user_id_defers(what: What, x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    channel = x.open()
    channel._user_id = ""  # type: ignore[attr-defined]
    x.sandbox.faults.set([Fault(what=what, endpoint="getUsersMe", times=1)])
    assert isinstance(channel.find(attempt.parcel, attempt.prepared, (), attempt.since), Deferred)
    assert channel.find(attempt.parcel, attempt.prepared, (), attempt.since) == Absent()


@pytest.mark.parametrize("first", [{"post.fields": "nonsense"}, {"post.fields": "lang"}, {}])
def test_a_spelling_that_x_does_not_know_leads_to_the_other(
    first: dict[str, str], x: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether X refuses the fields' names or only leaves the fields out."""
    attempt = x.ready(x.parcel("Un", "Deux"))
    for _ in range(2):
        attempt.send()
    older = timeline.FIELDS[1]
    monkeypatch.setattr(timeline, "FIELDS", (first, older))
    found = attempt.find(sent=attempt.sent[:1])
    assert isinstance(found, Accepted)
    assert found.remote_id == attempt.sent[1]
    monkeypatch.setattr(timeline, "FIELDS", (first,))
    assert isinstance(attempt.find(sent=attempt.sent[:1]), Deferred)


def test_the_sandbox_gives_a_text_back_as_x_does(x: Stage) -> None:
    """So that these tests mean something: links shortened, a picture's link, NFC, entities."""
    text = f"{NFD} & https://example.org/a"
    attempt = x.ready(x.parcel(text, pictures=(x.picture("Une carte"),)))
    attempt.send()
    channel = attempt.channel
    assert isinstance(channel, Twitter)
    post = partial(channel._client.get_tweet, attempt.sent[0], user_auth=True)
    shown = json.loads(channel._recorder.call(post).body)["data"]["text"]
    composed, _, rest = shown.partition(" &amp; ")
    assert composed == unicodedata.normalize("NFC", NFD)
    assert [word[:13] for word in rest.split()] == ["https://t.co/"] * 2


# Facebook: a post that has its id before it is public.


def test_a_prepared_post_that_was_deleted_is_a_persons_affair(page: Stage) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    attempt.channel.withdraw(str(attempt.prepared.draft_id), Prepared())
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "deleted" in outcome.message


def test_a_post_that_is_public_with_an_earlier_text_is_a_persons_affair(page: Stage) -> None:
    attempt = page.ready(page.parcel("Avant"))
    later = replace(attempt, parcel=page.parcel("Après"))
    assert later.find() == Absent()
    attempt.send()
    outcome = later.find(sent=())
    assert isinstance(outcome, Unknown)
    assert str(attempt.prepared.draft_id) in outcome.message


def test_an_edit_leaves_no_unpublished_post_behind(page: Stage) -> None:
    before = page.ready(page.parcel("Avant"))
    prepared = prepare_again(before, "Après")
    assert prepared.draft_id != before.prepared.draft_id
    assert {post["text"]: post["deleted"] for post in page.sandbox.state()["posts"]} == {
        "Avant": True,
        "Après": False,
    }


def prepare_again(before: Attempt, text: str) -> Prepared:
    stage = before.stage
    return stage.open(request_timeout=HURRY).prepare(
        stage.parcel(text), before.prepared, stage.media.__getitem__
    )


@pytest.mark.parametrize("what", [*LOST, What.BAD_REQUEST, What.RATE_LIMIT])
def test_an_old_unpublished_post_that_cannot_be_deleted_stops_nothing(
    what: What, page: Stage
) -> None:
    """Nobody sees it."""
    before = page.ready(page.parcel("Avant"))
    page.sandbox.faults.set([Fault(what=what, endpoint="deletePost")])
    prepared = prepare_again(before, "Après")
    assert isinstance(send(before.channel, page.parcel("Après"), prepared, ()), Accepted)
    assert [shown.text for shown in page.shown()] == ["Après"]


def test_an_old_post_that_is_gone_stops_nothing(page: Stage) -> None:
    before = page.ready(page.parcel("Avant"))
    before.channel.withdraw(str(before.prepared.draft_id), Prepared())
    assert prepare_again(before, "Après").draft_id


def test_an_old_post_that_is_public_already_is_not_followed_by_a_new_one(page: Stage) -> None:
    """Nor is it deleted: it is out, and a person decides."""
    before = page.ready(page.parcel("Avant"))
    before.send()
    with pytest.raises(NotPrepared) as problem:
        prepare_again(before, "Après")
    assert isinstance(problem.value.outcome, Unknown)
    assert [shown.text for shown in page.shown()] == ["Avant"]
    assert len(page.sandbox.state()["posts"]) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [*((what, Deferred) for what in LOST), (What.TOKEN_DEAD, AccountSuspended)],
)
def test_an_old_post_of_which_nothing_is_known_is_not_followed_by_a_new_one(
    what: What, expected: type, page: Stage
) -> None:
    """It may be public; the next try will know more."""
    before = page.ready(page.parcel("Avant"))
    page.sandbox.faults.set([Fault(what=what, endpoint="getObject")])
    with pytest.raises(NotPrepared) as problem:
        prepare_again(before, "Après")
    assert isinstance(problem.value.outcome, expected)
    posts = page.sandbox.state()["posts"]
    assert [(post["text"], post["deleted"]) for post in posts] == [("Avant", False)]


# The website: files.


@pytest.fixture
def out(stages: Stages) -> Attempt:
    """A post that is on the website."""
    attempt = stages("site").ready(stages("site").parcel("Bonjour", title="Titre"))
    assert isinstance(attempt.send(), Accepted)
    return attempt


@pytest.fixture
def folder(out: Attempt) -> Path:
    return out.stage.options.folder / "site" / out.stage.account.name


def test_a_page_with_another_content_is_not_taken_for_it(out: Attempt) -> None:
    other = replace(out, parcel=out.stage.parcel("Bonsoir", title="Titre"))
    assert other.find(sent=()) == Absent()


@pytest.mark.parametrize(
    "name",
    ["index.html", "posts/2016-03-07-annual-day.fr.html", "posts/2016-03-07-annual-day.fr.json"],
)
def test_a_page_that_was_written_half_is_absent_and_sending_completes_it(
    name: str, out: Attempt, folder: Path
) -> None:
    """Whatever file is missing or old, readers do not see the post as it should be."""
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    assert out.find(sent=()) == Absent()
    (folder / name).write_bytes(content)
    assert isinstance(out.find(sent=()), Accepted)
    old = content.replace(b"Bonjour", b"Au revoir")
    (folder / name).write_bytes(old)
    assert out.find(sent=()) == Absent()
    out.sent = ()
    out.send()
    assert isinstance(out.find(sent=()), Accepted)


def test_a_folder_that_cannot_be_read_defers(out: Attempt, folder: Path) -> None:
    (folder / "posts").rename(folder / "elsewhere")
    (folder / "posts").write_text("no folder")
    outcome = out.find(sent=())
    assert isinstance(outcome, Deferred)
    assert str(folder) not in outcome.message


def test_a_damaged_page_defers(out: Attempt, folder: Path) -> None:
    (folder / "posts" / "2016-03-07-annual-day.fr.json").write_text(json.dumps({"slug": 1}))
    assert isinstance(out.find(sent=()), Deferred)
