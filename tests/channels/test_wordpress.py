"""WordPress in the sandbox: lost answers at each step, and what a worker makes of them."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
import requests

from publisher.base.errors import ConfigurationError
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.http import client
from publisher.channels.outgoing import Request
from publisher.channels.wordpress.article import Article, Figure, slug_of
from publisher.delivery.cleanup import Clearing
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.orphans import Orphans
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Parcel, Prepared, Wish
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    Unknown,
)
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.wordpress.articles import StoredArticle
from publisher.sandbox.wordpress.refusals import WordPressFault
from tests.channels.conftest import LOST, SETTINGS, Stage, Stages
from tests.channels.desk import TEXT, TIMEOUT, Desk
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, lanes
from tests.support.sending import send
from tests.support.wishes import wish


class SiteDesk(Desk):
    """A WordPress site, and a ledger whose deliveries a worker takes there."""

    def wish(self, text: str = TEXT, post: str = "post.fr", **more: Any) -> Wish:
        account = {"account": self.stage.account.name, "channel": "wordpress"}
        content = {"content": Content(parts=(Part(text=text),), lang="fr")}
        return wish(self.clock, post, **{"due_in": 1, **account, **content, **more})


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("wordpress")


@pytest.fixture
def site_desk(
    stage: Stage,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> SiteDesk:
    return SiteDesk(stage, ledger, dispatch, attempts, queries, clock)


@pytest.fixture
def clear(site_desk: SiteDesk, database: Database, clock: ManualClock) -> Callable[[], None]:
    """Let a worker clear away what is to be cleared away now."""
    orphans = Orphans(database, clock)

    def run() -> None:
        clock.advance(60)
        channel = site_desk.stage.open(request_timeout=TIMEOUT)
        clearing = Clearing(orphans, lambda _account: nullcontext(channel), AnyKeys(), lanes())
        for claim in orphans.claim(clock.ahead(30), 10):
            clearing.clear(claim)

    return run


def illustrated(stage: Stage, number: int = 2) -> Parcel:
    pictures = [stage.picture(f"Une carte {n}", f"#0000{n:02x}") for n in range(number)]
    return stage.parcel("Bonjour", pictures=tuple(pictures))


def accepted(outcome: object) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def recovered(stage: Stage, channel: Channel, parcel: Parcel, left: Prepared) -> Prepared:
    """Prepare as later attempts do, which know that one had begun."""
    for _attempt in range(5):
        left = left.begin(parcel.content, stage.options.clock.now())
        try:
            while left.leftovers or not left.holds(parcel.content):
                left = channel.prepare(parcel, left, stage.media.__getitem__)
        except NotPrepared as problem:  # a slow machine: the sandbox had ended the connection
            left = problem.prepared or left
        else:
            break
    return left


def violations(stage: Stage) -> list[str]:
    return [one["kind"] for one in stage.sandbox.state()["violations"]]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_to_publishing_is_a_doubt_that_a_repeat_ends(
    what: What, commit: bool, stage: Stage
) -> None:
    stage.sandbox.faults.set([Fault(what=what, endpoint="updateArticle", commit=commit, times=1)])
    channel, parcel = stage.open(request_timeout=timedelta(seconds=0.3)), stage.parcel("Bonjour")
    prepared = stage.prepare(parcel, channel)
    since = stage.options.clock.now()
    assert isinstance(send(channel, parcel, prepared, ()), Unknown)
    found = channel.find(parcel, prepared, (), since)
    assert isinstance(found, Accepted if commit else Absent)
    accepted(send(channel, parcel, prepared, ()))
    assert len(stage.shown()) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["createArticle", "uploadAttachment", "updateArticle", "listAttachments", "getArticle"],
)
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_while_preparing_leaves_one_draft_and_no_second_picture(
    endpoint: str, what: What, stage: Stage
) -> None:
    """The next attempt knows what the ledger has, and that one had begun."""
    channel, parcel = stage.open(request_timeout=timedelta(seconds=0.3)), illustrated(stage)
    stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, times=1, commit=True)])
    left, outcome = Prepared(), None
    while outcome is None:
        try:
            left = channel.prepare(parcel, left, stage.media.__getitem__)
        except NotPrepared as problem:
            left, outcome = problem.prepared or left, problem.outcome
    assert isinstance(outcome, Deferred | AccountSuspended)
    assert stage.shown() == []
    left = recovered(stage, channel, parcel, left)
    accepted(send(channel, parcel, left, ()))
    assert len([p for p in stage.sandbox.state()["posts"] if not p["deleted"]]) == 1
    assert [len(shown.pictures) for shown in stage.shown()] == [2]
    assert len(stage.sandbox.store.uploads) == 2
    assert violations(stage) == []


def test_a_slug_tells_words_and_is_no_other_posts() -> None:
    content = Content(
        parts=(Part(text="Łódź : l’égalité, c’est maintenant ! Et encore plus tard…"),)
    )
    slug = slug_of("post.fr", "bice-wp", content)
    assert slug.startswith("lodz-legalite-cest-maintenant-et-encore-plus-tard-")
    assert len(slug) <= 71
    other = Content(parts=(Part(text="مساواة"),))
    slugs = {
        slug,
        slug_of("post.es", "bice-wp", content),
        slug_of("post.fr", "other-wp", content),
        slug_of("post.fr", "bice-wp", content.model_copy(update={"link": "https://example.org"})),
        slug_of("post.fr", "bice-wp", other),
    }
    assert len(slugs) == 5
    assert all(one.strip("-") == one and one.isascii() for one in slugs)
    long = Content(parts=(Part(text="a" * 300),))
    assert len(slug_of("post.fr", "bice-wp", long)) <= 71


def test_one_call_makes_at_most_ten_requests(
    stage: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    """A worker's lease is as long as that."""
    channel, parcel, known = stage.open(), illustrated(stage, 10), Prepared()
    while not known.holds(parcel.content):
        exchanges.clear()
        known = channel.prepare(parcel, known, stage.media.__getitem__)
        assert len(exchanges) <= 10
    accepted(send(channel, parcel, known, ()))
    assert [len(shown.pictures) for shown in stage.shown()] == [10]


