"""A page of the sandbox as one file that needs no server."""

import base64
import re
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

_PICTURE = re.compile(r'(?P<before><img\b[^>]*?\bsrc=")(?P<address>[^"]+)(?P<after>")')


def save(address: str, path: Path) -> None:
    """Fetch the page at `address`, put its pictures inside, and write it to `path`."""

    def embed(match: re.Match[str]) -> str:
        source = match["address"]
        if not source.startswith("data:"):
            source = _as_data(urljoin(address, source))
        return f"{match['before']}{source}{match['after']}"

    body, _ = _fetch(address)
    path.write_text(_PICTURE.sub(embed, body.decode()), encoding="utf-8")


def _as_data(address: str) -> str:
    body, media_type = _fetch(address)
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"


def _fetch(address: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(address) as answer:  # noqa: S310
        return answer.read(), answer.headers.get_content_type()
