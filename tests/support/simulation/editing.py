"""Edits of public posts: the request, and the reading that tells whether it was carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from publisher.channels import edits
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import Absent, Outcome, Refused, Sighting
from tests.support.simulation.plan import Act
from tests.support.simulation.platform import Edit, Platform, Posting


@dataclass(frozen=True)
class Editing:
    """What an account's channel does with edits."""

    platform: Platform

    def request(self, parcel: Parcel, lacks: frozenset[Act]) -> Posting:
        """The request that replaces the words of a post."""
        (part,) = parcel.content.parts
        return Posting(parcel, part.text, self._effect(parcel, part.text), lacks)

    def _effect(self, parcel: Parcel, text: str) -> Callable[[float], str | Outcome]:
        platform, target = self.platform, edits.post_id(parcel)

        def edit(lag: float) -> str | Outcome:
            post = platform.posts.get(target)
            if post is None or post.is_deleted:
                return edits.post_gone()
            if Act.IGNORED not in platform.struck:
                now = platform.world.elapsed
                post.edits.append(Edit(now, post.text, now + lag))
                post.text = text
            return edits.carried_out(parcel).remote_id

        return edit

    def judge(self, parcel: Parcel, outcome: Outcome) -> Outcome:
        """The answer has the post itself."""
        post = self.platform.posts.get(edits.post_id(parcel))
        is_shown = post is not None and post.text == parcel.content.joined
        if isinstance(outcome, Refused):
            return outcome
        return edits.accepted(parcel, outcome, is_shown=is_shown)

    def find(self, parcel: Parcel) -> Sighting:
        """Read the post by its id."""
        target = edits.post_id(parcel)

        def see(at: float) -> Sighting:
            post = self.platform.posts.get(target)
            if post is None or post.is_deleted:
                return Absent()
            seen = post.seen(at)
            return edits.sighting(parcel, lambda content: content.joined == seen)

        return self.platform.look(f"edit of {target}", see)