def test_a_draft_is_read_again_after_a_minute(stage: Stage) -> None:
    channel, parcel = stage.open(), stage.parcel("Bonjour")
    prepared = stage.prepare(parcel, channel)
    stage.options.clock.sleep_until(stage.options.clock.now() + timedelta(seconds=90))
    again = channel.prepare(parcel, prepared, stage.media.__getitem__)
    assert again != prepared
    assert stage.sandbox.state()["requests"]["getArticle"] == 1


@pytest.mark.parametrize("endpoint", ["updateArticle", "deleteAttachment", "deleteArticle"])
def test_withdrawing_into_the_unknown_may_be_repeated(endpoint: str, stage: Stage) -> None:
    channel, parcel = stage.open(), illustrated(stage)
    prepared = stage.prepare(parcel, channel)
    outcome = accepted(send(channel, parcel, prepared, ()))
    for what in (What.SERVER_ERROR, What.HANG_UP, What.HTML, What.IGNORED):
        stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint)])
        assert isinstance(channel.withdraw(outcome.remote_id, prepared), Unknown)
    stage.sandbox.faults.set([])
    assert accepted(channel.withdraw(outcome.remote_id, prepared)).remote_id == outcome.remote_id
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_a_picture_that_cannot_be_deleted_is_found_again_though_none_is_on_record(
    stage: Stage,
) -> None:
    """After a restore: nobody sees the post from the first step on, and it is the last to go."""
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="deleteAttachment", nth=(2,))])
    assert isinstance(channel.withdraw(outcome.remote_id, Prepared()), AccountSuspended)
    assert stage.shown() == []
    assert len(stage.sandbox.store.uploads) == 1
    stage.sandbox.faults.set([])
    assert accepted(stage.open().withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_withdrawing_takes_the_pictures_that_are_not_on_record(stage: Stage) -> None:
    """As after a restore: else WordPress would list them publicly."""
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    assert stage.sandbox.store.uploads
    assert accepted(channel.withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_a_post_whose_pictures_cannot_be_read_is_not_deleted_yet(stage: Stage) -> None:
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="listAttachments")])
    assert isinstance(channel.withdraw(outcome.remote_id, Prepared()), Deferred)
    stage.sandbox.faults.set([])
    assert accepted(channel.withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}


