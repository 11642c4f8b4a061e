"""Website of a rehearsal: its posts, in the format of the sandbox's state."""

import hashlib
import json
from pathlib import Path
from typing import Any


def posts(root: Path) -> list[dict[str, Any]]:
    """The posts with a page below `root`, whose folders are named after the accounts."""
    return [
        _post(folder, page)
        for folder in sorted(root.glob("*/"))
        for page in sorted(folder.glob("posts/*.html"))
    ]


def _post(folder: Path, page: Path) -> dict[str, Any]:
    content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return {
        "channel": "site",
        "account": folder.name,
        "id": page.stem,
        "text": content["text"],
        "in_reply_to": None,
        "link": content["link"],
        "media": [
            {"sha256": _digest(folder / image["file"]), "alt": image["alt"]}
            for image in content["images"]
        ],
        "published": True,
        "deleted": False,
    }


def _digest(picture: Path) -> str | None:
    """SHA-256 of a picture; None if it does not exist."""
    return hashlib.sha256(picture.read_bytes()).hexdigest() if picture.is_file() else None
