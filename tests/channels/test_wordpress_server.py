"""The WordPress channel against a real WordPress: what anybody else sees of it, and when."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.base.clock import SystemClock
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.channels.wordpress.article import slug_of
from publisher.media import documents, videos
from publisher.media.clean_copy import CleanPicture
from publisher.model.accounts import Account, Owner
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from tests.support import system
from tests.support.pdfs import pdf
from tests.support.sending import send
from tests.support.videos import video as make_video
from tests.support.wordpress_server import site as wordpress_server
from tests.support.wordpress_server.site import TestSite

CLOCK = SystemClock()
TEXT = "L’égalité, <b>50 %</b> & [gallery]\nligne 2\n\nVoir https://www.example.org/a?b=1&c=2."


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """One site for all tests of this module."""
    if packages := wordpress_server.missing():
        system.missing("a part of WordPress", packages)
    with wordpress_server.serve(tmp_path_factory.mktemp("wordpress")) as site:
        yield site


@dataclass
class Desk:
    """A site, and a user's channel to it."""

    site: TestSite
    folder: Path
    media: dict[str, bytes] = field(default_factory=dict)

    def open(
        self, role: str = "author", *, categories: str = "", password: str = "", server: str = ""
    ) -> Channel:
        person = self.site.people[role]
        credentials = {
            "user": person.user,
            "application_password": password or person.password,
            "server": server or self.site.address,
        }
        options = {"categories": categories} if categories else {}
        account = Account(name="bice-wp", channel="wordpress", options=options)
        given = ChannelOptions(
            request_timeout=timedelta(seconds=60), folder=self.folder, clock=CLOCK
        )
        return open_channel(account, credentials, given)

    def picture(self, alt: str, colour: str, credit: str | None = None) -> Picture:
        memory = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(memory, "PNG")
        digest = hashlib.sha256(memory.getvalue()).hexdigest()
        self.media[digest] = memory.getvalue()
        return Picture(
            digest=digest, media_type="image/png", width=64, height=48, alt=alt, name=f"{colour}.png",
            credit=credit,
        )  # fmt: skip

    def gif(self, alt: str) -> Picture:
        memory = io.BytesIO()
        frames = [Image.effect_noise((64, 48), 90) for _ in range(3)]
        frames[0].save(memory, "GIF", save_all=True, append_images=frames[1:])
        return self._file(memory.getvalue(), "image/gif", alt)

    def video(self, alt: str) -> Picture:
        copy = videos.copy(make_video(self.folder / "a.mp4"))
        assert isinstance(copy, CleanPicture)
        return self._file(copy.data, copy.media_type, alt)

    def document(self, alt: str) -> Picture:
        copy = documents.copy(pdf(self.folder / "a.pdf"))
        assert isinstance(copy, CleanPicture)
        return self._file(copy.data, copy.media_type, alt, copy.pages)

    def _file(self, content: bytes, media_type: str, alt: str, pages: int | None = None) -> Picture:
        digest = hashlib.sha256(content).hexdigest()
        self.media[digest] = content
        return Picture(
            digest=digest, media_type=media_type, width=64, height=48, alt=alt, name=digest[:8],
            pages=pages,
        )  # fmt: skip

    def parcel(self, post: str, text: str, *pictures: Picture, **more: Any) -> Parcel:
        content = Content(parts=(Part(text=text, pictures=pictures),), **more)
        return Parcel(post=post, account="bice-wp", content=content, due_at=CLOCK.now())

    def prepare(
        self, channel: Channel, parcel: Parcel, prepared: Prepared | None = None
    ) -> Prepared:
        """Prepare as a worker does, round by round, through the ledger's JSON."""
        known = prepared or Prepared()
        while not known.holds(parcel.content) or known.leftovers:
            kept = Prepared.model_validate_json(known.model_dump_json())
            known = channel.prepare(parcel, kept, self.media.__getitem__)
        return known

    def deliver(self, channel: Channel, parcel: Parcel) -> tuple[Outcome, Prepared]:
        prepared = self.prepare(channel, parcel)
        return send(channel, parcel, prepared, ()), prepared

    def get(self, path: str, role: str = "") -> requests.Response:
        """What a visitor gets; with a role, what that user gets."""
        url = path if path.startswith("http") else f"{self.site.address}{path}"
        person = self.site.people.get(role)
        auth = (person.user, person.password) if person else None
        return requests.get(url, auth=auth, timeout=60, allow_redirects=False)

    def posts(self, slug: str) -> list[dict[str, Any]]:
        """All posts with this slug, or with a number after it, whatever their status."""
        query = f"slug={slug},{slug}-2,{slug}-3&status=any&context=edit"
        found: list[dict[str, Any]] = self.get(f"/wp-json/wp/v2/posts?{query}", "author").json()
        return found

    def pictures_of(self, draft_id: str) -> list[dict[str, Any]]:
        query = f"parent={draft_id}&context=edit"
        found: list[dict[str, Any]] = self.get(f"/wp-json/wp/v2/media?{query}", "author").json()
        return found

    def ask(self, method: str, path: str, **more: Any) -> None:
        """Change something as an editor of the site does by hand."""
        person = self.site.people["editor"]
        requests.request(
            method, f"{self.site.address}/wp-json/wp/v2{path}", auth=(person.user, person.password),
            timeout=60, **more,
        ).raise_for_status()  # fmt: skip


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
    assert channel.find(forgotten, Prepared(), (), CLOCK.now()) == Absent(is_proof=False)
    outcome, _prepared = desk.deliver(channel, parcel)
    assert isinstance(outcome, Accepted)
    seen = channel.find(forgotten, Prepared(), (), CLOCK.now())
    assert isinstance(seen, Accepted)
    assert seen.remote_id == outcome.remote_id
    taken = channel.find(forgotten, Prepared(), (), CLOCK.now(), {outcome.remote_id})
    assert isinstance(taken, Absent)