def test_pictures_go_before_their_draft(stage: Stage) -> None:
    """WordPress lists those of a deleted post publicly."""
    channel, parcel = stage.open(), illustrated(stage)
    prepared = stage.prepare(parcel, channel).given_up()
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="deleteAttachment", nth=(2,))])
    with pytest.raises(NotPrepared) as told:
        channel.clear(parcel, prepared)
    left = told.value.prepared
    assert left
    assert (len(left.photos), left.leftovers) == (1, prepared.leftovers)
    assert channel.clear(parcel, left) == Prepared()
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_what_was_not_prepared_is_not_sent(stage: Stage) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    for prepared in (
        Prepared(),
        Prepared(draft_id="7"),
        stage.prepare(stage.parcel("Non"), channel),
    ):
        with pytest.raises(ValueError, match="prepared"):
            channel.ready(parcel, prepared, ())
    with pytest.raises(ValueError, match="once"):
        channel.ready(parcel, stage.prepare(parcel, channel), ("7",))
    assert stage.shown() == []


def test_building_a_request_and_judging_its_answer_ask_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    request = channel.ready(parcel, prepared, ())
    assert isinstance(request, Request)
    answer = client.shared().ask(request)
    monkeypatch.setattr(client, "shared", lambda: pytest.fail("somebody was asked"))
    judged = channel.judge(parcel, prepared, (), answer)
    assert isinstance(judged, Accepted)
    assert channel.judge(parcel, prepared, (), answer) == judged


def test_finding_and_verifying_only_read(
    stage: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    outcome = send(channel, parcel, prepared, ())
    exchanges.clear()
    accepted(channel.verify(prepared, outcome))
    refused = Refused(Kind.CONTENT, "No.")
    accepted(channel.verify(prepared, refused))
    accepted(channel.find(parcel, prepared, (), stage.options.clock.now()))
    channel.find(replaced(parcel), Prepared(), (), stage.options.clock.now())
    assert {request.method for request in exchanges} == {"GET"}


def replaced(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"is_forgotten": True})


def test_a_refusal_of_what_is_not_public_stays_one(stage: Stage) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    stage.sandbox.faults.set([Fault(what=What.BAD_REQUEST, endpoint="updateArticle")])
    assert isinstance(send(channel, parcel, prepared, ()), Refused)


def test_a_dead_server_only_defers(stage: Stage, closed_port: str) -> None:
    channel = stage.open(servers={"wordpress": closed_port})
    for outcome in (
        *stage.deliver(stage.parcel("Bonjour"), channel),
        channel.withdraw("12", Prepared()),
    ):
        assert isinstance(outcome, Deferred)
        assert "connection refused" in outcome.message
    found = channel.examine()
    assert (found.is_certain, "does not answer" in str(found.problem)) == (False, True)


def test_a_rate_limit_holds_the_account_for_as_long_as_it_lasts(stage: Stage) -> None:
    for endpoint in ("createArticle", "updateArticle", "uploadAttachment"):
        stage.sandbox.faults.set([Fault(what=What.RATE_LIMIT, endpoint=endpoint, seconds=600)])
        (outcome,) = stage.deliver(illustrated(stage))
        assert isinstance(outcome, AccountSuspended)
        assert (outcome.kind, outcome.until is not None) == (Kind.RATE_LIMIT, True)


@pytest.mark.parametrize("written", ["{}", "{}/", " {} ", "{}/wp-json", "{}/wp-json/"])
def test_an_address_may_be_written_in_several_ways(written: str, stage: Stage) -> None:
    known = stage.open().owner()
    stage.credentials["server"] = written.format(stage.credentials["server"])
    assert stage.open().owner() == known


