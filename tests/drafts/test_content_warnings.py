"""Content warnings: read from a draft, rendered where they are shown, said where they are not."""

import hashlib
from pathlib import Path

import pytest

from publisher.channels.registry import capabilities_of
from publisher.drafts import rendering
from publisher.drafts.check import check
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.posts import Post
from publisher.model.values import Problem
from publisher.settings import settings
from tests.support.workspaces import Workspace

FEDI, X = Account(name="bice-fedi", channel="mastodon"), Account(name="bice-x", channel="twitter")
SETTINGS = """\
language = "en"
[accounts.bice-fedi]
channel = "mastodon"
[accounts.wide-fedi]
channel = "mastodon"
max_characters = 1000
[accounts.bice-x]
channel = "twitter"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, settings=SETTINGS, session="timezone: Europe/Zurich\n")


def problems(workspace: Workspace, front: str, text: str = "Le texte.") -> list[Problem]:
    workspace.draft("a", front, text)
    return check(settings.load(workspace.path, {}))[1]


def rendered(post: Post, account: Account) -> Content:
    return rendering.render(post, account, capabilities_of(account), lambda *_: None)  # type: ignore[arg-type]


def test_it_goes_only_where_it_is_shown() -> None:
    """Elsewhere the content, and so its approval, is the same with and without it."""
    plain = Post(id="a", file="posts/a.md", texts={"": ("Le texte.",)})
    warned = plain.model_copy(update={"content_warning": "Violences"})
    assert rendered(warned, FEDI).content_warning == "Violences"
    assert rendered(warned, FEDI).digest != rendered(plain, FEDI).digest
    assert rendered(warned, X) == rendered(plain, X)


def test_a_content_without_one_keeps_its_digest() -> None:
    """What was approved before there were content warnings stays approved."""
    content = Content(parts=(Part(text="Bonjour"),), lang="fr")
    before = '{"parts":[{"text":"Bonjour","pictures":[]}],"link":null,"title":null,"lang":"fr"}'
    assert content.digest == hashlib.sha256(before.encode()).hexdigest()
    assert Content.model_validate_json(before) == content


def test_it_is_one_line_of_the_front_matter(workspace: Workspace) -> None:
    assert problems(workspace, "to: bice-fedi\ncontent_warning: >\n  Violences,\n  guerre") == []
    library, _found = check(settings.load(workspace.path, {}))
    assert library.posts[0].content_warning == "Violences, guerre"


def test_where_it_is_not_shown_is_said(workspace: Workspace) -> None:
    front = "to: [bice-fedi, bice-x]\ncontent_warning: Violences"
    (found,) = problems(workspace, front)
    assert (found.code, found.severity) == ("content-warning-unseen", "warning")
    assert found.message.startswith("X cannot show ")
    assert "Mastodon" not in found.message
    assert found.line == 3
    assert problems(workspace, f"{front}\nignore: content-warning-unseen") == []


@pytest.mark.parametrize(
    ("account", "length", "is_too_long"),
    [("bice-fedi", 491, False), ("bice-fedi", 492, True), ("wide-fedi", 991, False),
     ("wide-fedi", 992, True)],
)  # fmt: skip
def test_it_counts_within_the_limit_of_the_accounts_own_server(
    account: str, length: int, is_too_long: bool, workspace: Workspace
) -> None:
    found = problems(workspace, f"to: {account}\ncontent_warning: Violences", "a" * length)
    assert [one.code for one in found] == ["too-long"] * is_too_long
    if is_too_long:
        assert "The content warning costs 9 of them." in (found[0].hint or "")
