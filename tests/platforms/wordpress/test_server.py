"""The WordPress channel against a real WordPress: what anybody else sees of it, and when."""

import hashlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from PIL import Image

from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Refused,
)
from publisher.platforms.wordpress.article import slug_of
from tests.platforms.wordpress.desk import CLOCK, Desk
from tests.support.sending import send
from tests.support.wordpress_server.site import TestSite

pytestmark = pytest.mark.deep

TEXT = "L’égalité, <b>50 %</b> & [gallery]\nligne 2\n\nVoir https://www.example.org/a?b=1&c=2."


@pytest.fixture
def desk(served: TestSite, tmp_path: Path) -> Desk:
    return Desk(served, tmp_path)


def where_a_visitor_looks(draft_id: str, media_id: str, slug: str) -> list[str]:
    return [
        "/",
        f"/?p={draft_id}",
        f"/?p={draft_id}&preview=true",
        f"/{CLOCK.now():%Y/%m}/{slug}/",
        "/feed/",
        "/comments/feed/",
        "/wp-sitemap-posts-post-1.xml",
        f"/?attachment_id={media_id}",
        f"/?p={media_id}",
        "/author/author-user/",
        f"/wp-json/wp/v2/posts/{draft_id}",
        f"/wp-json/wp/v2/posts?slug={slug}",
        "/wp-json/wp/v2/posts?per_page=100",
        f"/wp-json/wp/v2/media/{media_id}",
        "/wp-json/wp/v2/media?per_page=100",
        f"/wp-json/wp/v2/media?parent={draft_id}",
        "/wp-json/wp/v2/search?search=Secret",
        "/wp-content/uploads/",
        f"/wp-content/uploads/{CLOCK.now():%Y/%m}/",
    ]


def test_nobody_sees_a_draft_or_its_pictures_before_its_time(desk: Desk) -> None:
    """A picture's file is public under its name alone, which nobody can guess."""
    channel = desk.open()
    first, second = desk.picture("Un secret", "teal"), desk.picture("Deux", "olive")
    parcel = desk.parcel("early", "Secret jusqu’à midi", first, second)
    prepared = desk.prepare(channel, parcel)
    slug = slug_of(parcel.post, parcel.account, parcel.content)
    for path in where_a_visitor_looks(str(prepared.draft_id), prepared.photos[0], slug):
        told = desk.get(path)
        words = told.text + told.headers.get("location", "")
        for hidden in ("Secret", "Un secret", first.digest, second.digest, slug):
            if not path.endswith(f"={hidden}"):  # a page repeats what it was asked for
                assert hidden not in words, path
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert first.digest in desk.get("/wp-json/wp/v2/media?per_page=100").text


def test_a_picture_that_is_attached_to_nothing_would_be_listed(desk: Desk) -> None:
    """Why each one is attached to its draft: this is what WordPress does otherwise."""
    digest = desk.picture("Libre", "maroon").digest
    files = {"file": (f"{digest}.png", desk.media[digest], "image/png")}
    person = desk.site.people["author"]
    requests.post(
        f"{desk.site.address}/wp-json/wp/v2/media", auth=(person.user, person.password), files=files,
        timeout=60,
    ).raise_for_status()  # fmt: skip
    assert digest in desk.get("/wp-json/wp/v2/media?per_page=100").text


