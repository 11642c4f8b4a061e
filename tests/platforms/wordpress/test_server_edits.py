"""Edits of articles against a real WordPress."""

from pathlib import Path

import pytest

from publisher.channels.base import Channel
from publisher.model.content import Correction, Original
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Refused, Unknown
from tests.platforms.wordpress.desk import CLOCK, Desk
from tests.support.sending import send
from tests.support.wordpress_server.site import TestSite

NOTHING = Prepared()


@pytest.fixture
def desk(served: TestSite, tmp_path: Path) -> Desk:
    return Desk(served, tmp_path)


def _out(desk: Desk, channel: Channel, parcel: Parcel) -> Original:
    outcome, _prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    return Original(remote_ids=(outcome.remote_id,), url=outcome.url, content=parcel.content)


def _correcting(parcel: Parcel, target: Original, text: str) -> Parcel:
    told = Correction(corrects=parcel.post, way="edit", reason="Un chiffre.")
    part = parcel.content.parts[0].model_copy(update={"text": text})
    content = parcel.content.model_copy(update={"parts": (part,), "correction": told})
    return parcel.model_copy(
        update={"post": f"{parcel.post}-fix", "content": content, "target": target}
    )


def _ready(desk: Desk, channel: Channel, parcel: Parcel) -> Prepared:
    return channel.prepare(parcel, NOTHING, desk.media.__getitem__)


def test_an_edit_changes_the_words_and_leaves_the_rest(desk: Desk) -> None:
    """Also what an editor added on the website."""
    channel = desk.open()
    pictures = (desk.picture("Une carte", "teal", "BICE"), desk.picture("Une autre", "olive"))
    parcel = desk.parcel("edited", "Trois [sur] dix & <b>.\n\nDeux.", *pictures, lang="fr")
    target = _out(desk, channel, parcel)
    (post_id,) = target.remote_ids
    written = desk.get(f"/wp-json/wp/v2/posts/{post_id}?context=edit", "editor").json()
    added = '<!-- wp:separator -->\n<hr class="wp-block-separator"/>\n<!-- /wp:separator -->'
    body = {"content": f"{written['content']['raw']}\n\n{added}"}
    desk.ask("POST", f"/posts/{post_id}", json=body)
    fix = _correcting(parcel, target, "Quatre [sur] dix & <b> d’accord.\n\nDeux.")
    prepared = _ready(desk, channel, fix)
    assert isinstance(channel.find(fix, prepared, (), CLOCK.now()), Absent)
    outcome = send(channel, fix, prepared, ())
    assert isinstance(outcome, Accepted), outcome
    assert outcome.url == target.url
    assert channel.find(fix, prepared, (), CLOCK.now()) == outcome
    page = desk.get(str(target.url)).text
    assert "Quatre &#91;sur] dix" in page or "Quatre [sur] dix" in page
    assert "Trois" not in page
    now = desk.get(f"/wp-json/wp/v2/posts/{post_id}?context=edit", "editor").json()
    assert "wp:separator" in now["content"]["raw"]
    assert "wp:image" in now["content"]["raw"]
    assert now["featured_media"] == written["featured_media"]
    assert (now["status"], now["link"]) == ("publish", written["link"])


def test_words_that_an_editor_changed_are_for_a_person(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("by hand 3", "Trois sur dix.")
    target = _out(desk, channel, parcel)
    fix = _correcting(parcel, target, "Quatre sur dix.")
    prepared = _ready(desk, channel, fix)
    body = {"content": "<!-- wp:paragraph -->\n<p>Cinq.</p>\n<!-- /wp:paragraph -->"}
    desk.ask("POST", f"/posts/{target.remote_ids[0]}", json=body)
    assert isinstance(channel.find(fix, prepared, (), CLOCK.now()), Unknown)


def test_an_edit_of_what_is_deleted_is_refused(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("gone 3", "Trois sur dix.")
    target = _out(desk, channel, parcel)
    fix = _correcting(parcel, target, "Quatre sur dix.")
    prepared = _ready(desk, channel, fix)
    desk.ask("DELETE", f"/posts/{target.remote_ids[0]}?force=true")
    assert isinstance(channel.find(fix, prepared, (), CLOCK.now()), Absent)
    assert isinstance(send(channel, fix, prepared, ()), Refused)
