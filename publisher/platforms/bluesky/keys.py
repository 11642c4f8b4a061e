"""Record keys: the ids of posts, which we choose ourselves.

A key is a TID (atproto.com/specs/tid): microseconds since 1970 and a clock's number, as thirteen
signs that sort by time. A delivery keeps its first key for as long as it may go out, also when it
is edited: whatever is sent late or twice, Bluesky takes one record with that key. The same post has
the same first key again in a ledger that was set back and does not know that it is out.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import libipld

from publisher.model.deliveries import Parcel
from publisher.platforms.bluesky.spec import KEY

_SIGNS = "234567abcdefghijklmnopqrstuvwxyz"
_LENGTH = 13
_CLOCK_BITS = 10
_SECOND = 1_000_000  # microseconds
# CID version 1, then DAG-CBOR or plain bytes, then SHA-256 with 32 bytes.
_OF_RECORD, _OF_BYTES = b"\x01\x71\x12\x20", b"\x01\x55\x12\x20"


def first_key(parcel: Parcel) -> str:
    """The key of a post of this name, account and content, of the second at which it is due.

    Its other bits are a hash of these. A server lists records by their keys, and the newest are
    read first: so it begins with the post's time.
    """
    named = f"{parcel.post}\n{parcel.account}\n{parcel.content.digest}"
    mark = int.from_bytes(hashlib.sha256(named.encode()).digest())
    instant = int(parcel.due_at.timestamp()) * _SECOND + mark % _SECOND
    return _written(instant << _CLOCK_BITS | mark // _SECOND % (1 << _CLOCK_BITS))


def is_key(text: str) -> bool:
    """Whether it is a key as we choose them."""
    return re.fullmatch(KEY, text) is not None


def thread_keys(first: str, number: int) -> tuple[str, ...]:
    """The keys of a thread's parts: the first, and those of the microseconds after it."""
    start = 0
    for sign in first:
        start = start << 5 | _SIGNS.index(sign)
    return tuple(_written(start + (part << _CLOCK_BITS)) for part in range(number))


def _written(number: int) -> str:
    return "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))


def record_cid(record: Mapping[str, Any]) -> str:
    """The id of a record's content, as Bluesky computes it."""
    digest = hashlib.sha256(libipld.encode_dag_cbor(_linked(record))).digest()
    return str(libipld.encode_cid(_OF_RECORD + digest))


def blob_cid(digest: str) -> str:
    """The id of a file's content, by its SHA-256 in hexadecimal."""
    return str(libipld.encode_cid(_OF_BYTES + bytes.fromhex(digest)))


def _linked(value: Any) -> Any:
    """The value with each `{"$link": …}` of JSON as the bytes of the id it names."""
    if isinstance(value, Mapping):
        if set(value) == {"$link"}:
            return libipld.decode_multibase(value["$link"])[1]
        return {name: _linked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_linked(each) for each in value]
    return value
