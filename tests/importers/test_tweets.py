""".tweet files of twitter-together become drafts, or are told why not."""

from pathlib import Path

import pytest
from PIL import Image

from publisher.importers import Import
from tests.importers.conftest import Bring, fronts, texts, told


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with tweets/ and media/."""
    root = tmp_path / "repository"
    (root / "tweets").mkdir(parents=True)
    (root / "media").mkdir()
    Image.new("RGB", (40, 30), "teal").save(root / "media" / "Carte 1.png")
    return root


def tweet(repository: Path, text: str, name: str = "hello-world.tweet") -> Path:
    path = repository / "tweets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def bring_in(bring: Bring, repository: Path, **options: object) -> Import:
    return bring("twitter-together", repository, **{"to": (), **options})


def test_a_text_alone(bring: Bring, repository: Path) -> None:
    """It goes to the accounts of X, and has no time: the action publishes what is merged."""
    tweet(repository, "Hello, world!\n\nÀ bientôt.\n", "2016-03/hello-world.tweet")
    found = bring_in(bring, repository)
    assert told(found) == []
    assert fronts(found) == [["to: [twitter]"]]
    assert texts(found) == ["Hello, world!\n\nÀ bientôt."]
    assert found.drafts[0].file == "hello-world.fr.md"
    assert "# Imported from tweets/2016-03/hello-world.tweet [" in found.drafts[0].text


def test_a_thread_with_a_time_and_a_picture(bring: Bring, repository: Path) -> None:
    tweet(
        repository,
        "---\nschedule: 2016-03-07T08:30:00Z\nmedia:\n  - file: Carte 1.png\n    alt: Une carte\n"
        "---\n\nUn\n\n---\n\nDeux\n---\nTrois\n",
        "2016-03-07-fil.tweet",
    )
    found = bring_in(bring, repository)
    assert told(found) == []
    assert fronts(found) == [
        [
            "at: 2016-03-07 09:30",
            "to: [twitter]",
            "media:",
            '  - file: "/media/carte-1.png"',
            '    alt: "Une carte"',
        ]
    ]
    assert texts(found) == ["Un\n\n---\nDeux\n\n---\nTrois"]
    assert found.drafts[0].file == "2016-03-07-fil.fr.md"
    assert found.drafts[0].pictures == {
        "media/carte-1.png": (repository / "media" / "Carte 1.png").resolve()
    }


def test_another_delimiter_parts_a_thread(bring: Bring, repository: Path) -> None:
    tweet(repository, "---\nthread-delimiter: '***'\n---\nUn\n***\nDeux\n")
    assert texts(bring_in(bring, repository)) == ["Un\n\n---\nDeux"]


def test_the_folder_may_be_tweets_itself(bring: Bring, repository: Path) -> None:
    tweet(repository, "---\nmedia:\n  - {file: Carte 1.png, alt: Une carte}\n---\nUn\n")
    assert told(bring_in(bring, repository / "tweets")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("---\nretweet: https://x.com/a/status/1\n---\n", ("not-supported", 2, 10)),
        ("---\nreply: https://x.com/a/status/1\n---\nOui", ("not-supported", 2, 8)),
        ("---\npoll: [oui, non]\n---\nAlors ?", ("not-supported", 2, 7)),
        ("Alors ?\n\n( ) oui\n( ) non\n", ("not-supported", 4, 1)),
        ("Un\n\n---\n\n---\nmedia: [a.png]\n---\nDeux", ("not-supported", 6, 8)),
        ("---\nschedule: demain\n---\nUn", ("bad-time", 2, 11)),
        ("---\nmedia: [a.png]\n---\nUn", ("bad-value", 2, 9)),
        ("---\nmedia:\n  - file: Carte 1.png\n---\nUn", ("alt-missing", 3, 5)),
        ("---\nmedia:\n  - {file: b.png, alt: B}\n---\nUn", ("media-missing", 3, 5)),
        (f"---\nmedia:\n  - {{file: {'b' * 300}, alt: B}}\n---\nUn", ("media-missing", 3, 5)),
        ("---\nmedia:\n  - {file: ../../plan.csv, alt: B}\n---\nUn", ("media-outside", 3, 5)),
        (
            "---\nmedia:\n  - {url: 'https://a.org/b.png', alt: B}\n---\nUn",
            ("picture-not-fetched", 3, 5),
        ),
        ("---\nmedia: [\n---\nUn", ("yaml", 3, 1)),
        ("a" * 281, ("too-long", 1, 1)),
        ("", ("empty-text", 1, 1)),
        ("a\0b", ("invalid-character", 1, 2)),
    ],
)
def test_what_a_draft_cannot_say_is_told(
    bring: Bring, repository: Path, text: str, problem: tuple[str, int, int]
) -> None:
    (repository.parent / "plan.csv").write_text("")
    tweet(repository, text)
    found = bring_in(bring, repository)
    assert told(found) == [problem]
    assert found.drafts == ()


def test_what_nobody_knows_is_left_out(bring: Bring, repository: Path) -> None:
    tweet(repository, "---\nlabel: x\n---\nUn")
    found = bring_in(bring, repository)
    assert told(found) == [("column-left-out", 2, 8)]
    assert texts(found) == ["Un"]


def test_a_folder_without_tweets_is_told(bring: Bring, repository: Path) -> None:
    assert [code for code, *_ in told(bring_in(bring, repository))] == ["nothing-found"]


def test_nothing_outside_of_the_folder_is_read(
    bring: Bring, repository: Path, tmp_path: Path
) -> None:
    """Neither a file nor a picture to which a symbolic link leads."""
    secret = tmp_path / "secret"
    secret.write_text("---\nquoted: [\n---\nA secret")
    (repository / "tweets" / "a.tweet").symlink_to(secret)
    tweet(repository, "Bonjour", "b.tweet")
    (repository / "tweets" / "c.tweet").symlink_to("b.tweet")
    found = bring_in(bring, repository)
    assert told(found) == [("outside-folder", 1, 1), ("same-text", 1, 1)]
    assert "quoted" not in repr(found)
    assert texts(found) == ["Bonjour"]


@pytest.mark.parametrize("linked", ["picture", "folder"])
def test_a_picture_outside_of_the_folder_is_refused(
    bring: Bring, repository: Path, tmp_path: Path, linked: str
) -> None:
    media = repository / "media"
    if linked == "folder":
        media.rename(tmp_path / "elsewhere")
        media.symlink_to(tmp_path / "elsewhere")
    else:
        (media / "Carte 1.png").rename(tmp_path / "carte.png")
        (media / "Carte 1.png").symlink_to(tmp_path / "carte.png")
    tweet(repository, "---\nmedia:\n  - {file: Carte 1.png, alt: Une carte}\n---\nUn\n")
    found = bring_in(bring, repository)
    assert told(found) == [("media-outside", 3, 5)]
    (problem,) = found.problems
    assert problem.message == "Carte 1.png lies outside of the folder media/; it is not read."
    assert problem.hint == "Copy the picture itself there."
