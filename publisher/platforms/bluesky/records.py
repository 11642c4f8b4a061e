"""Records: the posts of a thread as Bluesky keeps them, and the one commit that makes them public.

What is prepared lacks dates and places in the thread: these are added when the request is built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from atproto_client import models
from atproto_client.models.blob_ref import BlobRef, IpldLink
from atproto_client.models.utils import get_model_as_dict, get_or_create
from atproto_client.utils import detect_facets, detect_mentions

from publisher.channels.answers import mapping
from publisher.model.content import Content, Part, Picture
from publisher.platforms.bluesky.keys import blob_cid, record_cid

COLLECTION = "app.bsky.feed.post"
THREADGATE = "app.bsky.feed.threadgate"
CAPTIONS_TYPE = "text/vtt"
_EPOCH = "1970-01-01T00:00:00.000Z"

Record = dict[str, Any]


class UploadedFile(NamedTuple):
    """A file on the account's server that a post can show."""

    cid: str
    size: int
    media_type: str

    @property
    def reference(self) -> BlobRef:
        return BlobRef(mime_type=self.media_type, size=self.size, ref=IpldLink(link=self.cid))


def handles(texts: Sequence[str]) -> list[str]:
    """The handles that the texts mention, in lower case, each once."""
    found = (mention.handle.lower() for text in texts for mention in detect_mentions(text))
    return list(dict.fromkeys(found))


def undated(
    content: Content, files: Mapping[str, UploadedFile], dids: Mapping[str, str]
) -> tuple[Record, ...]:
    """The records of a thread's parts, without date and place.

    `files` are the uploads by the pictures' digests; `dids` the mentioned accounts by handle.
    """
    parts, last = content.parts, len(content.parts) - 1
    return tuple(
        _undated(part, content, files, dids, link=content.link if number == last else None)
        for number, part in enumerate(parts)
    )


def _undated(
    part: Part,
    content: Content,
    files: Mapping[str, UploadedFile],
    dids: Mapping[str, str],
    link: str | None,
) -> Record:
    embed: (
        models.AppBskyEmbedImages.Main
        | models.AppBskyEmbedVideo.Main
        | models.AppBskyEmbedExternal.Main
        | None
    ) = None
    moving = next((picture for picture in part.pictures if picture.moves), None)
    if moving:
        embed = _video(moving, files)
    elif part.pictures:
        images = [_image(picture, files[picture.digest]) for picture in part.pictures]
        embed = models.AppBskyEmbedImages.Main(images=images)
    elif link:
        embed = models.AppBskyEmbedExternal.Main(external=_card(content, link))
    model = models.AppBskyFeedPost.Record(
        created_at=_EPOCH,
        text=part.text,
        facets=_facets(part.text, dids) or None,
        embed=embed,
        langs=[content.lang] if content.lang else None,
    )
    record: Record = get_model_as_dict(model)
    del record["createdAt"]
    return record


def _facets(text: str, dids: Mapping[str, str]) -> list[Any]:
    """The links, hashtags and mentions in a text, by their places in its UTF-8 bytes.

    atproto finds them as Bluesky's own app does. A mention is one only if its handle belongs to an
    account; otherwise it stays plain text.
    """
    mentions = [
        models.AppBskyRichtextFacet.Main(
            features=[models.AppBskyRichtextFacet.Mention(did=dids[mention.handle.lower()])],
            index=models.AppBskyRichtextFacet.ByteSlice(
                byte_start=mention.byte_start, byte_end=mention.byte_end
            ),
        )
        for mention in detect_mentions(text)
        if mention.handle.lower() in dids
    ]
    return sorted([*detect_facets(text), *mentions], key=lambda facet: facet.index.byte_start)


def _image(picture: Picture, file: UploadedFile) -> models.AppBskyEmbedImages.Image:
    return models.AppBskyEmbedImages.Image(
        alt=picture.alt, aspect_ratio=_aspect_ratio(picture), image=file.reference
    )


def _video(picture: Picture, files: Mapping[str, UploadedFile]) -> models.AppBskyEmbedVideo.Main:
    """A video; one that was a GIF is shown as one: without sound, again and again."""
    told = picture.captions
    return models.AppBskyEmbedVideo.Main(
        alt=picture.alt,
        aspect_ratio=_aspect_ratio(picture),
        video=files[picture.digest].reference,
        captions=[
            models.AppBskyEmbedVideo.Caption(file=files[told.digest].reference, lang=told.lang)
        ]
        if told
        else None,
        presentation=None if picture.is_video else "gif",
    )


