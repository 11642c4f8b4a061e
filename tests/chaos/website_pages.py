"""The website's posts, dated by the disk."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from publisher.rehearsal import website
from tests.chaos.verdict import Post


def pages(root: Path) -> Iterator[Post]:
    """The website's posts. A page that was written again is as old as its last writing; that of one
    that was corrected is its edit.
    """
    for post in website.posts(root):
        page = root / post["account"] / "posts" / f"{post['id']}.html"
        written = datetime.fromtimestamp(page.stat().st_mtime, UTC).isoformat()
        stored = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
        if stored.get("corrections"):
            yield {**post, "published_at": stored["published"], "edits": [written]}
        else:
            yield {**post, "published_at": written}
