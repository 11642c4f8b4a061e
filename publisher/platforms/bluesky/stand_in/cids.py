"""Content ids of records and files (DAG-CBOR, CID version 1), and the references that name them.

The ids are written from their specifications. The channel gets them from a library: so a mistake
of either shows.
"""

import base64
import hashlib
import struct
from typing import Any

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.store import Store, StoredPost

COLLECTION = "app.bsky.feed.post"
_SHA_256 = b"\x12\x20"
_RECORD, _BYTES = b"\x01\x71", b"\x01\x55"
_SIZES = ((0x18, "B", 1 << 8), (0x19, ">H", 1 << 16), (0x1A, ">I", 1 << 32), (0x1B, ">Q", 1 << 64))


def record_cid(record: dict[str, Any]) -> str:
    """The id of a record, given as JSON. Raises ValueError for what no record may contain."""
    return _written(_RECORD + _SHA_256 + hashlib.sha256(_encoded(record)).digest())


def file_cid(content: bytes) -> str:
    """The id of a file."""
    return _written(_BYTES + _SHA_256 + hashlib.sha256(content).digest())


def _written(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def _read(cid: str) -> bytes:
    letters = cid[1:].upper()
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        raise ValueError(f"{cid} is no CID") from None


def _encoded(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_encoded, value))
    if isinstance(value, dict) and set(value) == {"$link"}:
        link = b"\x00" + _read(str(value["$link"]))
        return b"\xd8\x2a" + _head(2, len(link)) + link
    if isinstance(value, dict):
        named = sorted((name.encode(), each) for name, each in value.items())
        shortest_first = sorted(named, key=lambda pair: len(pair[0]))
        pairs = (_head(3, len(name)) + name + _encoded(each) for name, each in shortest_first)
        return _head(5, len(value)) + b"".join(pairs)
    raise ValueError(f"a record cannot have {type(value).__name__}")


def _head(kind: int, number: int) -> bytes:
    """The beginning of a value: its kind, and its number or length in as few bytes as can be."""
    if number < 24:
        return bytes([kind << 5 | number])
    for mark, form, limit in _SIZES:
        if number < limit:
            return bytes([kind << 5 | mark]) + struct.pack(form, number)
    raise ValueError("a number is too big")


def reference(account: SandboxAccount, entry: StoredPost) -> dict[str, str]:
    uri = f"at://{account.user_id}/{COLLECTION}/{entry.id}"
    return {"uri": uri, "cid": record_cid(entry.record or {})}


def own_post(store: Store, account: SandboxAccount, key: str) -> StoredPost | None:
    """The account's post with this key, if it is there."""
    entry = store.find("bluesky", key)
    return entry if entry and entry.account == account.name else None