def replace_forgotten(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"is_forgotten": True})


def test_a_draft_that_somebody_trashed_does_not_come_back(desk: Desk) -> None:
    """WordPress would publish it from the trash."""
    channel, parcel = desk.open(), desk.parcel("trashed", "Jeté")
    prepared = desk.prepare(channel, parcel)
    desk.ask("DELETE", f"/posts/{prepared.draft_id}")
    seen_long_ago = prepared.model_copy(update={"prepared_at": None})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(parcel, seen_long_ago, desk.media.__getitem__)
    assert isinstance(told.value.outcome, Refused)
    assert "trash" in told.value.outcome.message
    assert channel.clear(parcel, prepared.given_up()) == Prepared()


def test_a_draft_that_somebody_deleted_is_refused(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("deleted", "Effacé")
    prepared = desk.prepare(channel, parcel)
    desk.ask("DELETE", f"/posts/{prepared.draft_id}?force=true")
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Refused)
    assert "deleted" in outcome.message
    assert isinstance(channel.find(parcel, prepared, (), CLOCK.now()), Unknown)


def test_a_draft_that_somebody_published_is_told_as_early(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("by hand", "Trop tôt")
    prepared = desk.prepare(channel, parcel).model_copy(update={"prepared_at": None})
    desk.ask("POST", f"/posts/{prepared.draft_id}", json={"status": "publish"})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(parcel, prepared, desk.media.__getitem__)
    outcome = told.value.outcome
    assert isinstance(outcome, Accepted)
    assert outcome.public_since is not None
    with pytest.raises(NotPrepared) as kept:
        channel.clear(parcel, prepared.given_up())
    assert isinstance(kept.value.outcome, Accepted)
    assert desk.get(str(outcome.url)).status_code == 200


def test_a_draft_that_somebody_published_is_not_changed_by_an_edit(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("by hand too", "Version une")
    prepared = desk.prepare(channel, parcel)
    desk.ask("POST", f"/posts/{prepared.draft_id}", json={"status": "publish"})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(
            desk.parcel("by hand too", "Version deux"), prepared, desk.media.__getitem__
        )
    assert isinstance(told.value.outcome, Unknown)


@pytest.mark.parametrize("role", ["contributor", "subscriber"])
def test_a_user_who_may_not_publish_holds_the_account(role: str, desk: Desk) -> None:
    channel, parcel = desk.open(role), desk.parcel(f"by {role}", "Sans droit")
    assert "publish_posts" in str(channel.examine().problem)
    try:
        outcome, _prepared = desk.deliver(channel, parcel)
    except NotPrepared as problem:
        outcome = problem.outcome
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.PERMISSION


def test_another_users_draft_is_neither_taken_nor_deleted(desk: Desk) -> None:
    parcel = desk.parcel("of another", "À un autre")
    prepared = desk.prepare(desk.open("editor"), parcel)
    author = desk.open("author")
    outcome = send(author, parcel, prepared, ())
    assert isinstance(outcome, AccountSuspended)
    assert not isinstance(author.withdraw(str(prepared.draft_id), Prepared()), Accepted)
    assert len(desk.posts(slug_of(parcel.post, parcel.account, parcel.content))) <= 1


HOLD = "add_filter('wp_insert_post_data', fn ($post) => array_merge($post, ['post_status' =>"
PENDING = f"{HOLD} $post['post_status'] === 'publish' ? 'pending' : $post['post_status']]));"


def test_a_plugin_that_holds_posts_for_review_holds_the_account(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("pending", "Relu d’abord")
    with desk.site.plugin(PENDING):
        prepared = desk.prepare(channel, parcel)
        outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, AccountSuspended)
    assert "pending" in outcome.message
    assert isinstance(channel.find(parcel, prepared, (), CLOCK.now()), Absent)
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)


NOTICE = (
    "ini_set('display_errors', '1'); echo \"<br />\\n<b>Notice</b>: {old} in a file<br />\\n\";"
)
CLOSED = "new WP_Error('rest_login_required', 'No.', ['status' => 401])"
SIDES = (
    "add_action('save_post_post', function ($id) {"
    " $had = get_post_meta($id, 'side', true); $wanted = $_REQUEST['lang'] ?? '';"
    " if (!$had) { update_post_meta($id, 'side', $wanted === 'fr' ? 'fr' : 'en'); } });"
    "add_action('rest_api_init', fn () => register_rest_field('post', 'lang',"
    " ['get_callback' => fn ($post) => get_post_meta($post['id'], 'side', true)]));"
)
"""What Polylang does with the language of a new post, whose side it then says."""
PLUGINS = {
    "API for users": (f"add_filter('rest_authentication_errors', fn () => {CLOSED});", AccountSuspended),
    "firewall": ("http_response_code(403); die('<h1>403 Forbidden</h1>');", AccountSuspended),
    "no passwords": (
        "add_filter('wp_is_application_passwords_available', '__return_false');", AccountSuspended,
    ),
    "critical error": ("undefined_function();", Deferred),
    "maintenance": ("http_response_code(503); die('<h1>Briefly unavailable</h1>');", Deferred),
    "page instead": ("die('<!doctype html><html><body>Hello</body></html>');", Deferred),
}  # fmt: skip


@pytest.mark.parametrize("name", PLUGINS)
def test_what_a_plugin_breaks_is_told_and_nothing_is_lost(name: str, desk: Desk) -> None:
    code, expected = PLUGINS[name]
    channel, parcel = desk.open(), desk.parcel(f"plugin {name}", "Cassé")
    with desk.site.plugin(code):
        assert channel.examine().problem
        with pytest.raises(NotPrepared) as told:
            desk.prepare(channel, parcel)
        assert isinstance(told.value.outcome, expected)
        assert not isinstance(channel.owner(), Owner)
    assert isinstance(desk.deliver(channel, parcel)[0], Accepted)


@pytest.mark.parametrize("name", ["critical error", "maintenance", "page instead", "firewall"])
def test_what_breaks_at_the_instant_leaves_a_doubt_that_reading_ends(name: str, desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel(f"instant {name}", "Au moment même")
    prepared = desk.prepare(channel, parcel)
    with desk.site.plugin(PLUGINS[name][0]):
        assert isinstance(send(channel, parcel, prepared, ()), Unknown)
        unread = channel.find(parcel, prepared, (), CLOCK.now())
        assert isinstance(unread, Deferred | AccountSuspended)
    assert channel.find(parcel, prepared, (), CLOCK.now()) == Absent()


DETACH = (
    "add_action('rest_after_insert_attachment', "
    "fn ($one) => wp_update_post(['ID' => $one->ID, 'post_parent' => 0]));"
)


def test_a_plugin_that_takes_pictures_from_their_post_does_not_keep_a_worker_for_ever(
    desk: Desk,
) -> None:
    channel, parcel = desk.open(), desk.parcel("detached", "Seul", desk.picture("Un", "orchid"))
    with desk.site.plugin(DETACH), pytest.raises(NotPrepared) as told:
        desk.prepare(channel, parcel)
    outcome = told.value.outcome
    assert isinstance(outcome, Deferred)
    assert outcome.most
    assert isinstance(desk.deliver(channel, parcel)[0], Accepted)


def test_messages_of_php_before_an_answer_do_not_hide_it(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("notices", "Bavard", desk.picture("Un", "plum"))
    with desk.site.plugin(NOTICE):
        assert channel.examine().problem is None
        outcome, prepared = desk.deliver(channel, parcel)
        assert isinstance(outcome, Accepted)
        assert isinstance(channel.withdraw(outcome.remote_id, prepared), Accepted)


def test_the_other_kind_of_address_works_and_is_told(desk: Desk) -> None:
    plain = desk.open(server=f"{desk.site.address}/?rest_route=/")
    outcome, prepared = desk.deliver(plain, desk.parcel("plain", "Sans permaliens"))
    assert isinstance(outcome, Accepted)
    assert isinstance(plain.withdraw(outcome.remote_id, prepared), Accepted)
    told = str(desk.open(server=f"{desk.site.address}/nowhere").examine().problem)
    assert told.endswith("/nowhere/?rest_route=/")


def test_the_owner_is_a_user_of_this_site(desk: Desk) -> None:
    channel, person = desk.open(), desk.site.people["author"]
    place = desk.site.address.removeprefix("http://")
    assert channel.owner() == Owner(id=f"{place}#{person.id}", name="author-user")
    found = channel.examine()
    assert found.problem is None
    assert found.owner == channel.owner()
    assert found.profile
    assert (found.profile.name, found.profile.id) == ("Author", f"{place}#{person.id}")


def test_wrong_credentials_hold_the_account(desk: Desk) -> None:
    wrong = desk.open(password="abcd efgh ijkl mnop")
    problem = str(wrong.examine().problem)
    assert "application password" in problem
    assert "abcd" not in problem
    with pytest.raises(NotPrepared) as told:
        desk.prepare(wrong, desk.parcel("wrong", "Non"))
    assert isinstance(told.value.outcome, AccountSuspended)
    assert told.value.outcome.kind is Kind.AUTH


def test_a_category_that_is_not_there_is_told_with_those_that_are(desk: Desk) -> None:
    """WordPress itself would take the post without it."""
    channel = desk.open(categories="News & events, Nouvelles")
    (remark,) = channel.examine().remarks
    assert "Nouvelles" in remark
    assert "Actualités" in remark
    with pytest.raises(NotPrepared) as told:
        desk.prepare(channel, desk.parcel("category", "Non classé"))
    assert isinstance(told.value.outcome, AccountSuspended)


def test_a_picture_that_is_too_big_for_the_host_is_deferred_a_few_times(desk: Desk) -> None:
    picture = desk.picture("Énorme", "black")
    desk.media[picture.digest] += bytes(3_000_000)
    with pytest.raises(NotPrepared) as told:
        desk.prepare(desk.open(), desk.parcel("big", "Trop grand", picture))
    outcome = told.value.outcome
    assert isinstance(outcome, Deferred)
    assert outcome.most
    assert "upload_max_filesize" in outcome.message
    desk.media[picture.digest] += bytes(9_000_000)  # PHP throws the whole request away
    with pytest.raises(NotPrepared) as told:
        desk.prepare(desk.open(), desk.parcel("big", "Trop grand", picture))
    assert isinstance(told.value.outcome, Refused)


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
