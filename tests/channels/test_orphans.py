"""What lost answers leave on a Page: found, used or deleted, and never anybody else's."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from publisher.channels.base import NotPrepared
from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.transitions import Conflict
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.outcomes import Deferred
from publisher.model.states import State
from publisher.platforms.facebook.orphans import NEWEST, SKEW
from publisher.platforms.facebook.stand_in.api import HANDLERS
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredMedia, StoredPost
from tests.channels.conftest import LOST
from tests.channels.desk import TEXT, Desk
from tests.channels.test_requests import APIS, fields_of, needs_apis, path_of
from tests.support.delivering import OneByOne

pytestmark = pytest.mark.guards("publisher.platforms.*.orphans")


class Died(BaseException):
    """The worker's process ends here."""


def test_a_first_attempt_looks_for_nothing(desk: Desk) -> None:
    desk.queue()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.requests("getFeed") == 0


@pytest.mark.parametrize("what", LOST)
def test_a_post_whose_id_got_lost_is_used(what: What, desk: Desk) -> None:
    """Exactly one unpublished post afterwards, published once."""
    desk.queue()
    desk.lose(what)
    desk.work()
    assert desk.state() is State.SCHEDULED
    assert desk.there == [(TEXT, False)]
    desk.mend()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, True)]
    (post,) = desk.stage.sandbox.state()["posts"]
    assert desk.delivery.remote_ids == (post["id"],)
    assert post["id"] in desk.told()
    assert desk.requests("createFeedPost") == 1


class Dying:
    """A ledger's side whose worker dies before it writes down what it prepared."""

    def __init__(self, attempts: OneByOne) -> None:
        self._attempts = attempts

    def checkpoint(self, delivery: Delivery, prepared: Prepared, lease_until: Any) -> Delivery:
        if prepared.draft_id:
            raise Died
        return self._attempts.checkpoint(delivery, prepared, lease_until)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._attempts, name)


def test_a_post_whose_worker_died_is_used(desk: Desk) -> None:
    desk.queue()
    dying: Any = Dying(desk.attempts)
    with pytest.raises(Died):
        desk.work(dying)
    assert desk.there == [(TEXT, False)]
    desk.clock.advance(300)
    desk.dispatch.reap()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, True)]


def test_a_post_with_a_link_is_used(desk: Desk) -> None:
    content = Content(parts=(Part(text=TEXT),), link="https://example.org/a?b=1")
    desk.queue(content=content)
    desk.lose()
    desk.work()
    desk.mend()
    desk.work()
    assert desk.there == [(TEXT, True)]
    assert desk.requests("createFeedPost") == 1


def test_a_post_with_pictures_is_deleted_and_made_anew(desk: Desk) -> None:
    """Which pictures a post shows cannot be told for certain."""
    picture = desk.stage.picture("Une carte")
    content = Content(parts=(Part(text=TEXT, pictures=(picture,)),))
    stored = StoredPicture(picture.digest, picture.media_type, desk.stage.media[picture.digest])
    desk.ledger.apply(
        add=[desk.wish(content=content)],
        edit=(),
        cancel=(),
        pictures={picture.digest: stored},
        actor="redaction",
    )
    desk.lose()
    desk.work()
    desk.mend()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, True)]
    assert desk.requests("createFeedPost") == 2


def test_a_post_with_an_older_text_is_deleted(desk: Desk) -> None:
    wanted = desk.queue()
    desk.lose()
    desk.work()
    content = Content(parts=(Part(text="Bonsoir"),))
    desk.ledger.apply(
        add=(),
        edit=[(desk.delivery, wanted.model_copy(update={"content": content}))],
        cancel=(),
        pictures={},
        actor="redaction",
    )
    desk.mend()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [("Bonsoir", True)]


def test_of_several_one_is_used_and_the_others_are_deleted(desk: Desk) -> None:
    desk.queue()
    desk.lose()
    desk.work()
    lost = {"what": What.HANG_UP, "commit": True}
    desk.mend()
    desk.stage.sandbox.faults.set(
        [
            Fault(endpoint="createFeedPost", **lost),
            Fault(what=What.SERVER_ERROR, endpoint="getFeed"),
        ]
    )
    desk.work()
    assert desk.there == [(TEXT, False), (TEXT, False)]
    desk.mend(8)
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, True)]