def test_a_post_is_shown_as_it_was_written(desk: Desk) -> None:
    pictures = (
        desk.picture('Une <carte> & "x"', "red", credit="Moi & <toi>"),
        desk.picture("Deux", "green", credit="A [b]"),
        desk.picture("Trois", "blue"),
    )
    parcel = desk.parcel(
        "shown",
        TEXT,
        *pictures,
        title="Le <titre> & l’autre",
        link="https://www.example.org/x?a=1&b=2",
    )
    outcome, _prepared = desk.deliver(desk.open(categories="actualités, 2"), parcel)
    assert isinstance(outcome, Accepted)
    page = desk.get(str(outcome.url)).text
    begin = page.index("<article")
    page = page[begin : page.index("</article")]
    assert "<h1>Le &lt;titre&gt; &amp; l’autre</h1>" in page
    assert "<p>L’égalité, &lt;b&gt;50 %&lt;/b&gt; &amp; &#091;gallery]<br>\nligne 2</p>" in page
    link = "https://www.example.org/a?b=1&amp;c=2"
    assert f'<p>Voir <a href="{link}" rel="noopener">{link}</a>.</p>' in page
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', page)
    assert alts == ["Une &lt;carte&gt; &amp; &quot;x&quot;", "Deux", "Trois"]
    assert re.findall(r"<figcaption[^>]*>([^<]*)<", page) == ["© A &#091;b]"]
    assert '<p class="has-small-font-size">© Moi &amp; &lt;toi&gt;</p>' in page
    assert 'href="https://www.example.org/x?a=1&amp;b=2"' in page
    told = desk.get(f"/wp-json/wp/v2/posts/{outcome.remote_id}").json()
    assert sorted(told["categories"]) == sorted(desk.site.categories.values())