@pytest.mark.parametrize(
    "written",
    ["http://example.org", "", "https://", "ftp://example.org", "https://[",
     "https://user:pass@example.org", "https://example.org?x=1", "https://example.org:0"],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused(written: str, stage: Stage) -> None:
    """Whoever reads along would have the password."""
    stage.credentials["server"] = written
    with pytest.raises(ConfigurationError) as refused:
        stage.open()
    assert "https://" in str(refused.value.hint)


def test_the_same_user_on_another_site_is_another_owner(stage: Stage) -> None:
    here = stage.open().owner()
    stage.credentials["server"] = "https://elsewhere.example/blog"
    there = stage.open().owner()
    assert here != there
    assert "elsewhere.example/blog" in repr(there)


def test_categories_are_sent_by_number_and_a_missing_one_holds_the_account(stage: Stage) -> None:
    for told, problem in (
        ("actualités", None),
        ("News & events, 3", None),
        ("NOTICIAS,Aktualności", None),
        ("Nouvelles", "no category Nouvelles"),
        ("99", "no category 99"),
    ):
        stage.account = stage.account.model_copy(update={"options": {"categories": told}})
        health = stage.open().examine()
        assert health.problem is None
        found = " ".join(health.remarks)
        assert bool(found) is bool(problem)
        (outcome,) = stage.deliver(stage.parcel(f"Pour {told}", post=told))
        assert isinstance(outcome, AccountSuspended if problem else Accepted)
        assert (problem or "") in found


def test_settings_take_categories_for_wordpress_alone() -> None:
    entry = SETTINGS.accounts["bice-wp"].model_copy(update={"categories": "News, 12"})
    assert entry.account("bice-wp").options == {"categories": "News, 12"}
    for wrong in ("", " ", "News,", ",", "News,,12"):
        with pytest.raises(ValueError, match="categories"):
            SETTINGS.model_validate(
                {
                    "workspace": "/nowhere",
                    "accounts": {"a": {"channel": "wordpress", "categories": wrong}},
                }
            )


@pytest.mark.parametrize(
    "what", [None, What.HANG_UP, What.CUT, What.HTML, What.UNAUTHORISED, What.BAD_REQUEST, What.REDIRECT]
)  # fmt: skip
def test_no_secret_comes_out(
    what: What | None, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel, parcel = stage.open(request_timeout=timedelta(seconds=0.3)), illustrated(stage)
    outcomes: list[object] = [*stage.deliver(parcel, channel)]
    if what:
        stage.sandbox.faults.set([Fault(what=what)])
        outcomes += stage.deliver(parcel, channel)
    outcomes += [channel.withdraw("12", Prepared()), channel.examine(), channel.owner()]
    said = repr(outcomes) + repr(channel) + caplog.text
    password = stage.credentials["application_password"]
    assert password not in said
    assert password.replace(" ", "") not in said


def test_a_draft_whose_id_got_lost_goes_out_once(site_desk: SiteDesk) -> None:
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    assert site_desk.there == [(TEXT, False)]
    site_desk.mend()
    site_desk.work()
    assert site_desk.there == [(TEXT, True)]
    assert site_desk.state() is State.PUBLISHED
    assert "left unpublished on the website" in site_desk.told()


def test_a_draft_is_on_record_on_an_account_that_publishes_early_too(
    site_desk: SiteDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WordPress makes drafts all the same, so a lost one must be found."""
    monkeypatch.setattr(site_desk.attempts, "publishes_early", lambda _account: True)
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    assert site_desk.delivery.prepared.begun
    assert not site_desk.delivery.prepared.at_once
    site_desk.mend()
    site_desk.work()
    assert site_desk.there == [(TEXT, True)]


def test_a_cancelled_posts_draft_does_not_stay_on_the_site(
    site_desk: SiteDesk, control: Control, clear: Callable[[], None]
) -> None:
    """Not even one whose id nobody knows."""
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    site_desk.stage.sandbox.faults.set([])
    control.cancel("post.fr", None, "manager", "trop tard")
    clear()
    assert site_desk.there == []
    assert (site_desk.state(), site_desk.delivery.prepared) == (State.CANCELLED, Prepared())


# Languages, tags, videos and documents.


def entry_of(stage: Stage) -> StoredArticle:
    (entry,) = stage.sandbox.store.entries
    assert isinstance(entry, StoredArticle)
    return entry


@pytest.mark.parametrize(
    ("lang", "told", "side"),
    [
        ("fr", "", "fr"),
        ("fr", "es", "es"),
        ("es-PE", "", "es"),
        ("pl", "es", "pl"),  # what publisher.toml says is for the account's own language
        (None, "", "en"),
    ],
)
def test_a_post_stands_on_the_side_of_its_language(
    lang: str | None, told: str, side: str, stage: Stage
) -> None:
    options = {"site_language": told} if told else {}
    stage.account = stage.account.model_copy(update={"options": options})
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    content = parcel.content.model_copy(update={"lang": lang})
    (outcome,) = stage.deliver(parcel.model_copy(update={"content": content}))
    assert isinstance(outcome, Accepted)
    assert entry_of(stage).side == side


def test_a_post_on_another_side_is_not_published(stage: Stage) -> None:
    stage.sandbox.faults.set([Fault(what=WordPressFault.OTHER_LANGUAGE)])
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Refused)
    assert "(en)" in outcome.message
    assert stage.shown() == []


def test_a_language_that_the_site_lacks_is_refused_before_anything_is_made(stage: Stage) -> None:
    """The plugin itself would put the post on the side of its first language."""
    parcel = stage.parcel("Guten Tag")
    content = parcel.content.model_copy(update={"lang": "de"})
    (outcome,) = stage.deliver(parcel.model_copy(update={"content": content}))
    assert isinstance(outcome, Refused)
    assert "en, fr, es, pl" in outcome.message
    assert stage.sandbox.store.entries == []


@pytest.mark.parametrize("what", [What.NOT_JSON, What.SERVER_ERROR])
def test_while_a_site_cannot_be_asked_for_its_languages_nothing_is_made(
    what: What, stage: Stage
) -> None:
    """The post might stand on the wrong side."""
    stage.sandbox.faults.set([Fault(what=what, endpoint="listLanguages")])
    assert isinstance(stage.deliver(stage.parcel("Bonjour"))[0], Deferred)
    assert stage.sandbox.store.entries == []


def test_a_site_that_does_not_list_its_languages_gets_posts_all_the_same(stage: Stage) -> None:
    stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="listLanguages")])
    assert isinstance(stage.deliver(stage.parcel("Bonjour"))[0], Accepted)
    assert entry_of(stage).side == "fr"


def test_doctor_names_a_language_that_the_site_lacks(stage: Stage) -> None:
    assert stage.open().examine().remarks == ()
    stage.account = stage.account.model_copy(update={"language": "de"})
    (remark,) = stage.open().examine().remarks
    assert "no language de" in remark
    assert "en, fr, es, pl" in remark
    stage.account = stage.account.model_copy(update={"options": {"site_language": "pl"}})
    assert stage.open().examine().remarks == ()
    stage.account = stage.account.model_copy(update={"language": None, "options": {}})
    assert "`language`" in stage.open().examine().remarks[0]


def test_hashtags_that_the_site_knows_become_its_tags(stage: Stage) -> None:
    """However the site writes them; the others stay words of the text."""
    parcel = stage.parcel(
        "Pour les #DroitsDesEnfants et l’#education, à #Genève. #DroitsDesEnfants"
    )
    (outcome,) = stage.deliver(parcel)
    assert isinstance(outcome, Accepted)
    assert entry_of(stage).tags == (101, 102)
    assert "listTags" in stage.sandbox.state()["requests"]


def test_a_text_without_hashtags_asks_for_no_tags(stage: Stage) -> None:
    stage.deliver(stage.parcel("Bonjour, voir https://www.example.org/a#b"))
    assert "listTags" not in stage.sandbox.state()["requests"]


def test_a_video_a_gif_and_a_document_follow_the_text(stage: Stage) -> None:
    """The first still picture alone is featured, for a theme scales that one."""
    files = (
        stage.gif("Une horloge"),
        stage.picture("Une carte"),
        stage.video("La salle se remplit"),
        stage.document("Le rapport annuel"),
    )
    parcel = stage.parcel("Bonjour", pictures=files, title="Rapport 2016")
    (outcome,) = stage.deliver(parcel)
    assert isinstance(outcome, Accepted)
    entry = entry_of(stage)
    kinds = [upload.media_type for upload in entry.media]
    assert kinds == ["image/png", "image/gif", "video/mp4", "application/pdf"]
    assert entry.media[0].id == entry.featured
    assert [upload.title for upload in entry.media] == ["", "", "", "Rapport 2016"]
    assert violations(stage) == []
    assert accepted(stage.open().withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}


def test_the_settings_of_a_block_do_not_end_its_comment() -> None:
    picture = Picture(
        digest="0" * 64, media_type="application/pdf", width=1, height=1, alt="a", name="a", pages=1
    )
    content = Content(parts=(Part(text="Bonjour", pictures=(picture,)),))
    figure = Figure("https://example.org/a--b.pdf?x=1&y=2", 1, 1, picture, "7")
    (comment, *_rest) = [
        line for line in Article.of(content, [figure]).content.split("\n") if "wp:file" in line
    ]
    assert "\\u002d\\u002d" in comment
    assert "&" not in comment
