"""Graph API client: Meta's requests for one Page, through facebook-sdk.

The SDK's interpretation of an answer is ignored: it treats some failures as successes.
"""

import hashlib
import hmac
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from publisher.base.clock import Clock
from publisher.channels.http.recorder import Recorder
from publisher.channels.outgoing import Request
from publisher.model.clock_check import Heard
from publisher.model.content import Captions, Content, Picture
from publisher.model.outcomes import Answer
from publisher.platforms.facebook.spec import ADDRESS

with warnings.catch_warnings():
    # facebook-sdk 3.1.0 has an invalid escape, of which a Python tells that compiles it first.
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import facebook

GRAPH_VERSION = "v25.0"
VERSION_ENDS = date(2028, 7, 29)
"""The last day of this version (Meta's changelog); after that Meta silently serves its oldest valid
version. `tests/channels/test_versions.py` fails six months before.
"""

_PICTURE = "picture.width(200).height(200){url,is_silhouette}"


class PageGraph:
    """Requests about one Page, each by one method. Used by one thread at a time."""

    def __init__(
        self,
        page_id: str,
        credentials: Mapping[str, str],
        *,
        graph_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        self.page_id = page_id
        self._token = credentials["page_token"]
        self._proof = proof(self._token, credentials.get("app_secret"))
        self._recorder = Recorder(
            ADDRESS,
            base_url=graph_url,
            timeout=timeout,
            clock=clock,
            secrets=[*credentials.values(), *self._proof.values()],
            heard=heard,
        )
        self._sdk = facebook.GraphAPI(access_token=self._token, session=self._recorder.session)
        # The constructor knows versions up to 3.1 only, and refuses all newer ones.
        self._sdk.version = GRAPH_VERSION

    def create(self, content: Content, media_ids: Sequence[str], asked: str) -> Answer:
        """Create an unpublished post of text, link and uploaded pictures.

        `asked`: the fields of the post that the answer should have besides its id.
        """
        return self._recorder.call(self._creation(content, media_ids, asked, published="false"))

    def publication(self, content: Content, media_ids: Sequence[str]) -> Request:
        """Build the request that creates a public post of text, link and uploaded pictures.

        It asks for no fields of the post: if it were created and those refused, it would be sent
        again.
        """
        return self._recorder.built(self._creation(content, media_ids, "", published="true"))

    def _creation(
        self, content: Content, media_ids: Sequence[str], asked: str, *, published: str
    ) -> Callable[[], object]:
        # All values as text: the SDK would send Python's spelling of a list or of False.
        fields = {"published": published, **self._proof}
        if asked:
            fields["fields"] = asked
        if content.joined:
            fields["message"] = content.joined
        if content.link:
            fields["link"] = content.link
        if media_ids:
            fields["attached_media"] = json.dumps([{"media_fbid": key} for key in media_ids])
        return lambda: self._sdk.put_object(self.page_id, "feed", **fields)

    def upload(self, picture: Picture, content: bytes) -> Answer:
        """Upload a picture, unpublished, with its alternative text."""
        kind = picture.media_type.partition("/")[2]
        named = (f"{picture.digest}.{kind}", content, picture.media_type)
        return self._recorder.call(
            lambda: self._sdk.put_photo(
                named,
                album_path=f"{self.page_id}/photos",
                published="false",
                alt_text_custom=picture.alt,
                **self._proof,
            )
        )

    def begin_video(self, size: int) -> Answer:
        """Begin to upload a GIF or video of `size` bytes."""
        return self._upload_video({"upload_phase": "start", "file_size": str(size)})

    def bring_video(self, session: str, begin: int, chunk: bytes) -> Answer:
        """Upload the bytes of a video from `begin` on."""
        named = {"upload_session_id": session, "start_offset": str(begin)}
        return self._upload_video({"upload_phase": "transfer", **named}, chunk)

    def end_video(self, session: str, text: str) -> Answer:
        """Have Facebook make an unpublished video, with its text, of what was uploaded."""
        named = {"upload_session_id": session, "published": "false"}
        return self._upload_video({"upload_phase": "finish", **named, "description": text})

    def _upload_video(self, fields: dict[str, str], chunk: bytes | None = None) -> Answer:
        path = f"{GRAPH_VERSION}/{self.page_id}/videos"
        posted = {**fields, **self._proof}
        files = {"video_file_chunk": ("chunk", chunk)} if chunk is not None else None
        return self._recorder.call(lambda: self._sdk.request(path, post_args=posted, files=files))

    def caption_video(self, video_id: str, locale: str, captions: Captions) -> Answer:
        """Add captions to a video, shown by default; those it has in this language are replaced.

        The file's name says its language (Graph API reference, video captions).
        """
        named = (f"captions.{locale}.srt", captions.subrip, "application/octet-stream")
        return self._recorder.call(
            lambda: self._sdk.request(
                f"{GRAPH_VERSION}/{video_id}/captions",
                post_args={"default_locale": locale, **self._proof},
                files={"captions_file": named},
            )
        )

    def reveal(self, post_id: str, asked: str) -> Request:
        """Build the request that makes a post or video public; it may be public already.

        `asked`: the fields of it that the answer should have.
        """
        name = "published" if is_video(post_id) else "is_published"
        fields = {name: "true", "fields": asked, **self._proof}
        return self._recorder.built(
            lambda: self._sdk.request(f"{GRAPH_VERSION}/{post_id}", post_args=fields)
        )

    def edit(self, post_id: str, text: str) -> Request:
        """Build the request that replaces the words of a public post or video.

        Source: Meta's specs of PagePost (`message`) and AdVideo (`description`).
        """
        fields = {"description" if is_video(post_id) else "message": text, **self._proof}
        return self._recorder.built(
            lambda: self._sdk.request(f"{GRAPH_VERSION}/{post_id}", post_args=fields)
        )

    def comment(self, post_id: str, text: str) -> Request:
        """Build the request that comments on a post as the Page."""
        fields = {"message": text, **self._proof}
        return self._recorder.built(lambda: self._sdk.put_object(post_id, "comments", **fields))

    def comments(self, post_id: str, fields: str, limit: int, after: str | None = None) -> Answer:
        """List the comments on a post, newest first, or those after a cursor."""
        cursor = {"after": after} if after else {}
        order = {"order": "reverse_chronological", "filter": "toplevel"}
        return self._get(f"{post_id}/comments", fields=fields, limit=limit, **order, **cursor)

    def replies(self, comment_id: str, fields: str, limit: int, after: str | None = None) -> Answer:
        """List the replies to a comment, newest first, or those after a cursor."""
        cursor = {"after": after} if after else {}
        order = {"order": "reverse_chronological", "filter": "stream"}
        return self._get(f"{comment_id}/comments", fields=fields, limit=limit, **order, **cursor)

    def reader_comments(
        self, post_id: str, fields: str, since: int | None, after: str | None, limit: int
    ) -> Answer:
        """List all comments on a post, replies too, from the oldest on or after a cursor.

        `since`: those of this second or later, since 1970.
        """
        place = {name: value for name, value in (("since", since), ("after", after)) if value}
        order = {"order": "chronological", "filter": "stream"}
        return self._get(f"{post_id}/comments", fields=fields, limit=limit, **order, **place)

    def hide(self, comment_id: str) -> Answer:
        """Hide a comment: its author and their friends still see it."""
        fields = {"is_hidden": "true", **self._proof}
        return self._recorder.call(
            lambda: self._sdk.request(f"{GRAPH_VERSION}/{comment_id}", post_args=fields)
        )

    def delete(self, object_id: str) -> Answer:
        """Delete a post or a photo."""
        return self._recorder.call(
            lambda: self._sdk.request(
                f"{GRAPH_VERSION}/{object_id}", args=dict(self._proof), method="DELETE"
            )
        )

    def get(self, object_id: str, fields: str) -> Answer:
        """Read some fields of a post or a photo."""
        return self._get(object_id, fields=fields)

    def published(self, fields: str, limit: int, after: str | None = None) -> Answer:
        """List the newest public posts, or those after a cursor."""
        cursor = {"after": after} if after else {}
        return self._get(f"{self.page_id}/published_posts", fields=fields, limit=limit, **cursor)

    def feed(self, fields: str, limit: int) -> Answer:
        """List the newest posts on the Page, including unpublished ones."""
        return self._get(f"{self.page_id}/feed", fields=fields, limit=limit)

    def debug_token(self) -> Answer:
        """Ask whether the Page's token is valid, and which app it belongs to."""
        return self._get("debug_token", input_token=self._token)

    def me(self) -> Answer:
        """Ask for the token's owner: for a Page's token, the Page."""
        return self._get("me", fields="id,name")

    def profile(self) -> Answer:
        """Ask for the token's owner with what its profile shows."""
        return self._get("me", fields=f"id,name,username,{_PICTURE}")

    def _get(self, path: str, **parameters: object) -> Answer:
        return self._recorder.call(lambda: self._sdk.get_object(path, **parameters, **self._proof))


def is_video(post_id: str) -> bool:
    """Whether a post is a video: its id is a number alone, and others' have the Page's too."""
    return "_" not in post_id


def proof(token: str, app_secret: str | None) -> dict[str, str]:
    """The parameter that proves to Facebook that the app itself uses the token."""
    if not app_secret:
        return {}
    digest = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return {"appsecret_proof": digest}