def test_publishing_twice_makes_one_post_with_the_time_of_the_first(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("twice", "Une seule fois")
    prepared = desk.prepare(channel, parcel)
    before = CLOCK.now().replace(microsecond=0)
    outcomes = [send(desk.open(), parcel, prepared, ()) for _ in range(3)]
    assert len(set(map(str, outcomes))) == 1
    assert isinstance(outcomes[0], Accepted)
    (post,) = desk.posts(slug_of(parcel.post, parcel.account, parcel.content))
    assert post["status"] == "publish"
    dated = datetime.fromisoformat(post["date_gmt"]).replace(tzinfo=UTC)
    assert before <= dated <= CLOCK.now()
    seen = channel.find(parcel, prepared, (), before)
    assert isinstance(seen, Accepted)
    assert (seen.remote_id, seen.url) == (outcomes[0].remote_id, outcomes[0].url)


def test_a_draft_whose_answer_was_lost_is_found_by_its_slug(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("lost", "Perdu en route", desk.picture("Un", "pink"))
    lost = channel.prepare(parcel, Prepared(), desk.media.__getitem__)
    begun = Prepared().begin(parcel.content, CLOCK.now())
    prepared = desk.prepare(channel, parcel, begun)
    assert prepared.draft_id == lost.draft_id
    assert str(lost.draft_id) in str(channel.prepare(parcel, begun, desk.media.__getitem__).note)
    assert len(desk.posts(slug_of(parcel.post, parcel.account, parcel.content))) == 1


def test_two_lost_drafts_leave_one(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("lost twice", "Perdu deux fois")
    for _ in range(2):
        channel.prepare(parcel, Prepared(), desk.media.__getitem__)
    slug = slug_of(parcel.post, parcel.account, parcel.content)
    assert sorted(post["slug"] for post in desk.posts(slug)) == [slug, f"{slug}-2"]
    desk.prepare(channel, parcel, Prepared().begin(parcel.content, CLOCK.now()))
    assert [post["slug"] for post in desk.posts(slug)] == [slug]


def test_a_post_that_a_ledger_forgot_is_not_made_twice(desk: Desk) -> None:
    """Its slug is taken: a ledger that was set back prepares it as if it were new."""
    channel, parcel = desk.open(), desk.parcel("forgotten", "Une seule fois encore")
    sent = send(channel, parcel, desk.prepare(channel, parcel), ())
    assert isinstance(sent, Accepted)
    with pytest.raises(NotPrepared) as found:
        channel.prepare(parcel, Prepared(), desk.media.__getitem__)
    assert isinstance(found.value.outcome, Accepted)
    assert found.value.outcome.remote_id == sent.remote_id
    slug = slug_of(parcel.post, parcel.account, parcel.content)
    assert [post["slug"] for post in desk.posts(slug)] == [slug]


def test_a_picture_whose_answer_was_lost_does_not_stay(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("stray", "Photo", desk.picture("Un", "navy"))
    draft = channel.prepare(parcel, Prepared(), desk.media.__getitem__)
    channel.prepare(parcel, draft, desk.media.__getitem__)  # nobody wrote down what it uploaded
    prepared = desk.prepare(channel, parcel, draft)
    assert [str(one["id"]) for one in desk.pictures_of(str(draft.draft_id))] == list(
        prepared.photos
    )


def test_an_edit_changes_the_same_draft_and_its_pictures(desk: Desk) -> None:
    channel = desk.open()
    before = desk.parcel("edited", "Avant", desk.picture("Ancienne description", "gold"))
    after = desk.parcel("edited", "Après", desk.picture("Nouvelle description", "gold"))
    first = desk.prepare(channel, before)
    prepared = desk.prepare(channel, after, first)
    assert prepared.draft_id == first.draft_id
    outcome = send(channel, after, prepared, ())
    assert isinstance(outcome, Accepted)
    page = desk.get(str(outcome.url)).text
    assert "Après" in page
    assert "Nouvelle description" in page
    assert "Ancienne" not in page
    assert len(desk.pictures_of(outcome.remote_id)) == 1


def test_what_is_withdrawn_is_gone_with_its_pictures(desk: Desk) -> None:
    channel = desk.open()
    parcel = desk.parcel(
        "gone", "À retirer", desk.picture("Un", "cyan"), desk.picture("Deux", "lime")
    )
    outcome, prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    files = [one["source_url"] for one in desk.pictures_of(outcome.remote_id)]
    assert [desk.get(url).status_code for url in files] == [200, 200]
    for _ in range(2):
        assert isinstance(channel.withdraw(outcome.remote_id, prepared), Accepted)
    for path in (*files, str(outcome.url), f"/?p={outcome.remote_id}"):
        assert desk.get(path).status_code == 404
    for digest in desk.media:
        assert digest not in desk.get("/wp-json/wp/v2/media?per_page=100").text


def test_what_will_not_be_used_is_cleared_and_never_listed(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("unused", "Jamais", desk.picture("Un", "tan"))
    prepared = desk.prepare(channel, parcel).given_up()
    files = [one["source_url"] for one in desk.pictures_of(prepared.leftovers[0])]
    assert channel.clear(parcel, prepared) == Prepared()
    assert desk.get(files[0]).status_code == 404
    assert desk.posts(slug_of(parcel.post, parcel.account, parcel.content)) == []


def test_what_an_editor_attached_to_the_draft_stays_on_the_site(desk: Desk) -> None:
    """Only files with a name that Publisher gave are its own."""
    channel, parcel = desk.open(), desk.parcel("guest", "Avec un invité")
    prepared = desk.prepare(channel, parcel)
    memory = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(memory, "PNG")
    files = {"file": ("invite.png", memory.getvalue(), "image/png")}
    desk.ask("POST", "/media", files=files, data={"post": prepared.draft_id})
    channel.clear(parcel, prepared.given_up())
    assert "invite.png" in desk.get("/wp-json/wp/v2/media?per_page=100").text


def test_a_lost_ledger_finds_its_post_by_its_slug(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("forgotten", "Oublié")
    forgotten = replace_forgotten(parcel)
    assert channel.find(forgotten, Prepared(), (), CLOCK.now()) == Absent(lists_all=False)
    outcome, _prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    seen = channel.find(forgotten, Prepared(), (), CLOCK.now())
    assert isinstance(seen, Accepted)
    assert seen.remote_id == outcome.remote_id
    taken = channel.find(forgotten, Prepared(), (), CLOCK.now(), {outcome.remote_id})
    assert isinstance(taken, Absent)


def replace_forgotten(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"is_forgotten": True})


SIDES = (
    "add_action('save_post_post', function ($id) {"
    " $had = get_post_meta($id, 'side', true); $wanted = $_REQUEST['lang'] ?? '';"
    " if (!$had) { update_post_meta($id, 'side', $wanted === 'fr' ? 'fr' : 'en'); } });"
    "add_action('rest_api_init', fn () => register_rest_field('post', 'lang',"
    " ['get_callback' => fn ($post) => get_post_meta($post['id'], 'side', true)]));"
)
"""What Polylang does with the language of a new post, whose side it then says."""


def test_a_post_stands_on_the_side_that_a_plugin_gives_its_language(desk: Desk) -> None:
    with desk.site.plugin(SIDES):
        channel = desk.open()
        prepared = desk.prepare(channel, desk.parcel("side fr", "En français", lang="fr"))
        (post,) = [desk.get(f"/wp-json/wp/v2/posts/{prepared.draft_id}?context=edit", "author")]
        assert post.json()["lang"] == "fr"
        with pytest.raises(NotPrepared) as told:
            desk.prepare(channel, desk.parcel("side de", "Auf Deutsch", lang="de"))
    assert isinstance(told.value.outcome, Refused)


def test_a_hashtag_that_the_site_has_as_a_tag_becomes_one(desk: Desk) -> None:
    desk.ask("POST", "/tags", json={"name": "Droits des enfants"})
    parcel = desk.parcel("tags", "Pour les #DroitsDesEnfants, à #Nulle_part_ailleurs")
    outcome, _prepared = desk.deliver(desk.open(), parcel)
    assert isinstance(outcome, Accepted)
    (number,) = desk.get(f"/wp-json/wp/v2/posts/{outcome.remote_id}").json()["tags"]
    assert desk.get(f"/wp-json/wp/v2/tags/{number}").json()["name"] == "Droits des enfants"


def test_a_video_a_gif_and_a_document_are_shown_and_go_with_their_post(desk: Desk) -> None:
    """WordPress filters what an author may write, and keeps all of it."""
    files = (
        desk.gif("Une horloge"),
        desk.picture("Une carte", "salmon"),
        desk.video("La salle & son public"),
        desk.document("Le rapport"),
    )
    channel = desk.open()
    parcel = desk.parcel("files", "Avec des fichiers", *files, title="Rapport & annexes")
    outcome, prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    page = desk.get(str(outcome.url)).text
    sources = {one["mime_type"]: one["source_url"] for one in desk.pictures_of(outcome.remote_id)}
    assert set(sources) == {"image/gif", "image/png", "video/mp4", "application/pdf"}
    assert f'<video controls src="{sources["video/mp4"]}"></video>' in page
    assert "La salle &amp; son public</figcaption>" in page
    assert f'<a href="{sources["application/pdf"]}">Rapport &amp; annexes</a>' in page
    assert f'src="{sources["image/gif"]}"' in page
    for url, shown in zip(sources.values(), sources, strict=True):
        (file,) = [one for one in files if one.media_type == shown]
        sent = requests.get(url, timeout=60).content
        assert hashlib.sha256(sent).hexdigest() == file.digest, shown
    assert isinstance(channel.withdraw(outcome.remote_id, prepared), Accepted)
    assert all(desk.get(url).status_code == 404 for url in sources.values())


FORBIDDEN = (
    "add_filter('pre_delete_attachment', fn ($check, $post) =>"
    " get_posts(['post_type' => 'attachment', 'post_status' => 'any', 'post_parent' =>"
    " $post->post_parent, 'fields' => 'ids', 'numberposts' => -1, 'suppress_filters' => false]) ==="
    " [$post->ID] ? false : $check, 10, 2);"
)
"""A plugin that keeps the last picture of each post."""


def test_a_picture_that_stays_is_found_again_though_none_is_on_record(desk: Desk) -> None:
    """Nobody sees the post meanwhile, and WordPress does not list its picture."""
    channel = desk.open()
    parcel = desk.parcel(
        "kept", "À retirer", desk.picture("Un", "peru"), desk.picture("Deux", "sienna")
    )
    outcome, _prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    with desk.site.plugin(FORBIDDEN):
        assert not isinstance(channel.withdraw(outcome.remote_id, Prepared()), Accepted)
    assert desk.get(f"/?p={outcome.remote_id}").status_code == 404
    (left,) = desk.pictures_of(outcome.remote_id)
    assert left["source_url"] not in desk.get("/wp-json/wp/v2/media?per_page=100").text
    assert isinstance(channel.withdraw(outcome.remote_id, Prepared()), Accepted)
    assert desk.get(left["source_url"]).status_code == 404
