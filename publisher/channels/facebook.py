"""Facebook Pages through facebook-sdk.

A post is made unpublished ahead of its time, and its id written down; at the instant it is made
public, which may be repeated without harm. Sources: Meta's own specs of Page, PagePost and Photo.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from publisher.channels import capabilities, health
from publisher.channels.base import Depart, MediaReader, NotPrepared, at_once
from publisher.channels.graph import PageGraph
from publisher.channels.health import Health
from publisher.channels.leftovers import UNREAD, Leftovers
from publisher.clock import Clock
from publisher.language import _
from publisher.meaning import meaning
from publisher.models import Capabilities, Owner, Parcel, Prepared
from publisher.outcome import (
    Absent,
    Accepted,
    AccountHeld,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Reading,
    Sighting,
    Step,
    Unknown,
)
from publisher.truetime import Heard

_REQUESTS_AT_MOST = 15
"""Of which laying one post ready consists: ten pictures, the post, and what is in its way."""


class Facebook:
    """One Page on Facebook."""

    capabilities: ClassVar[Capabilities] = capabilities.FACEBOOK

    def __init__(
        self,
        page_id: str,
        credentials: Mapping[str, str],
        *,
        graph_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard = lambda _told, _took: None,
    ) -> None:
        self._clock = clock
        self._page_id = page_id
        self._page = PageGraph(
            page_id, credentials, graph_url=graph_url, timeout=timeout, clock=clock, heard=heard
        )
        self._leftovers = Leftovers(self._page, timeout * _REQUESTS_AT_MOST * clock.speed)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Make the post, unpublished, with its pictures; see `Channel.prepare`.

        What earlier attempts left on the Page is found first, and deleted once that is on record:
        until then another worker may take it for the post.
        """
        if prepared.leftovers:
            for post_id in prepared.leftovers:
                if post_id != prepared.draft_id:
                    self._discard(post_id)
            return prepared.model_copy(update={"leftovers": ()})
        if prepared.holds(parcel.content):
            return prepared
        if prepared.draft_id:
            self._discard(prepared.draft_id)
        prepared = Prepared(begun=prepared.begun, note=prepared.note)
        if prepared.begun:
            prepared = self._leftovers.resolve(parcel.content, prepared)
            if prepared.leftovers:
                return prepared
        media_ids = {
            picture.digest: _laid_ready(self._page.upload(picture, read_media(picture.digest)))
            for part in parcel.content.parts
            for picture in part.pictures
        }
        return Prepared(
            media_ids=media_ids,
            draft_id=_laid_ready(self._page.create(parcel.content, list(media_ids.values()))),
            digest=parcel.content.digest,
            prepared_at=self._clock.now(),
            note=prepared.note,
        )

    def send(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        depart: Depart = at_once,
    ) -> Outcome:
        """Make the prepared post public; see `Channel.send`.

        ValueError if this very content was not prepared: a new post must not be made here, because
        a doubt about it could not be settled.
        """
        if sent or not prepared.holds(parcel.content):
            raise ValueError("Facebook can only send, once, what it has prepared.")
        draft_id = str(prepared.draft_id)
        answer = self._page.reveal(draft_id, depart)
        return _named(meaning("facebook", answer, Step.REVEAL), draft_id)

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,  # noqa: ARG002  the post has an id, so its date tells nothing
        taken: Collection[str] = (),  # noqa: ARG002  and nobody else has that id
    ) -> Sighting:
        """Ask whether the prepared post is public; see `Channel.find`."""
        for post_id in prepared.leftovers:
            if post_id != prepared.draft_id and isinstance(self._look_at(post_id), Accepted):
                return _out_with_another_text(post_id)
        if sent or not prepared.draft_id:
            return Absent(
                may_come=False
            )  # only a post whose id was written down is ever made public
        seen = self._look_at(prepared.draft_id)
        if isinstance(seen, Accepted) and not prepared.holds(parcel.content):
            return _out_with_another_text(seen.remote_id)
        return seen

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Find what was left unpublished, then delete it; see `Channel.clear`."""
        if prepared.begun:
            found = self._leftovers.find(parcel.content, prepared)
            if found is None:
                raise NotPrepared(Deferred(Kind.UNAVAILABLE, _(UNREAD)))
            both = dict.fromkeys((*prepared.leftovers, *found.leftovers))
            return found.given_up().model_copy(
                update={"leftovers": tuple(both), "failures": prepared.failures}
            )
        for index, post_id in enumerate(prepared.leftovers):
            self._take_away(
                post_id,
                prepared.model_copy(update={"leftovers": prepared.leftovers[index:]}),
                prepared.model_copy(update={"leftovers": prepared.leftovers[index + 1 :]}),
            )
        return Prepared()

    def _take_away(self, post_id: str, still: Prepared, after: Prepared) -> None:
        """Delete an unpublished post; `NotPrepared` unless it is gone then.

        `still`: what is left as long as it is there; `after`: without it.
        """
        seen = self._look_at(post_id)
        if isinstance(seen, Accepted):
            raise NotPrepared(_public_after_all(post_id), after)
        if isinstance(seen, Unknown):
            return  # it is gone
        outcome: Outcome | Absent = seen
        if isinstance(seen, Absent):
            outcome = meaning("facebook", self._page.delete(post_id), Step.WITHDRAW)
        if isinstance(outcome, Unknown):  # nobody sees it, so it may be deleted again
            outcome = Deferred(Kind.UNAVAILABLE, outcome.message)
        if not isinstance(outcome, Accepted | Absent):
            raise NotPrepared(outcome, still)

    def withdraw(self, remote_id: str) -> Outcome:
        return _named(meaning("facebook", self._page.delete(remote_id), Step.WITHDRAW), remote_id)

    @property
    def owner_id(self) -> str:
        return ""  # a Page's token tells nothing

    def owner(self) -> Owner | AccountHeld | Deferred:
        return health.owner_of_page(self._page.me())

    def examine(self) -> Health:
        found = health.of_page(self._page.debug_token(), self._page_id)
        if found.problem:
            return found
        owner = self.owner()
        if not isinstance(owner, Owner):
            return found
        return replace(found, owner=owner, problem=health.flaw_of_owner(owner.id, self._page_id))

    def close(self) -> None:
        self._page.close()

    def _look_at(self, post_id: str) -> Reading | Absent:
        """`Accepted` when the post is public, `Absent` when it is unpublished."""
        answer = self._page.get(post_id, fields="id,is_published")
        outcome = meaning("facebook", answer, Step.READ)
        if not isinstance(outcome, Accepted):
            return outcome
        is_public = json.loads(answer.body)["is_published"]
        if not is_public:
            return Absent(limits=outcome.limits)
        return replace(outcome, remote_id=post_id, url=_address(post_id))

    def _discard(self, draft_id: str) -> None:
        """Delete a post that was prepared with another text, so that it does not stay behind.

        Whether that succeeds is of no importance: nobody sees it. Raises `NotPrepared` when it is
        public after all, or nobody can tell: the new one would be a double.
        """
        seen = self._look_at(draft_id)
        if isinstance(seen, Accepted):
            raise NotPrepared(_out_with_another_text(draft_id))
        if isinstance(seen, Absent):
            self._page.delete(draft_id)
        elif not isinstance(seen, Unknown):  # that is: it is gone
            raise NotPrepared(seen)


def _laid_ready(answer: Answer) -> str:
    outcome = meaning("facebook", answer, Step.LAY_READY)
    if not isinstance(outcome, Accepted):
        raise NotPrepared(outcome)
    return outcome.remote_id


def _named(outcome: Outcome, post_id: str) -> Outcome:
    if isinstance(outcome, Accepted):
        return replace(outcome, remote_id=post_id, url=_address(post_id))
    return outcome


def _address(post_id: str) -> str:
    return f"https://www.facebook.com/{post_id}"


def _public_after_all(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the Page, as {post_id}, although it was never known to be. It "
            "was left alone. Look at the Page, and delete it there if it must not be out.",
            post_id=post_id,
        )
    )


def _out_with_another_text(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the Page with an earlier text, as {post_id}. "
            "Look at the Page; then say with `publisher resolve` that it is out, "
            "or delete it there.",
            post_id=post_id,
        )
    )
