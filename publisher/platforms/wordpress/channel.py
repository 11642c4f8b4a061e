"""WordPress channel: posts of a site through its REST API, with an application password.

A draft is created before its time, then its pictures and files are attached to it; at the instant
it is published, which can be repeated without harm. A draft's slug is its own, so that it is found
when the answer to its creation is lost.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from publisher.base.clock import Clock
from publisher.channels.answers import mapping, parsed
from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Request
from publisher.model.accounts import Account, Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.wordpress import article_edits, comments, health, orphans
from publisher.platforms.wordpress.answers import ANSWERS, said
from publisher.platforms.wordpress.article import Article, Figure, slug_of
from publisher.platforms.wordpress.languages import SiteLanguages
from publisher.platforms.wordpress.media import SiteMedia, key_of, not_attached, of_publisher
from publisher.platforms.wordpress.posts import SitePost, fate, look, moved, shown
from publisher.platforms.wordpress.removal import SiteRemoval, out_with_another_text, public_as
from publisher.platforms.wordpress.site import SiteApi
from publisher.platforms.wordpress.spec import WORDPRESS
from publisher.platforms.wordpress.terms import Categories, Tags

_LOOK_AGAIN = 60.0
"""Real seconds after which a draft is read again before it is published."""


class WordPress:
    """The channel of one user of a WordPress site."""

    capabilities: ClassVar[Capabilities] = WORDPRESS

    def __init__(
        self,
        account: Account,
        credentials: Mapping[str, str],
        *,
        instead: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
        public_only: bool,
    ) -> None:
        """`instead`: another server to send all requests to, such as the sandbox.
        `public_only`: as `Recorder`.
        """
        self._clock = clock
        self._site = SiteApi(
            credentials,
            instead=instead,
            timeout=timeout,
            clock=clock,
            heard=heard,
            public_only=public_only,
        )
        self._media = SiteMedia(self._site)
        self._removal = SiteRemoval(self._site, self._media)
        self._categories = Categories(self._site, account.options.get("categories"), clock)
        self._tags = Tags(self._site, clock)
        self._languages = SiteLanguages(account, self._site, clock)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Create the draft, attach its pictures, then complete it; see `Channel.prepare`.

        Each of these steps is on record before the next one. With other content the same draft is
        changed. What earlier attempts left is found by its slug.
        """
        if parcel.content.edits:
            return article_edits.prepared_with_blocks(self._site, parcel, prepared)
        if prepared.leftovers:
            return self._without_leftovers(parcel, prepared)
        if prepared.holds(parcel.content):
            return self._seen_again(parcel, prepared)
        if prepared.draft_id:
            return self._complete(parcel, prepared, read_media)
        if prepared.begun:
            return self._resolved(parcel, prepared)
        return self._create(parcel, prepared)

    def _without_leftovers(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        others = [one for one in prepared.leftovers if one != prepared.draft_id]
        self._removal.clear(parcel, Prepared(leftovers=tuple(others)))
        return prepared.model_copy(update={"leftovers": ()})

    def _resolved(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """`prepared` with what earlier attempts left: the first draft is used, others go."""
        found = orphans.find(self._site, parcel, [one.content for one in prepared.begun])
        for post in found:
            if post.is_public:
                raise self._public(post, parcel, prepared)
        first = next((post.id for post in found if post.is_unpublished), None)
        rest = tuple(post.id for post in found if post.id != first)
        update = {"draft_id": first, "leftovers": rest, "begun": (), "note": orphans.told(found)}
        return prepared.model_copy(update={**update, "digest": None})

    def _create(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Create the draft, which is complete if it has no pictures."""
        answer = self._site.create(self._fields(parcel, ()), self._language(parcel))
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        self._require_absent(parcel, prepared, answer)
        if parcel.content.pictures:
            update = {"draft_id": outcome.remote_id, "digest": None, "prepared_at": None}
            return prepared.model_copy(update=update)
        return self._seen(parcel, prepared.with_post(outcome.remote_id, parcel.content), answer)

    def _require_absent(self, parcel: Parcel, prepared: Prepared, answer: Answer) -> None:
        """Raise `NotPrepared` and delete the new draft if the post is public already.

        Its slug was taken then: a ledger that was set back may have forgotten that it is out.
        """
        made = shown(mapping(parsed(answer.body)))
        if made is None or made.slug == slug_of(parcel.post, parcel.account, parcel.content):
            return
        for post in orphans.find(self._site, parcel, [parcel.content]):
            if post.is_public:
                self._removal.clear(parcel, Prepared(leftovers=(made.id,)))
                raise self._public(post, parcel, prepared)

    def _complete(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload the draft's missing pictures; if there are none, give it its whole content."""
        draft_id = str(prepared.draft_id)
        seen = fate(self._site, draft_id)
        if isinstance(seen, Absent):  # WordPress lists the pictures of a deleted post publicly
            prepared = self._media.delete_all(prepared.photos, prepared)
            return prepared.model_copy(update={"draft_id": None, "digest": None})
        if not isinstance(seen, SitePost):
            raise NotPrepared(seen, prepared)
        if seen.is_public:
            raise self._public(seen, parcel, prepared)
        if not seen.is_unpublished:
            raise NotPrepared(moved(seen), prepared)
        pictures = parcel.content.pictures
        language = self._language(parcel)
        uploaded = self._media.upload(pictures, prepared, read_media, language)
        if uploaded != prepared:
            return uploaded
        addresses = self._media.attached(draft_id) if pictures or prepared.photos else {}
        ids = [prepared.media_ids[key_of(picture)] for picture in pictures]
        if lost := [one for one in ids if one not in addresses]:
            raise NotPrepared(not_attached(), self._media.delete_all(lost, prepared))
        strays = {*prepared.photos, *of_publisher(addresses)} - {*ids}
        prepared = self._media.delete_all(sorted(strays), prepared)
        figures = [
            Figure(addresses[media_id], one.width, one.height, one, media_id)
            for one, media_id in zip(pictures, ids, strict=True)
        ]
        answer = self._site.update(draft_id, self._fields(parcel, figures), language)
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome, prepared)
        return self._seen(parcel, prepared.with_post(draft_id, parcel.content), answer)

    def _fields(self, parcel: Parcel, figures: Sequence[Figure]) -> dict[str, Any]:
        """What WordPress gets of a post."""
        categories = self._categories.ids()
        if isinstance(categories, AccountSuspended | Deferred):
            raise NotPrepared(categories)
        tags = self._tags.ids(parcel.content.joined)
        if isinstance(tags, AccountSuspended | Deferred):
            raise NotPrepared(tags)
        article = Article.of(parcel.content, figures)
        fields: dict[str, Any] = {
            "slug": slug_of(parcel.post, parcel.account, parcel.content),
            "title": article.title,
            "content": article.content,
            "featured_media": int(article.featured.media_id) if article.featured else 0,
            "tags": list(tags),
        }
        return {**fields, "categories": list(categories)} if categories else fields

    def _language(self, parcel: Parcel) -> Mapping[str, str]:
        """What the requests say of the post's language. Raises `NotPrepared`."""
        query = self._languages.query(parcel.content.lang)
        if isinstance(query, Refused | Deferred):
            raise NotPrepared(query)
        return query

    def _public(self, post: SitePost, parcel: Parcel, prepared: Prepared) -> NotPrepared:
        """The outcome for a draft that a person published on the website."""
        if post.slug.startswith(slug_of(parcel.post, parcel.account, parcel.content)):
            early = post.as_early(self._clock.now())
            return NotPrepared(early, public_as(post.id, parcel, prepared))
        return NotPrepared(out_with_another_text(post.id))

    def _seen_again(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """The complete draft; read first if that is long ago."""
        longest = timedelta(seconds=_LOOK_AGAIN * self._clock.speed)
        seen_at = prepared.prepared_at
        if seen_at and abs(self._clock.now() - seen_at) <= longest:
            return prepared
        return self._seen(parcel, prepared)

    def _seen(self, parcel: Parcel, prepared: Prepared, answer: Answer | None = None) -> Prepared:
        """`prepared` if its draft is unpublished; else raises `NotPrepared`."""
        told = shown(mapping(said(answer))) if answer else None
        seen = told or look(self._site, str(prepared.draft_id))
        if isinstance(seen, Unknown):  # deleted, which the request to publish it will show
            return prepared
        if not isinstance(seen, SitePost):
            raise NotPrepared(seen, prepared)
        if seen.is_public:
            raise NotPrepared(seen.as_early(self._clock.now()), prepared)
        if not seen.is_unpublished:
            raise NotPrepared(moved(seen), prepared)
        if refusal := self._languages.refusal(seen, parcel.content.lang):
            raise NotPrepared(refusal, prepared)
        return prepared.model_copy(update={"prepared_at": self._clock.now()})

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        """Build what publishes the draft; see `Channel.ready`.

        Raises ValueError if not exactly this content was prepared.
        """
        if parcel.content.edits:
            return article_edits.request(self._site, parcel, prepared)
        if sent or not prepared.holds(parcel.content):
            raise ValueError("WordPress can only send, once, what it has prepared.")
        return self._site.publication(str(prepared.draft_id))

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002
        sent: tuple[str, ...],  # noqa: ARG002  there are no threads
        answer: Answer,
    ) -> Outcome | Unverified:
        if parcel.content.edits:
            return article_edits.judge(parcel, answer)
        outcome = ANSWERS.judge(answer, Step.REVEAL)
        # It may be public already, by an earlier request.
        return Unverified(outcome) if isinstance(outcome, Refused) else outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        """Look whether the post is public; see `Channel.verify`."""
        if isinstance(outcome, Accepted):
            return outcome
        seen = fate(self._site, str(prepared.draft_id))
        return seen.as_out() if isinstance(seen, SitePost) and seen.is_public else outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,  # noqa: ARG002  a post has an id, so its date does not matter
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read whether the prepared post is public; see `Channel.find`."""
        if parcel.content.edits:
            return article_edits.find(self._site, parcel)
        return Absent(may_come=False) if sent else self._find_post(parcel, prepared, taken)

    def _find_post(self, parcel: Parcel, prepared: Prepared, taken: Collection[str]) -> Sighting:
        if prepared.draft_id:
            seen = look(self._site, prepared.draft_id)
            if not isinstance(seen, SitePost):
                return seen
            if not seen.is_public:
                return Absent()
            is_whole = prepared.holds(parcel.content)
            return seen.as_out() if is_whole else out_with_another_text(seen.id)
        if parcel.is_forgotten:
            return orphans.published(self._site, parcel, taken)
        # Only a post whose id was recorded is ever published.
        return Absent(may_come=False)

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Find what was left unpublished, then delete it with its pictures; see `Channel.clear`."""
        if prepared.begun:
            found = orphans.find(self._site, parcel, [one.content for one in prepared.begun])
            both = dict.fromkeys((*prepared.leftovers, *(post.id for post in found)))
            update = {"leftovers": tuple(both), "begun": (), "note": orphans.told(found)}
            return prepared.model_copy(update=update)
        self._removal.clear(parcel, prepared)
        return Prepared()

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:
        """Delete a post, then its pictures; see `Channel.withdraw`."""
        return self._removal.withdraw(remote_id, prepared)

    @property
    def owner_id(self) -> str:
        return ""  # only the site knows its users

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return health.owner(self._site)

    def examine(self) -> Health:
        return health.examine(self._site, self._categories, self._languages)

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Count the comments on posts, in two requests or a few; see `Channel.engagement`."""
        return comments.read(self._site, remote_ids)
