"""Committing: one request makes all parts of a thread, with keys that are ours."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Outcome,
    Refused,
    Sighting,
    Unknown,
)
from tests.support.simulation.channels import Simulated
from tests.support.simulation.platform import Posting, PublicPost
from tests.support.simulation.world import START


class Committing(Simulated):
    """A key is chosen before and kept, also after an edit; what is there has that key."""

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        if prepared.holds(parcel.content):
            return prepared
        if key := next(iter(_keys(prepared)), None):
            seen = self._look_at(key, _texts(parcel))
            if isinstance(seen, Accepted):
                raise NotPrepared(seen, _public_as(key, parcel, prepared))
            if not isinstance(seen, Absent):
                raise NotPrepared(seen)
        return Prepared(
            draft_id=key or str(next(self._platform.own_keys)),
            digest=parcel.content.digest,
            media_ids=self._uploaded(parcel, prepared),
            records=tuple({"text": text} for text in _texts(parcel)),
        )

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Any:
        assert prepared.holds(parcel.content), "it was prepared"
        assert not sent, "all of it is out, or nothing is"
        texts = [record["text"] for record in prepared.records]
        keys = keys_of(str(prepared.draft_id), len(texts))

        def commit(lag: float) -> Outcome:
            if any(self._is_there(key) for key in keys):
                return Unknown("A record with this key exists.")
            above = parcel.above(())
            self._make(keys, texts, above[-1] if above else None, lag)
            return Accepted(keys[0], following=keys[1:])

        return Posting(parcel, texts[0], commit, self._profile.lacks)

    def _is_there(self, key: str) -> bool:
        post = self._platform.posts.get(key)
        return post is not None and not post.is_deleted

    def _make(
        self, keys: Sequence[str], texts: Sequence[str], parent: str | None, lag: float
    ) -> None:
        """Make posts public, each as the answer to the one before."""
        now = self._platform.world.elapsed
        for key, text in zip(keys, texts, strict=True):
            shown_at = now + self._profile.shown_after + lag
            post = PublicPost(key, self._account, text, parent, now, shown_at)
            self._platform.posts[key] = post
            parent = key

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Any
    ) -> Outcome | Unverified:
        outcome: Outcome = answer
        return Unverified(outcome) if isinstance(outcome, Unknown | Refused) else outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Accepted):
            return outcome
        texts = [record["text"] for record in prepared.records]
        seen = self._look_at(str(prepared.draft_id), texts)
        if isinstance(seen, Accepted | Unknown):
            return seen
        if isinstance(outcome, Refused) and isinstance(seen, Deferred | AccountSuspended):
            return Unknown(seen.message)
        is_known = not isinstance(outcome, Unknown)
        return seen if isinstance(seen, AccountSuspended) and is_known else outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        wanted = _texts(parcel)[len(sent) :]
        key = next(iter(_keys(prepared)), None)
        seen: Sighting = Absent(may_come=False)
        if key:
            seen = self._look_at(keys_of(key, len(sent) + 1)[-1], wanted)
        if parcel.is_forgotten and isinstance(seen, Absent):
            above = parcel.above(sent)
            parent = above[-1] if above else None
            return self._platform.look(
                "posts", lambda at: self._listed(wanted[0], parent, taken, at)
            )
        return seen

    def _look_at(self, first: str, texts: Sequence[str]) -> Sighting:
        """What is public with the keys from `first` on: exactly these texts, or nothing."""
        keys = keys_of(first, len(texts) + 1)

        def see(at: float) -> Sighting:
            said = []
            for key in keys:
                post = self._platform.posts.get(key)
                if post is None or post.is_deleted or post.shown_at > at:
                    break
                said.append(post.text)
            if not said:
                return Absent(may_come=False)
            if said != list(texts):
                return Unknown(f"It is public with an earlier text, as {first}.")
            return Accepted(first, following=keys[1:-1])

        return self._platform.look(f"key {first}", see)

    def _listed(self, text: str, parent: str | None, taken: Collection[str], at: float) -> Sighting:
        for post in self._platform.public:
            is_it = (post.account, post.text, post.parent) == (self._account, text, parent)
            if is_it and post.id not in taken and post.shown_at <= at:
                return Accepted(post.id)
        return Absent()

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        for key in _keys(prepared):
            seen = self._look_at(key, _texts(parcel))
            if isinstance(seen, Accepted):
                public_at = self._platform.posts[key].public_at or 0.0
                early = replace(seen, public_since=START + timedelta(seconds=public_at))
                raise NotPrepared(early, _public_as(key, parcel, prepared))
            if isinstance(seen, Unknown):
                rest = [other for other in _keys(prepared) if other != key]
                raise NotPrepared(seen, Prepared(leftovers=tuple(rest)))
            if not isinstance(seen, Absent):
                raise NotPrepared(seen)
        return Prepared()


def _texts(parcel: Parcel) -> list[str]:
    return [part.text for part in parcel.content.parts]


def _keys(prepared: Prepared) -> list[str]:
    found = (prepared.draft_id or "", *prepared.leftovers)
    return [key for key in dict.fromkeys(found) if key]


def keys_of(first: str, number: int) -> tuple[str, ...]:
    """The keys of a thread's parts."""
    return tuple(str(int(first) + part) for part in range(number))


def _public_as(key: str, parcel: Parcel, prepared: Prepared) -> Prepared:
    update = {"leftovers": (), "begun": (), "draft_id": key, "digest": parcel.content.digest}
    return prepared.model_copy(update=update)
