"""Who gets a post, and exactly what."""

from pathlib import Path

import pytest

from publisher.drafts import rendering
from publisher.drafts.text_length import length
from publisher.media import media_file
from publisher.media.media_file import CleanPicture
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Part
from publisher.model.posts import LinkPlace, MediaItem, Post
from tests.drafts.drafts import ACCOUNTS, FACEBOOK, TWITTER, Workspace

X, PAGE, SITE = ACCOUNTS["bice-x"], ACCOUNTS["bice-page"], ACCOUNTS["bice-site"]
COMMENTED = FACEBOOK.model_copy(update={"link_in_comment": True})
LINK = "https://www.example.org/article"


def _post(text: str = "Bonjour.", *, link: str | None = None, media: int = 0) -> Post:
    parts = tuple(text.split("|"))
    item = MediaItem(path=Path("/posts/media/a.png"), alt="Une carte")
    return Post(id="a", file="posts/a.md", texts={"": parts}, link=link, media=(item,) * media)


@pytest.mark.parametrize(
    ("to", "lang", "names"),
    [
        (("bice-x",), "fr", ["bice-x"]),
        (("bice-x",), "es", ["bice-x"]),
        (("twitter",), "fr", ["bice-x"]),
        (("twitter",), "es", ["cedapp-x"]),
        (("twitter",), "pl", []),
        (("twitter",), None, []),
        (("all",), "fr", ["bice-x", "bice-page", "bice-site"]),
        (("all",), "es", ["cedapp-x", "bice-site"]),
        (("all",), None, ["bice-site"]),
        (("site",), "pl", ["bice-site"]),
        (("bice-page", "all", "bice-x"), "fr", ["bice-page", "bice-x", "bice-site"]),
        (("cedapp-x", "twitter"), "fr", ["cedapp-x", "bice-x"]),
        ((), "fr", []),
        (("nobody",), "fr", []),
    ],
)
def test_to_means_accounts(to: tuple[str, ...], lang: str | None, names: list[str]) -> None:
    """A named account always; of a channel or `all`, those that speak the draft's language."""
    post = Post(id="a", file="posts/a.md", to=to, lang=lang)
    accounts, problems = rendering.recipients(post, ACCOUNTS)
    assert [account.name for account in accounts] == names
    assert [problem.code for problem in problems] == ([] if names else ["no-recipients"])


@pytest.mark.parametrize(
    ("account", "text"), [("bice-x", "own"), ("cedapp-x", "twitter"), ("bice-page", "common")]
)
def test_the_account_s_own_text_comes_before_its_channel_s(account: str, text: str) -> None:
    post = Post(
        id="a",
        file="posts/a.md",
        texts={"": ("common",), "twitter": ("twitter",), "bice-x": ("own",)},
    )
    assert rendering.texts(post, ACCOUNTS[account], TWITTER) == (text,)


def test_a_channel_without_threads_joins_the_parts(workspace: Workspace) -> None:
    post = workspace.post("lang: fr", "Un\n---\nDeux")
    assert rendering.texts(post, X, TWITTER) == ("Un", "Deux")
    assert rendering.texts(post, PAGE, FACEBOOK) == ("Un\n\nDeux",)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Lisez.", (f"Lisez. {LINK}",)),
        ("Un|Deux", ("Un", f"Deux {LINK}")),
        ("", (LINK,)),
        (f"Lisez {LINK}", (f"Lisez {LINK}",)),
        (f"Lisez ({LINK}), oui", (f"Lisez ({LINK}), oui",)),
        (f"{LINK}|Deux", (LINK, "Deux")),
        (f"Lisez {LINK}/2", (f"Lisez {LINK}/2 {LINK}",)),
    ],
)
def test_the_link_is_appended_once_where_the_channel_wants_it(
    text: str, parts: tuple[str, ...]
) -> None:
    post = _post(text, link=LINK)
    assert rendering.texts(post, X, TWITTER) == parts
    assert rendering.texts(post, PAGE, FACEBOOK) == (text.replace("|", "\n\n"),)


