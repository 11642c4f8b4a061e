"""X through tweepy: texts, reply chains, pictures with alt text.

Sources: docs.x.com and X's OpenAPI description 2.167. tweepy has the v2 endpoints for posts but
not those for media; these go through its public `request`.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import tweepy

from publisher.channels import capabilities
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.http import Recorder
from publisher.clock import Clock
from publisher.meaning import meaning
from publisher.models import Capabilities, Parcel, Picture, Prepared
from publisher.outcome import Accepted, Answer, Outcome, Step

PLATFORM = "https://api.twitter.com"
"""The address in tweepy's code, over which requests are signed."""
MEDIA_LIFE = timedelta(hours=24)
"""How long X keeps an uploaded picture that no post uses yet."""
_MEDIA_SAFETY = timedelta(hours=1)


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

    def withdraw(self, remote_id: str) -> Outcome:
        answer = self._recorder.call(lambda: self._client.delete_tweet(remote_id))
        outcome = meaning("twitter", answer, Step.WITHDRAW)
        return replace(outcome, remote_id=remote_id) if isinstance(outcome, Accepted) else outcome

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

    def _judged(self, answer: Answer, step: Step) -> Outcome:
        outcome = meaning("twitter", answer, step)
        if isinstance(outcome, Accepted):
            # X leads from this address to the account's own, whose name we need not know.
            return replace(outcome, url=f"https://x.com/i/web/status/{outcome.remote_id}")
        return outcome
