"""What is found: by the log's presets, by the search, and at a glance by a thumbnail."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import insert

from publisher.app import Application
from publisher.ledger.reading import log_pages
from publisher.ledger.tables import media
from publisher.model.outcomes import Kind, Refused
from tests.support.happening import ends
from tests.support.pages import Visit


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_log_has_presets_and_counts_what_it_finds(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    ends(app, delivery, Refused(Kind.CONTENT, "Too long."))
    manager.get("/log")
    found = re.search(r'<a href="(/log\?state=trouble)">Problems</a>', manager.page)
    assert found
    manager.get(found[1])
    assert re.findall(r'<td class="what"[^>]*><a href="/posts/([^"]+)">', manager.page) == [
        "site/news.fr"
    ]
    assert '<span class="dim found">1</span>' in manager.page
    assert '<a href="/log?state=trouble" aria-current="true">Problems</a>' in manager.page
    monkeypatch.setattr(log_pages, "COUNTED", 2)
    manager.get("/log")
    assert '<span class="dim found">2+</span>' in manager.page


def test_the_search_finds_posts_drafts_the_agenda_accounts_and_people(
    manager: Visit, address: str
) -> None:
    def sections(words: str) -> list[str]:
        manager.get(f"/search?q={words}")
        return re.findall(r'<h2 id="(\w+)">', manager.page)

    assert sections("bonjour geneve") == ["posts"]
    assert sections("sans heure") == ["drafts"]
    assert sections("journee annuelle") == ["agenda"]
    assert sections("bice-x") == ["drafts", "accounts"]
    assert sections("nowhere-at-all") == []
    assert "Nothing contains these words." in manager.text
    assert sections("") == []
    assert "people" not in sections("direction"), "only an admin looks after people"
    with Visit(address) as admin:
        admin.log_in("chef")
        admin.get("/search?q=direction")
        assert '<h2 id="people">' in admin.page


def test_a_picture_has_a_thumbnail(app: Application, manager: Visit) -> None:
    image = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(image, "PNG")
    with app.database.write() as connection:
        for digest, kind, data in (("a", "image/png", image.getvalue()), ("b", "video/mp4", b"x")):
            row = {"digest": 64 * digest, "media_type": kind, "data": data}
            connection.execute(insert(media).values(row))
    small = manager.get(f"/media/{64 * 'a'}/small")
    assert small.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(small.content)).size == (96, 96)
    for name in (64 * "b", 64 * "c", "x"):
        assert manager.get(f"/media/{name}/small").status_code == 404
