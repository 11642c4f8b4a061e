"""Facebook Pages through facebook-sdk.

A post is made unpublished ahead of its time, and its id written down; at the instant it is made
public, which may be repeated without harm. Sources: Meta's own specs of Page, PagePost and Photo.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import facebook

from publisher.channels import capabilities
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.http import Recorder
from publisher.clock import Clock
from publisher.meaning import meaning
from publisher.models import Capabilities, Parcel, Picture, Prepared
from publisher.outcome import (
    Absent,
    Accepted,
    Answer,
    Outcome,
    Reading,
    Sighting,
    Step,
    Unknown,
)

PLATFORM = "https://graph.facebook.com"
"""The address in facebook-sdk's code."""
GRAPH_VERSION = "v25.0"
"""Lives until 2028-07-29 (Meta's changelog); after that Meta serves its oldest living version
without a word, so raise it in time."""


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
    ) -> None:
        self._page_id = page_id
        self._clock = clock
        token = credentials["page_token"]
        self._proof = _proof(token, credentials.get("app_secret"))
        self._recorder = Recorder(
            PLATFORM,
            base_url=graph_url,
            timeout=timeout,
            clock=clock,
            secrets=[*credentials.values(), *self._proof.values()],
        )
        self._graph = facebook.GraphAPI(access_token=token, session=self._recorder.session)
        # The constructor knows versions up to 3.1 only, and refuses all newer ones.
        self._graph.version = GRAPH_VERSION

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Make the post, unpublished, with its pictures; see `Channel.prepare`."""
        if self._is_ready(parcel, prepared):
            return prepared
        if prepared.draft_id:
            self._discard(prepared.draft_id)
        media_ids = {
            picture.digest: self._upload(picture, read_media(picture.digest))
            for part in parcel.content.parts
            for picture in part.pictures
        }
        return Prepared(
            media_ids=media_ids,
            draft_id=self._create(parcel, media_ids),
            digest=parcel.content.digest,
            prepared_at=self._clock.now(),
        )

    def send(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outcome:
        """Make the prepared post public; see `Channel.send`.

        ValueError if this very content was not prepared: a new post must not be made here, because
        a doubt about it could not be settled.
        """
        if sent or not self._is_ready(parcel, prepared):
            raise ValueError("Facebook can only send, once, what it has prepared.")
        draft_id = str(prepared.draft_id)
        answer = self._recorder.call(
            lambda: self._graph.request(
                f"{GRAPH_VERSION}/{draft_id}", post_args={"is_published": "true", **self._proof}
            )
        )
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
        if sent or not prepared.draft_id:
            return Absent()  # only a post whose id was written down is ever made public
        seen = self._look_at(prepared.draft_id)
        if isinstance(seen, Accepted) and not self._is_ready(parcel, prepared):
            return _out_with_another_text(seen.remote_id)
        return seen

    def withdraw(self, remote_id: str) -> Outcome:
        return _named(meaning("facebook", self._delete(remote_id), Step.WITHDRAW), remote_id)

    def _is_ready(self, parcel: Parcel, prepared: Prepared) -> bool:
        return bool(prepared.draft_id) and prepared.digest == parcel.content.digest

    def _look_at(self, post_id: str) -> Reading | Absent:
        """`Accepted` when the post is public, `Absent` when it is unpublished."""
        fields = "id,is_published"
        answer = self._recorder.call(
            lambda: self._graph.get_object(post_id, fields=fields, **self._proof)
        )
        outcome = meaning("facebook", answer, Step.READ)
        if not isinstance(outcome, Accepted):
            return outcome
        is_public = json.loads(answer.body)["is_published"]
        return Accepted(post_id, url=_address(post_id)) if is_public else Absent()

    def _discard(self, draft_id: str) -> None:
        """Delete a post that was prepared with another text, so that it does not stay behind.

        Whether that succeeds is of no importance: nobody sees it. Raises `NotPrepared` when it is
        public after all, or nobody can tell: the new one would be a double.
        """
        seen = self._look_at(draft_id)
        if isinstance(seen, Accepted):
            raise NotPrepared(_out_with_another_text(draft_id))
        if isinstance(seen, Absent):
            self._delete(draft_id)
        elif not isinstance(seen, Unknown):  # that is: it is gone
            raise NotPrepared(seen)

    def _delete(self, post_id: str) -> Answer:
        return self._recorder.call(
            lambda: self._graph.request(
                f"{GRAPH_VERSION}/{post_id}", args=dict(self._proof), method="DELETE"
            )
        )

    def _upload(self, picture: Picture, content: bytes) -> str:
        named = (
            f"{picture.digest}.{picture.media_type.partition('/')[2]}",
            content,
            picture.media_type,
        )
        return _laid_ready(
            self._recorder.call(
                lambda: self._graph.put_photo(
                    named,
                    album_path=f"{self._page_id}/photos",
                    published="false",
                    alt_text_custom=picture.alt,
                    **self._proof,
                )
            )
        )

    def _create(self, parcel: Parcel, media_ids: Mapping[str, str]) -> str:
        content = parcel.content
        # Text for what is no text: the SDK would send Python's spelling of a list or of False.
        fields = {"published": "false", **self._proof}
        if message := "\n\n".join(part.text for part in content.parts if part.text):
            fields["message"] = message
        if content.link:
            fields["link"] = content.link
        if media_ids:
            attached = [{"media_fbid": media_id} for media_id in media_ids.values()]
            fields["attached_media"] = json.dumps(attached)
        return _laid_ready(
            self._recorder.call(lambda: self._graph.put_object(self._page_id, "feed", **fields))
        )


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


def _out_with_another_text(post_id: str) -> Unknown:
    return Unknown(
        f"This post is public on the Page with an earlier text, as {post_id}. Look at the Page; "
        "then say with `publisher resolve` that it is out, or delete it there."
    )


def _proof(token: str, app_secret: str | None) -> dict[str, str]:
    """The parameter that proves to Facebook that the token is in its own app's hands."""
    if not app_secret:
        return {}
    digest = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return {"appsecret_proof": digest}