def test_a_link_that_ends_in_a_bracket_is_recognised() -> None:
    link = "https://example.org/a_(b)"
    assert rendering.texts(_post(f"Lisez {link}", link=link), X, TWITTER) == (f"Lisez {link}",)


def test_the_content_carries_the_link_beside_the_text_or_in_it_never_both() -> None:
    post = _post(link=LINK)
    on_x = rendering.render(post, X, TWITTER, _cleaner)
    on_page = rendering.render(post, PAGE, FACEBOOK, _cleaner)
    assert (on_x.parts[0].text, on_x.link) == (f"Bonjour. {LINK}", None)
    assert (on_page.parts[0].text, on_page.link) == ("Bonjour.", LINK)


def test_pictures_go_with_the_first_part(workspace: Workspace) -> None:
    workspace.picture("media/maria.png")
    post = workspace.post(
        "title: Titre\nmedia:\n - {file: media/maria.png, alt: Une carte, credit: BICE}",
        "Un\n---\nDeux",
    )
    content = rendering.render(post, X, TWITTER, lambda item, to: media_file.clean(item.path, to))
    first, second = content.parts
    (picture,) = first.pictures
    assert second.pictures == ()
    assert (picture.alt, picture.credit, picture.media_type) == ("Une carte", "BICE", "image/png")
    assert (picture.width, picture.height) == (40, 30)
    assert (content.title, content.lang) == ("Titre", "fr")
    assert "maria" not in content.model_dump_json()


def test_the_same_draft_gives_the_same_content(workspace: Workspace) -> None:
    """Approval is bound to the content's digest."""
    workspace.picture()
    front = "media:\n - {file: media/card.png, alt: Une carte}"

    def digest() -> str:
        post = workspace.post(front)
        return rendering.render(
            post, X, TWITTER, lambda item, to: media_file.clean(item.path, to)
        ).digest

    first = digest()
    assert digest() == first
    workspace.picture(size=(41, 30))
    assert digest() != first


def test_who_counts_in_a_way_of_its_own_is_named(workspace: Workspace) -> None:
    """A channel of another distribution may count as Mastodon does, and is not Mastodon."""
    account = Account(name="bice-sky", channel="bluesky")
    counting = TWITTER.model_copy(update={"counting": "shortened", "max_length": 10})
    post = workspace.post("lang: fr\nto: [bice-x]", "Un texte long.")
    (problem,) = rendering.problems(post, account, counting)
    assert problem.message.endswith("14 of 10 characters, as Bluesky counts them.")


def test_a_text_that_is_too_long_by_one_is_a_problem_at_its_place(workspace: Workspace) -> None:
    body = f"Un\n\n## twitter\n{'a' * 280}\n---\n{'b' * 281}\n"
    post = workspace.post("lang: fr\nto: [bice-x]", body)
    (problem,) = rendering.problems(post, X, TWITTER)
    assert (problem.file, problem.line, problem.code) == ("posts/a.fr.md", 10, "too-long")
    assert problem.message == (
        "Part 2 of the text for bice-x (twitter) is 1 too long: 281 of 280 characters, "
        "as X counts them."
    )
    assert problem.hint == "Shorten it, or split it into a thread with a line `---`."
    assert rendering.problems(post, PAGE, FACEBOOK) == []


@pytest.mark.parametrize(
    ("draft", "of_account", "below"),
    [
        (None, None, False),
        ("comment", None, True),
        (None, "comment", True),
        ("post", "comment", False),
        (None, "post", False),
    ],
)
def test_a_link_may_be_the_first_comment_where_the_channel_has_comments(
    draft: LinkPlace | None, of_account: str | None, below: bool
) -> None:
    """The draft says so, or else the account; on other channels the link is where it always is."""
    post = _post(link=LINK).model_copy(update={"link_in": draft})
    options = {"link_in": of_account} if of_account else {}
    account = PAGE.model_copy(update={"options": options})
    on_page = rendering.render(post, account, COMMENTED, _cleaner)
    assert (on_page.joined, on_page.comment) == ("Bonjour.", LINK if below else None)
    assert (on_page.link, len(on_page.parts)) == (None if below else LINK, 1 + below)
    on_x = rendering.render(post, X, TWITTER, _cleaner)
    assert (on_x.joined, on_x.comment) == (f"Bonjour. {LINK}", None)


