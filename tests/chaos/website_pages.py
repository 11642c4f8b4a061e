"""The website's posts, dated by the disk."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from publisher.rehearsal import website
from tests.chaos.verdict import Post


class Pages:
    """Notes when pages appear: one that is corrected is written again, and keeps no other date."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._appeared: dict[Path, datetime] = {}

    def look(self) -> None:
        """Note the pages that are new; to be called all the time."""
        for page in self._root.glob("*/posts/*.html"):
            if page not in self._appeared:
                self._appeared[page] = _written(page)

    def posts(self) -> Iterator[Post]:
        """The posts, as in the sandbox's `state.json`; its last writing is a page's edit."""
        self.look()
        for post in website.posts(self._root):
            page = self._root / post["account"] / "posts" / f"{post['id']}.html"
            dated = {**post, "published_at": self._appeared[page].isoformat()}
            stored = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
            is_edited = bool(stored.get("corrections"))
            yield {**dated, "edits": [_written(page).isoformat()]} if is_edited else dated


def _written(page: Path) -> datetime:
    return datetime.fromtimestamp(page.stat().st_mtime, UTC)