def _aspect_ratio(picture: Picture) -> models.AppBskyEmbedDefs.AspectRatio:
    return models.AppBskyEmbedDefs.AspectRatio(width=picture.width, height=picture.height)


def _card(content: Content, link: str) -> models.AppBskyEmbedExternal.External:
    """The card of a link. Nobody reads the page that it leads to."""
    title = content.title or urlsplit(link).hostname or link
    return models.AppBskyEmbedExternal.External(uri=link, title=title, description="")


@dataclass(frozen=True, slots=True)
class Place:
    """A post as others refer to it."""

    uri: str
    cid: str

    @property
    def reference(self) -> dict[str, str]:
        return {"uri": self.uri, "cid": self.cid}


def uri_of(did: str, key: str) -> str:
    """The `at://` address of a post."""
    return f"at://{did}/{COLLECTION}/{key}"


def dated(
    records: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    did: str,
    at: datetime,
    root: Place | None = None,
    parent: Place | None = None,
) -> list[Record]:
    """The records with their dates and places; those of a thread that goes on begin at `parent`.

    Each refers to the one before by the id of its content, which is known without asking anybody.
    """
    instant = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    ready: list[Record] = []
    for key, record in zip(keys, records, strict=True):
        made = {**record, "createdAt": instant}
        if root and parent:
            made["reply"] = {"root": root.reference, "parent": parent.reference}
        made = _spelled(made)
        ready.append(made)
        parent = Place(uri_of(did, key), record_cid(made))
        root = root or parent
    return ready


def _spelled(record: Mapping[str, Any]) -> Record:
    """The record as the library sends it: it adds types, which the content's id depends on."""
    spelled: Record = get_model_as_dict(get_or_create(record, models.AppBskyFeedPost.Record))
    return spelled


def commit(
    did: str, keys: Sequence[str], records: Sequence[Record]
) -> models.ComAtprotoRepoApplyWrites.Data:
    """The one request that makes all of them public, or none."""
    writes = [
        models.ComAtprotoRepoApplyWrites.Create(collection=COLLECTION, rkey=key, value=record)
        for key, record in zip(keys, records, strict=True)
    ]
    return models.ComAtprotoRepoApplyWrites.Data(repo=did, writes=[*writes], validate_=True)


class Gist(NamedTuple):
    """What a post shows."""

    text: str
    lang: str | None
    files: tuple[tuple[str, str], ...]
    """The ids of its pictures, or of its video, each with its alternative text. The id is empty for
    a video that Bluesky processed, and of which nothing is on record.
    """
    link: str | None
    """Of its card."""

    def looks_like(self, other: "Gist") -> bool:
        """Whether they show the same, where a file whose id is not known may be any."""
        pairs = zip(self.files, other.files, strict=False)
        same_files = len(self.files) == len(other.files) and all(
            alt == other_alt and (file == other_file or not file or not other_file)
            for (file, alt), (other_file, other_alt) in pairs
        )
        return same_files and self._replace(files=()) == other._replace(files=())


def gists(content: Content, file_ids: Mapping[str, str]) -> list[Gist]:
    """What the parts of a content are to show, in order; `file_ids`: of its uploads, by digest."""
    last = len(content.parts) - 1
    return [
        _gist_of(part, content, content.link if number == last else None, file_ids)
        for number, part in enumerate(content.parts)
    ]


def _gist_of(part: Part, content: Content, link: str | None, file_ids: Mapping[str, str]) -> Gist:
    files = tuple((_file_id(picture, file_ids), picture.alt) for picture in part.pictures)
    return Gist(part.text, content.lang, files, None if files else link)


def _file_id(picture: Picture, file_ids: Mapping[str, str]) -> str:
    return file_ids.get(picture.digest) or ("" if picture.moves else blob_cid(picture.digest))


def gist(record: Mapping[str, Any]) -> Gist:
    """What a record shows."""
    embed = mapping(record.get("embed"))
    images = embed.get("images")
    shown = [
        (one.get("image"), one) for one in map(mapping, images if isinstance(images, list) else [])
    ]
    if "video" in embed:
        shown = [(embed["video"], embed)]
    langs, text = record.get("langs"), record.get("text")
    link = mapping(embed.get("external")).get("uri")
    return Gist(
        text if isinstance(text, str) else "",
        str(langs[0]) if isinstance(langs, list) and langs else None,
        tuple(
            (str(mapping(mapping(file).get("ref")).get("$link")), str(of.get("alt") or ""))
            for file, of in shown
        ),
        link if isinstance(link, str) else None,
    )