def test_a_link_in_the_text_is_not_repeated_below_it() -> None:
    post = _post(f"Lisez {LINK}", link=LINK).model_copy(update={"link_in": "comment"})
    assert rendering.comment(post, PAGE, COMMENTED) is None


def test_with_pictures_the_comment_keeps_the_link_out_of_the_text() -> None:
    post = _post("", link=LINK, media=1).model_copy(update={"link_in": "comment"})
    assert rendering.texts(post, PAGE, COMMENTED) == ("",)
    assert rendering.problems(post, PAGE, COMMENTED) == []


def test_a_comment_is_bound_by_an_approval_and_changes_no_other_digest() -> None:
    text = Part(text="Bonjour.")
    plain, below = Content(parts=(text,)), Content(parts=(text, Part(text=LINK, is_comment=True)))
    assert plain.digest != below.digest
    assert "is_comment" not in plain.model_dump_json()
    assert Content.model_validate_json(below.model_dump_json()) == below


def test_the_link_s_cost_is_named_and_it_may_be_as_long_as_it_likes() -> None:
    fits = _post("a" * 256, link=LINK + "a" * 500)
    assert rendering.problems(fits, X, TWITTER) == []
    (problem,) = rendering.problems(_post("a" * 257, link=LINK), X, TWITTER)
    assert "1 too long: 281 of 280" in problem.message
    assert problem.hint is not None
    assert problem.hint.startswith("`link:` costs 24 of them, at the end.")
    assert rendering.problems(_post("a" * 257 + "|b", link=LINK), X, TWITTER) == []


@pytest.mark.parametrize(
    ("text", "counted"),
    [("a" * 279 + "\u00ae", 280), ("a" * 100 + "\u00a9" * 180, 280), ("a" * 280 + "\u00a9", 281)],
)
def test_what_is_too_long_is_what_x_counts_and_no_sum_of_its_own(text: str, counted: int) -> None:
    """Of \u00a9 and \u00ae too, which X counts as letters."""
    assert length(text, "weighted") == counted
    assert [p.code for p in rendering.problems(_post(text), X, TWITTER)] == ["too-long"] * (
        counted > 280
    )


def test_a_text_that_is_empty_is_a_problem_unless_a_picture_speaks() -> None:
    nothing = Post(id="a", file="posts/a.md")
    assert [p.code for p in rendering.problems(nothing, X, TWITTER)] == ["empty-text"]
    assert [p.code for p in rendering.problems(nothing, PAGE, FACEBOOK)] == ["empty-text"]
    assert rendering.problems(_post("", media=1), PAGE, FACEBOOK) == []
    assert [p.code for p in rendering.problems(_post("", media=1), X, TWITTER)] == ["empty-text"]


@pytest.mark.parametrize(
    ("post", "update", "code"),
    [
        (_post(media=5), {}, "too-many-pictures"),
        (_post(media=1), {"alt_text_max": 8}, "alt-too-long"),
        (_post(media=1), {"picture_types": frozenset({"image/bmp"})}, "media-unsupported"),
    ],
)
def test_a_picture_that_the_channel_refuses_is_a_problem(
    post: Post, update: dict[str, object], code: str
) -> None:
    (problem,) = rendering.problems(post, X, TWITTER.model_copy(update=update))
    assert problem.code == code
    assert rendering.problems(_post(media=4), X, TWITTER) == []


def test_a_problem_names_the_account_whose_text_it_is() -> None:
    account = Account(name="other", channel="twitter")
    (problem,) = rendering.problems(_post("a" * 281), account, TWITTER)
    assert "other (twitter)" in problem.message


def _cleaner(item: MediaItem, _: Capabilities) -> CleanPicture:
    raise AssertionError(f"{item} should not be opened")
