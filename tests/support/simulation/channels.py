"""Simulated channels: what they all have, and the one whose request makes the post."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.channels.health import Health
from publisher.channels.timelines import LOOK_BACK
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Deferred, Kind, Outcome, Sighting, Unknown
from publisher.platforms.mastodon.channel import _key
from publisher.platforms.twitter import timeline
from tests.support.simulation.editing import Editing
from tests.support.simulation.plan import Moment
from tests.support.simulation.platform import Platform, Posting, PublicPost
from tests.support.simulation.profiles import Profile
from tests.support.simulation.world import START


class Simulated:
    """What all simulated channels have."""

    def __init__(self, platform: Platform, account: str, profile: Profile) -> None:
        self._platform = platform
        self._account = account
        self._profile = profile

    @property
    def capabilities(self) -> Capabilities:
        return self._profile.capabilities

    @property
    def _editing(self) -> Editing:
        return Editing(self._platform)

    def _laid(self, label: str, effect: Callable[[float], str]) -> Outcome:
        """What comes of a request whose effect nobody sees: where it is unknown, it is repeated."""
        outcome = self._platform.ask(Moment.PREPARATION, label, effect, lacks=self._profile.lacks)
        if isinstance(outcome, Unknown):
            return Deferred(Kind.UNAVAILABLE, outcome.message)
        return outcome

    def _uploaded(self, parcel: Parcel, prepared: Prepared) -> dict[str, str]:
        """The ids of the content's pictures, of which those that are not there yet are uploaded."""
        ids = dict(prepared.media_ids)
        for part in parcel.content.parts:
            for digest in {picture.digest for picture in part.pictures} - ids.keys():
                outcome = self._laid(part.text, lambda _lag: "media")
                if not isinstance(outcome, Accepted):
                    raise NotPrepared(outcome, prepared.model_copy(update={"media_ids": ids}))
                ids[digest] = outcome.remote_id
        return ids

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Any
    ) -> Outcome | Unverified:
        outcome: Outcome = answer
        return self._editing.judge(parcel, outcome) if parcel.content.edits else outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        raise NotImplementedError

    def withdraw(self, remote_id: str, prepared: Prepared | None = None) -> Outcome:
        return self._platform.delete(remote_id)

    @property
    def owner_id(self) -> None:
        return None

    def owner(self) -> Owner:
        raise NotImplementedError

    def examine(self) -> Health:
        raise NotImplementedError


class Creating(Simulated):
    """Each request makes a new post, unless the platform remembers its key."""

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        return prepared.model_copy(update={"media_ids": self._uploaded(parcel, prepared)})

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        return Prepared()

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Any:
        if parcel.content.edits:
            return self._editing.request(parcel, self._profile.lacks)
        part, above = parcel.content.parts[len(sent)], parcel.above(sent)
        platform, world, profile = self._platform, self._platform.world, self._profile
        key = self._key(parcel, sent)

        def publish(lag: float) -> str:
            known = platform.keys.get(key)
            if known and world.elapsed < known.made_at + profile.remembers:
                return known.id
            now = world.elapsed
            post = PublicPost(
                str(next(platform.ids)), self._account, part.text, above[-1] if above else None,
                now, now + profile.shown_after + lag, made_at=now, pictures=len(part.pictures),
            )  # fmt: skip
            platform.posts[post.id] = platform.keys[key] = post
            return post.id

        return Posting(parcel, part.text, publish, profile.lacks)

    @staticmethod
    def _key(parcel: Parcel, sent: tuple[str, ...]) -> str:
        """What tells a repeated request from another one, where a platform looks at it."""
        return _key(parcel, sent)

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        if parcel.content.edits:
            return self._editing.find(parcel)
        part = parcel.content.parts[len(sent)]

        def see(at: float) -> Sighting:
            posts = [
                timeline.TimelinePost(post.id, post.text, created_at, post.parent, post.pictures)
                for post in self._platform.public
                if post.account == self._account
                and post.id not in taken
                and post.shown_at <= at
                and post.public_at is not None
                # The platform's clock is right, whatever ours says.
                and (created_at := START + timedelta(seconds=post.public_at)) >= since - LOOK_BACK
            ]
            return timeline.look_for(part, posts, parcel.above(sent), since)

        return self._platform.look(part.text, see)