def test_a_page_that_cannot_be_read_does_not_keep_the_post_back(desk: Desk) -> None:
    desk.queue()
    desk.lose()
    desk.work()
    desk.mend()
    desk.lose(What.SERVER_ERROR, "getFeed")
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, False), (TEXT, True)]
    assert "could not read the Page" in desk.told()


def test_what_cannot_be_deleted_does_not_keep_the_post_back(desk: Desk) -> None:
    desk.queue()
    for _ in range(2):
        desk.lie()
    desk.lose()
    desk.work()
    desk.mend()
    desk.lose(What.SERVER_ERROR, "deletePost")
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, True)]


def by_hand(desk: Desk) -> StoredPost:
    """A person's draft has no application."""
    return desk.lie(app=None)


def by_another_app(desk: Desk) -> StoredPost:
    return desk.lie(app="4711")


def scheduled(desk: Desk) -> StoredPost:
    return desk.lie(scheduled_for=desk.clock.now() + timedelta(days=1))


def from_before(desk: Desk) -> StoredPost:
    return desk.lie(created_at=desk.clock.now() - SKEW - timedelta(seconds=2))


def from_after(desk: Desk) -> StoredPost:
    return desk.lie(created_at=desk.clock.now() + timedelta(hours=1))


def with_a_link(desk: Desk) -> StoredPost:
    return desk.lie(link="https://example.org/a")


def with_a_picture(desk: Desk) -> StoredPost:
    store, now = desk.stage.sandbox.store, desk.clock.now()
    photo = StoredMedia(store.new_id(), desk.stage.account.name, "image", now, "image/png")
    return desk.lie(media=[photo])


def with_other_spacing(desk: Desk) -> StoredPost:
    return desk.lie("Bonjour  à tous")


@pytest.mark.parametrize(
    "other",
    [
        by_hand,
        by_another_app,
        scheduled,
        from_before,
        from_after,
        with_a_link,
        with_a_picture,
        with_other_spacing,
    ],
)
@pytest.mark.parametrize("carried_out", [True, False])
def test_nobody_elses_post_is_touched(
    other: Callable[[Desk], StoredPost], carried_out: bool, desk: Desk
) -> None:
    """Whether our own is there as well or not."""
    desk.queue()
    entry = other(desk)
    desk.stage.sandbox.faults.set(
        [Fault(what=What.HANG_UP, endpoint="createFeedPost", commit=carried_out)]
    )
    desk.work()
    desk.mend()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(entry.text, False), (TEXT, True)]
    assert not entry.published
    assert desk.delivery.remote_ids != (entry.id,)


@pytest.mark.parametrize("other", [by_hand, by_another_app, from_before, with_a_link])
def test_what_is_left_alone_is_told(other: Callable[[Desk], StoredPost], desk: Desk) -> None:
    desk.queue()
    entry = other(desk)
    desk.lose()
    desk.work()
    desk.mend()
    desk.work()
    assert f"{entry.id}. Nothing proves" in desk.told()


@pytest.mark.parametrize("what", [What.BAD_REQUEST, What.SERVER_ERROR, What.NOT_JSON])
def test_without_the_apps_own_id_everything_is_left_alone(what: What, desk: Desk) -> None:
    """Also what no app made."""
    desk.queue()
    by_hand(desk)
    desk.lose()
    desk.work()
    desk.mend()
    desk.lose(what, "debugToken")
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, False), (TEXT, False), (TEXT, True)]
    assert "left it alone" in desk.told()


def test_a_post_of_a_delivery_with_the_same_words_is_left_alone(desk: Desk) -> None:
    """While it is not over, any of them may be its."""
    desk.queue(post="other.fr", repeat=True, due_in=600)
    desk.queue(post="post.fr", repeat=True)
    desk.lose()
    desk.work()
    desk.mend()
    desk.work()
    assert desk.there == [(TEXT, False), (TEXT, True)]
    assert "Another delivery has the same words" in desk.told()
    desk.clock.advance(600)
    desk.work()
    states = {delivery.state for delivery in desk.queries.deliveries()}
    assert states == {State.PUBLISHED}
    ids = {delivery.remote_ids for delivery in desk.queries.deliveries()}
    assert len(ids) == 2


