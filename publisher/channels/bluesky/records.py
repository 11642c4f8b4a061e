"""Records: the posts of a thread as Bluesky keeps them, and the one commit that makes them public.

What is prepared lacks dates and places in the thread: these are added when the request is built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from atproto_client import models
from atproto_client.models.blob_ref import BlobRef, IpldLink
from atproto_client.models.utils import get_model_as_dict, get_or_create
from atproto_client.utils import detect_facets, detect_mentions

from publisher.channels.answers import mapping
from publisher.channels.bluesky.keys import blob_cid, record_cid
from publisher.model.content import Content, Part, Picture

COLLECTION = "app.bsky.feed.post"
_EPOCH = "1970-01-01T00:00:00.000Z"

Record = dict[str, Any]


def handles(texts: Sequence[str]) -> list[str]:
    """The handles that the texts mention, in lower case, each once."""
    found = (mention.handle.lower() for text in texts for mention in detect_mentions(text))
    return list(dict.fromkeys(found))


def undated(
    content: Content, sizes: Mapping[str, int], dids: Mapping[str, str]
) -> tuple[Record, ...]:
    """The records of a thread's parts, without date and place.

    `sizes` are those of the uploaded pictures by digest; `dids` the mentioned accounts by handle.
    """
    parts, last = content.parts, len(content.parts) - 1
    return tuple(
        _undated(part, content, sizes, dids, link=content.link if number == last else None)
        for number, part in enumerate(parts)
    )


def _undated(
    part: Part,
    content: Content,
    sizes: Mapping[str, int],
    dids: Mapping[str, str],
    link: str | None,
) -> Record:
    embed: models.AppBskyEmbedImages.Main | models.AppBskyEmbedExternal.Main | None = None
    if part.pictures:
        images = [_image(picture, sizes[picture.digest]) for picture in part.pictures]
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


def _image(picture: Picture, size: int) -> models.AppBskyEmbedImages.Image:
    return models.AppBskyEmbedImages.Image(
        alt=picture.alt,
        aspect_ratio=models.AppBskyEmbedDefs.AspectRatio(
            width=picture.width, height=picture.height
        ),
        image=BlobRef(
            mime_type=picture.media_type,
            size=size,
            ref=IpldLink(link=blob_cid(picture.digest)),
        ),
    )


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


Gist = tuple[str, str | None, tuple[tuple[str, str], ...], str | None]
"""What a post shows: text, language, pictures with their texts, the link of its card."""


def gist_of(part: Part, content: Content, link: str | None) -> Gist:
    """What a part is to show."""
    pictures = tuple((blob_cid(picture.digest), picture.alt) for picture in part.pictures)
    return part.text, content.lang, pictures, None if pictures else link


def gists(content: Content) -> list[Gist]:
    """What the parts of a content are to show, in order."""
    last = len(content.parts) - 1
    return [
        gist_of(part, content, content.link if number == last else None)
        for number, part in enumerate(content.parts)
    ]


def gist(record: Mapping[str, Any]) -> Gist:
    """What a record shows."""
    embed = mapping(record.get("embed"))
    images = embed.get("images")
    pictures = tuple(
        (str(mapping(mapping(one.get("image")).get("ref")).get("$link")), str(one.get("alt")))
        for one in map(mapping, images if isinstance(images, list) else [])
    )
    langs, text = record.get("langs"), record.get("text")
    lang = str(langs[0]) if isinstance(langs, list) and langs else None
    link = mapping(embed.get("external")).get("uri")
    return (
        text if isinstance(text, str) else "",
        lang,
        pictures,
        link if isinstance(link, str) else None,
    )
