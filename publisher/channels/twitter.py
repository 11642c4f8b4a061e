"""X through tweepy: texts, reply chains, pictures with alt text.

Sources: docs.x.com and X's OpenAPI description 2.167. tweepy has the v2 endpoints for posts but
not those for media; these go through its public `request`.
"""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

import tweepy

from publisher.channels import capabilities, health, timeline
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.health import Health
from publisher.channels.http import Recorder
from publisher.clock import Clock
from publisher.meaning import meaning, unreadable
from publisher.models import Capabilities, Parcel, Picture, Prepared
from publisher.outcome import Accepted, Answer, Outcome, Reading, Sighting, Step, Unknown

PLATFORM = "https://api.twitter.com"
"""The address in tweepy's code, over which requests are signed."""
MEDIA_LIFE = timedelta(hours=24)
"""How long X keeps an uploaded picture that no post uses yet."""
_MEDIA_SAFETY = timedelta(hours=1)
_PAGE_SIZE = 100  # posts; the most that X gives at once
_MOST_PAGES = 10


class Twitter:
    """One account on X."""

    capabilities: ClassVar[Capabilities] = capabilities.TWITTER

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        api_url: str | None,
        timeout: timedelta,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._recorder = Recorder(
            PLATFORM, base_url=api_url, timeout=timeout, clock=clock, secrets=credentials.values()
        )
        # `wait_on_rate_limit` stays off: it sleeps in this thread, or recurses without end.
        self._client = tweepy.Client(
            consumer_key=credentials["api_key"],
            consumer_secret=credentials["api_secret"],
            access_token=credentials["access_token"],
            access_token_secret=credentials["access_token_secret"],
        )
        self._client.session = self._recorder.session
        # X's access tokens begin with the id of their user.
        of_token = re.match(r"([0-9]{1,19})-", credentials["access_token"])
        self._user_id = of_token[1] if of_token else ""

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload the pictures and describe them; see `Channel.prepare`."""
        pictures = {
            picture.digest: picture for part in parcel.content.parts for picture in part.pictures
        }
        if not pictures or self._is_ready(parcel, prepared, pictures):
            return prepared
        media_ids = {
            digest: self._upload(picture, read_media(digest))
            for digest, picture in pictures.items()
        }
        return Prepared(
            media_ids=media_ids, digest=parcel.content.digest, prepared_at=self._clock.now()
        )

    def send(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outcome:
        """Post the next part, as a reply to the one before; see `Channel.send`."""
        part = parcel.content.parts[len(sent)]
        media_ids = [prepared.media_ids[picture.digest] for picture in part.pictures]
        return self._judged(
            self._recorder.call(
                lambda: self._client.create_tweet(
                    text=part.text or None,
                    media_ids=media_ids or None,
                    in_reply_to_tweet_id=sent[-1] if sent else None,
                )
            ),
            Step.PUBLISH,
        )

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002  a post does not tell what its pictures' ids were
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read the account's own timeline; see `Channel.find` and `timeline.look_for`."""
        posts = self._posts(since)
        if not isinstance(posts, list):
            return posts
        free = [post for post in posts if post.id not in taken]
        return timeline.look_for(parcel.content.parts[len(sent)], free, sent, since)

    def withdraw(self, remote_id: str) -> Outcome:
        answer = self._recorder.call(lambda: self._client.delete_tweet(remote_id))
        outcome = meaning("twitter", answer, Step.WITHDRAW)
        return replace(outcome, remote_id=remote_id) if isinstance(outcome, Accepted) else outcome

    def examine(self) -> Health:
        return health.of_x(self._recorder.call(self._client.get_me))

    def _is_ready(
        self, parcel: Parcel, prepared: Prepared, pictures: Mapping[str, Picture]
    ) -> bool:
        """Whether an earlier upload holds these pictures and alt texts, and will live long enough."""
        if prepared.digest != parcel.content.digest or not set(pictures) <= set(prepared.media_ids):
            return False
        age = self._clock.now() - prepared.prepared_at if prepared.prepared_at else MEDIA_LIFE
        return age < MEDIA_LIFE - _MEDIA_SAFETY

    def _upload(self, picture: Picture, content: bytes) -> str:
        """The id that X gives the picture, once it has its alt text."""
        media_id = self._request(
            "/2/media/upload",
            {"media": base64.b64encode(content).decode(), "media_category": "tweet_image"},
        )
        self._request(
            "/2/media/metadata",
            {"id": media_id, "metadata": {"alt_text": {"text": picture.alt}}},
        )
        return media_id

    def _request(self, route: str, body: dict[str, Any]) -> str:
        answer = self._recorder.call(
            lambda: self._client.request("POST", route, json=body, user_auth=True)
        )
        outcome = meaning("twitter", answer, Step.LAY_READY)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        return outcome.remote_id

    def _posts(self, since: datetime) -> list[timeline.Post] | Reading:
        """The account's posts since `since`, and before it as far as they may matter."""
        if not self._user_id and (failed := self._learn_user_id()):
            return failed
        posts: list[timeline.Post] = []
        start = f"{since - timeline.LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}"
        query = {"max_results": str(_PAGE_SIZE), "start_time": start}
        for _ in range(_MOST_PAGES):
            page = self._page(query)
            if not isinstance(page, timeline.Page):
                return page
            posts += page.posts
            if not page.next_token:
                return posts
            query["pagination_token"] = page.next_token
        if posts and posts[-1].created_at < since - timeline.SKEW:
            return posts
        return Unknown(
            f"Since this post the account on X has had more than {_MOST_PAGES * _PAGE_SIZE} posts, "
            "too many to read. Look at the account, then say with `publisher resolve` or "
            "`publisher retry` what you saw."
        )

    def _page(self, query: Mapping[str, str]) -> timeline.Page | Reading:
        route = f"/2/users/{self._user_id}/tweets"
        for fields in timeline.FIELDS:
            # Not through tweepy's own method, which knows one of the spellings only.
            answer = self._recorder.call(
                partial(
                    self._client.request, "GET", route, params={**query, **fields}, user_auth=True
                )
            )
            outcome = meaning("twitter", answer, Step.READ)
            if isinstance(outcome, Accepted):
                if page := timeline.parse(answer.body):
                    return page
                outcome = unreadable("twitter")
            elif answer.status != HTTPStatus.BAD_REQUEST:
                break
        return outcome

    def _learn_user_id(self) -> Reading | None:
        """Ask X whose token it is; what came instead, if not the answer."""
        answer = self._recorder.call(self._client.get_me)
        outcome = meaning("twitter", answer, Step.READ)
        if not isinstance(outcome, Accepted):
            return outcome
        self._user_id = outcome.remote_id
        return None if self._user_id else unreadable("twitter")

    def _judged(self, answer: Answer, step: Step) -> Outcome:
        outcome = meaning("twitter", answer, step)
        if isinstance(outcome, Accepted):
            return replace(outcome, url=timeline.address(outcome.remote_id))
        return outcome