def test_a_post_that_another_delivery_knows_is_left_alone(desk: Desk) -> None:
    """Although that one is over."""
    desk.queue(post="over.fr", repeat=True)
    (claim,) = desk.dispatch.claim(desk.clock.ahead(2), desk.clock.ahead(17), 10)
    delivery = desk.attempts.take(claim)
    assert delivery
    entry = desk.lie()
    known = Prepared(draft_id=entry.id, digest=delivery.content.digest)
    delivery = desk.attempts.checkpoint(delivery, known, desk.clock.ahead(17))
    desk.ledger.apply(
        add=(), edit=(), cancel=[(delivery, "no more")], pictures={}, actor="redaction"
    )
    desk.queue(post="post.fr", repeat=True)
    desk.lose()
    desk.work()
    desk.mend()
    desk.work()
    assert not entry.published
    assert not entry.deleted
    assert desk.there.count((TEXT, True)) == 1
    assert entry.id in desk.told()


def test_nothing_is_deleted_before_it_is_on_record(desk: Desk) -> None:
    """A worker that is not in charge any more must not delete what another one uses."""

    class Late(Dying):
        def checkpoint(self, delivery: Delivery, prepared: Prepared, lease: Any) -> Delivery:
            if prepared.leftovers:
                raise Conflict
            return self._attempts.checkpoint(delivery, prepared, lease)

    desk.queue()
    for _ in range(2):
        desk.lie()
    desk.lose()
    desk.work()
    desk.mend()
    late: Any = Late(desk.attempts)
    desk.work(late)
    assert desk.requests("deletePost") == 0
    assert desk.there == [(TEXT, False)] * 3


def test_words_that_were_changed_by_hand_are_not_published(desk: Desk) -> None:
    """Nor deleted: somebody worked on them."""
    desk.queue()
    desk.lose()
    desk.work()
    (entry,) = desk.stage.sandbox.store.entries
    desk.stage.sandbox.store.change_text(entry, "Bonjour à toutes")
    desk.mend()
    desk.work()
    assert desk.there == [("Bonjour à toutes", False), (TEXT, True)]


def test_a_dead_server_only_defers(desk: Desk, closed_port: str) -> None:
    parcel = desk.stage.parcel(TEXT)
    known = Prepared().begin(parcel.content, desk.clock.now())
    channel = desk.stage.open(servers={"facebook": closed_port})
    with pytest.raises(NotPrepared) as problem:
        channel.prepare(parcel, known, desk.stage.media.__getitem__)
    assert isinstance(problem.value.outcome, Deferred)
    assert "Nothing was sent" in problem.value.outcome.message


@pytest.mark.parametrize(
    "body",
    ["[]", '{"data": 5}', '{"data": [5, {}, {"id": "1_2", "message": 5}]}', "null", '{"data": []}'],
)
def test_a_list_that_makes_no_sense_finds_nothing(
    body: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue()
    desk.lose()
    desk.work()
    desk.mend()

    async def strange(*_: object) -> Any:
        return json.loads(body)

    monkeypatch.setitem(HANDLERS, "getFeed", strange)
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == [(TEXT, False), (TEXT, True)]


@needs_apis
def test_looking_fits_metas_specs(desk: Desk, exchanges: list[requests.PreparedRequest]) -> None:
    desk.queue()
    desk.lose()
    desk.work()
    desk.mend()
    exchanges.clear()
    desk.work()
    feed, token = (request for request in exchanges if request.method == "GET")
    assert path_of(feed) == "/v25.0/1002/feed"
    (reading,) = [
        api
        for api in json.loads((APIS / "meta-page.json").read_text())["apis"]
        if api.get("endpoint") == "feed" and api["method"] == "GET"
    ]
    known = {parameter["name"] for parameter in reading["params"]}
    asked = fields_of(feed)
    assert set(asked) - {"access_token", "appsecret_proof", "fields"} <= known
    assert int(asked["limit"]) == NEWEST <= 100
    spec = json.loads((APIS / "meta-page-post.json").read_text())
    of_a_post = {field["name"] for field in spec["fields"]} | {
        str(api["endpoint"]) for api in spec["apis"] if api["method"] == "GET" and "endpoint" in api
    }
    assert set(outermost(asked["fields"])) <= of_a_post
    assert path_of(token) == "/v25.0/debug_token"
    assert urlsplit(str(token.url)).scheme == "https"


def outermost(fields: str) -> list[str]:
    names, depth = [""], 0
    for sign in fields:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and not depth:
            names.append("")
        elif not depth and sign != "}":
            names[-1] += sign
    return names
