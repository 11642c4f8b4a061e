"""Drafting: a post is made unpublished, then made public by its id, which may be repeated."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Unknown,
)
from tests.support.simulation import comments
from tests.support.simulation.channels import Simulated
from tests.support.simulation.plan import Act, Moment
from tests.support.simulation.platform import GONE, Posting, PublicPost
from tests.support.simulation.world import START


class Drafting(Simulated):
    """A post is prepared unpublished, and revealed by its id, which may be repeated."""

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        return prepared if parcel.content.edits else self._prepare_post(parcel, prepared)

    def _prepare_post(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        for draft_id in prepared.leftovers:
            if draft_id != prepared.draft_id:
                self._discard(draft_id, parcel)
        if prepared.leftovers:
            return prepared.model_copy(update={"leftovers": ()})
        if prepared.holds(parcel.content):
            return prepared
        if prepared.draft_id and self._profile.edits_drafts:
            return self._edited(prepared.draft_id, parcel)
        if prepared.draft_id:
            self._discard(prepared.draft_id, parcel)
        if found := self._found(parcel, prepared):
            return found.model_copy(update={"at_once": prepared.at_once})
        if prepared.at_once:
            return Prepared(at_once=True)
        draft_id = self._create(parcel.content.joined)
        made = Prepared(draft_id=draft_id, digest=parcel.content.digest)
        if self._is_public(draft_id):  # which the answer tells
            raise NotPrepared(self._early(draft_id), made)
        return made

    def _edited(self, draft_id: str, parcel: Parcel) -> Prepared:
        """The same draft with the parcel's text."""
        seen = self._look_at(draft_id)
        if isinstance(seen, Accepted) and self._says(draft_id, parcel):
            raise NotPrepared(self._early(draft_id), Prepared(draft_id=draft_id))
        if isinstance(seen, Accepted):
            raise NotPrepared(Unknown(f"It is public with an earlier text, as {draft_id}."))
        if not isinstance(seen, Absent):
            raise NotPrepared(seen)
        text = parcel.content.joined

        def edit(_lag: float) -> str:
            self._platform.posts[draft_id].text = text
            return draft_id

        outcome = self._laid(text, edit)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome, Prepared(draft_id=draft_id))
        return Prepared(draft_id=draft_id, digest=parcel.content.digest)

    def _is_public(self, draft_id: str) -> bool:
        post = self._platform.posts.get(draft_id)
        return post is not None and post.public_at is not None

    def _early(self, draft_id: str) -> Accepted:
        public_at = self._platform.posts[draft_id].public_at
        assert public_at is not None
        return Accepted(draft_id, public_since=START + timedelta(seconds=public_at))

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        if prepared.begun:
            found = self._found(parcel, prepared) or Prepared()
            both = dict.fromkeys((*prepared.leftovers, *found.leftovers))
            return Prepared(leftovers=tuple(both), failures=prepared.failures)
        for draft_id in prepared.leftovers:
            seen = self._look_at(draft_id)
            if isinstance(seen, Absent):
                outcome = self._remove(draft_id)
                if not isinstance(outcome, Accepted):
                    raise NotPrepared(Deferred(Kind.UNAVAILABLE, outcome.message), prepared)
            elif isinstance(seen, Accepted) and self._says(draft_id, parcel):
                raise NotPrepared(self._early(draft_id), Prepared(draft_id=draft_id))
            elif isinstance(seen, Accepted):
                raise NotPrepared(Unknown(f"{draft_id} is public."), Prepared())
            elif not isinstance(seen, Unknown):
                raise NotPrepared(seen, prepared)
        return Prepared()

    def _create(self, text: str) -> str:
        platform = self._platform

        def create(_lag: float) -> str:
            draft_id = str(next(platform.ids))
            platform.posts[draft_id] = PublicPost(
                draft_id, self._account, text, None, None, made_at=platform.world.elapsed
            )
            if Act.PUBLISHES_EARLY in platform.struck:
                post = platform.posts[draft_id]
                post.public_at = post.shown_at = platform.world.elapsed
                post.is_early = True
            return draft_id

        outcome = self._laid(text, create)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        return outcome.remote_id

    def _found(self, parcel: Parcel, prepared: Prepared) -> Prepared | None:
        """What earlier attempts left; None when nothing is seen."""
        texts = {preparation.content.joined for preparation in prepared.begun}
        drafts: list[PublicPost] = []

        def see(at: float) -> Sighting:
            drafts.extend(
                post
                for post in self._platform.posts.values()
                if post.account == self._account
                and post.text in texts
                and (post.public_at is None or post.is_early)
                and not post.is_deleted
                and post.made_at <= at
            )
            return Absent()

        if not texts or self._platform.look("drafts", see) != Absent() or not drafts:
            return None
        whole = [
            post.id
            for post in drafts
            if post.text == parcel.content.joined and post.public_at is None
        ]
        unpublished = [post.id for post in drafts if post.public_at is None]
        usable = whole or (unpublished if self._profile.edits_drafts else [])
        return Prepared(
            draft_id=usable[0] if usable else None,
            digest=parcel.content.digest if whole else None,
            leftovers=tuple(post.id for post in drafts),
        )

    def _says(self, draft_id: str, parcel: Parcel) -> bool:
        return self._platform.posts[draft_id].text == parcel.content.joined

    def _discard(self, draft_id: str, parcel: Parcel) -> None:
        seen = self._look_at(draft_id)
        if isinstance(seen, Accepted) and self._says(draft_id, parcel):
            raise NotPrepared(self._early(draft_id), Prepared(draft_id=draft_id))
        if isinstance(seen, Accepted):
            raise NotPrepared(Unknown(f"It is public with an earlier text, as {draft_id}."))
        if isinstance(seen, Absent):
            self._remove(draft_id)
        elif not isinstance(seen, Unknown):
            raise NotPrepared(seen)

    def _remove(self, draft_id: str) -> Outcome:
        def delete(_lag: float) -> str:
            post = self._platform.posts.pop(draft_id, None)
            if post and post.public_at is not None:
                self._platform.taken_down.append(post)
            return draft_id

        return self._platform.ask(Moment.PREPARATION, f"delete {draft_id}", delete)

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Any:
        if parcel.content.edits:
            return self._editing.request(parcel, self._profile.lacks)
        if sent:
            return self._commenting(parcel, sent[0])
        text, platform = parcel.content.parts[0].text, self._platform
        if prepared.at_once and not prepared.holds(parcel.content):
            return Posting(parcel, text, self._publishing(parcel), self._profile.lacks)
        assert prepared.holds(parcel.content), "it was prepared"
        draft_id, world = str(prepared.draft_id), platform.world

        def reveal(lag: float) -> str | Outcome:
            post = platform.posts.get(draft_id)
            if post is None or post.is_deleted:
                return Refused(Kind.CONTENT, GONE, of_post=True)
            if post.public_at is None and Act.IGNORED not in platform.struck:
                post.public_at, post.shown_at = world.elapsed, world.elapsed + lag
            return draft_id

        return Posting(parcel, text, reveal, self._profile.lacks)

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Any
    ) -> Outcome | Unverified:
        outcome: Outcome = answer
        if parcel.content.edits:
            return self._editing.judge(parcel, outcome)
        if sent or not isinstance(outcome, Accepted):
            return outcome
        if not prepared.holds(parcel.content):
            return Unverified(outcome)
        is_public = self._is_public(outcome.remote_id)  # which the answer tells
        return outcome if is_public else self._unseen(outcome)

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        assert isinstance(outcome, Accepted)
        seen = self._look_at(outcome.remote_id)
        return outcome if isinstance(seen, Accepted) else self._unseen(outcome)

    @staticmethod
    def _unseen(outcome: Accepted) -> Unknown:
        return Unknown("It was said to be public, and is not seen.", remote_id=outcome.remote_id)

    def _commenting(self, parcel: Parcel, post_id: str) -> Posting:
        text = parcel.content.comment
        assert text is not None, "it can only be revealed once"
        effect = comments.writing(self._platform, self._account, post_id, text)
        return Posting(parcel, text, effect, self._profile.lacks | {Act.IGNORED})

    def _publishing(self, parcel: Parcel) -> Callable[[float], str]:
        """Makes a post that is public at once."""

        def publish(lag: float) -> str:
            world, remote_id = self._platform.world, str(next(self._platform.ids))
            self._platform.posts[remote_id] = PublicPost(
                remote_id, self._account, parcel.content.joined, None, world.elapsed,
                world.elapsed + lag,
            )  # fmt: skip
            return remote_id

        return publish

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
        return self._find_post(parcel, prepared, sent, since, taken)

    def _find_post(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str],
    ) -> Sighting:
        for draft_id in prepared.leftovers:
            if isinstance(self._look_at(draft_id), Accepted):
                return Unknown(f"It is public with an earlier text, as {draft_id}.")
        if sent and parcel.content.comment:
            comment = parcel.content.comment
            return comments.find(self._platform, self._account, sent[0], comment, since, taken)
        looks_for_words = prepared.at_once or parcel.is_forgotten
        if not sent and not prepared.draft_id and looks_for_words:
            return self._platform.look("posts", lambda at: self._listed(parcel, taken, at))
        if sent or not prepared.draft_id:
            return Absent()
        seen = self._look_at(prepared.draft_id)
        if isinstance(seen, Accepted) and not prepared.holds(parcel.content):
            return Unknown(f"It is public with an earlier text, as {prepared.draft_id}.")
        return seen

    def _listed(self, parcel: Parcel, taken: Collection[str], at: float) -> Sighting:
        """The post with these words; not every one is listed."""
        for post in self._platform.public:
            is_it = post.account == self._account and post.text == parcel.content.joined
            if is_it and post.id not in taken and post.shown_at <= at:
                return Accepted(post.id)
        return Absent(lists_all=False)

    def _look_at(self, draft_id: str) -> Sighting:
        def see(at: float) -> Sighting:
            post = self._platform.posts.get(draft_id)
            if post is None or post.is_deleted:
                return Unknown("What was prepared is gone; look at the Page.")
            is_shown = post.public_at is not None and post.shown_at <= at
            return Accepted(draft_id) if is_shown else Absent()

        return self._platform.look(f"draft {draft_id}", see)
