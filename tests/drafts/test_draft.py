"""What the front matter's keys mean, and what is wrong with them."""

import pytest

from publisher.drafts.rendering import recipients
from publisher.model.values import Position
from tests.drafts.drafts import ACCOUNTS, Workspace, codes, errors

pytestmark = pytest.mark.guards(
    "publisher.drafts.fields",
    "publisher.drafts.media_items",
    "publisher.drafts.missing_media",
    "publisher.drafts.recipients",
    "publisher.model.values",
)

EXAMPLE = """\
---
at: annual-day - 30m          # an agenda item (± offset)
to: [bice-x, bice-page]
lang: fr
title: Journée annuelle
media:
  - file: media/salle-xx.jpg
    alt: La salle XX du Palais des Nations, à Genève
    credit: BICE
link: https://www.example.org/article
expires: 2h
embargo: annual-day
author: redaction
---
Le texte commun à tous les canaux.

## twitter
Le texte court. #HRC31

---
Un deuxième message : c'est un fil.

## facebook
Le texte long.
"""


def test_the_example_of_the_documentation_is_read_whole(workspace: Workspace) -> None:
    picture = workspace.picture("2016/media/salle-xx.jpg")
    workspace.write("2016/annual-day.fr.md", EXAMPLE)
    found = workspace.load()
    assert errors(found.problems) == []
    (post,) = found.posts
    assert (post.id, post.file) == ("2016/annual-day.fr", "posts/2016/annual-day.fr.md")
    assert (post.lang, post.title, post.author) == ("fr", "Journée annuelle", "redaction")
    assert post.to == ("bice-x", "bice-page")
    assert post.anchor == "annual-day"
    assert post.link == "https://www.example.org/article"
    assert post.texts == {
        "": ("Le texte commun à tous les canaux.",),
        "twitter": ("Le texte court. #HRC31", "Un deuxième message : c'est un fil."),
        "facebook": ("Le texte long.",),
    }
    (item,) = post.media
    assert (item.path, item.credit) == (picture, "BICE")
    assert item.alt == "La salle XX du Palais des Nations, à Genève"
    assert item.position == Position(line=7, column=11)
    assert post.position("at") == Position(line=2)
    assert post.position("text:twitter:2") == Position(line=21)


@pytest.mark.parametrize(
    ("name", "front", "lang"),
    [
        ("a.fr.md", "", "fr"),
        ("a.pt-BR.md", "", "pt-BR"),
        ("a.fr.md", "lang: es", "es"),
        ("a.md", "", None),
        ("a.old.md", "", None),
        ("2016.03.md", "", None),
        ("folder.fr/a.md", "", None),
        (".fr/a.md", "", None),
    ],
)
def test_the_language_comes_from_the_name_unless_the_draft_says_otherwise(
    workspace: Workspace, name: str, front: str, lang: str | None
) -> None:
    workspace.draft(f"to: [bice-x]\n{front}", name=name)
    assert [post.lang for post in workspace.load().posts] == ([] if name[0] == "." else [lang])


@pytest.mark.parametrize(
    ("front", "code", "hint"),
    [
        ("to: [bice-y]", "unknown-recipient", "Did you mean `bice-x`?"),
        ("to: twiter", "unknown-recipient", "Did you mean `twitter`?"),
        ("to: [{bice-x: 1}]", "not-a-text", None),
        ("to: {bice-x: 1}", "not-a-list", None),
        ("lang: French", "bad-language", "Write it like fr, es or pt-BR."),
        ("link: www.example.org", "bad-link", "Write the whole address"),
        ("link: ftp://example.org/a", "bad-link", "Write the whole address"),
        ("link: https:///a", "bad-link", "Write the whole address"),
        ("link: https://[::1/a", "bad-link", "Write the whole address"),
        ("link: https://example.org:port/", "bad-link", "Write the whole address"),
        ("link: 'https://example.org/a b'", "bad-link", "Write the whole address"),
        ("link: [https://example.org]", "not-a-text", None),
        ("expires: 0m", "bad-duration", None),
        ("expires: '-1h'", "bad-duration", None),
        ("expires: 2016-03-07", "bad-duration", None),
        ("repeat: often", "bad-value", None),
        ("link: https://www.example.org/a\nlink_in: below", "bad-value", None),
        ("media: media/card.png", "not-a-list", "Begin each entry under `media:` with a dash."),
        (
            "media: [media/card.png]",
            "not-a-mapping",
            "Write `- file: media/card.png`, and below it `alt:` with what the picture shows.",
        ),
        (
            "to: bice-x, bice-page",
            "unknown-recipient",
            "Write several as a list: [bice-x, bice-page].",
        ),
        ("media:\n - {file: media/card.png}", "alt-missing", "In `alt:`, say what it shows"),
        ("media:\n - {file: media/card.png, alt: ' '}", "alt-missing", "In `alt:`, say"),
        ("media:\n - {file: media/card.png, alt: [a]}", "not-a-text", None),
        ("media:\n - {alt: Une carte}", "missing-key", "Give a picture"),
        ("media:\n - {file: media/card.png, alt: A, caption: B}", "unknown-key", "Keys are"),
        ("visibility: unlisted", "unknown-key", "It belongs in publisher.toml"),
        ("app_password: abcd", "unknown-key", "It belongs in secrets.toml"),
        ("alt: Une carte", "unknown-key", "It belongs to a file: below its `- file:`"),
        ("language: fr", "unknown-key", "Did you mean `lang`?"),
    ],
)
def test_a_mistake_in_the_front_matter_is_a_problem(
    workspace: Workspace, front: str, code: str, hint: str | None
) -> None:
    workspace.picture()
    workspace.draft(front)
    assert code in codes(errors(workspace.load().problems))
    found = next(p for p in workspace.load().problems if p.code == code)
    assert (found.hint or "").startswith(hint or "")


def test_a_password_in_a_link_is_refused_and_not_repeated(workspace: Workspace) -> None:
    error = workspace.error("link: https://me:hunter2@example.org/")
    assert error.code == "bad-link"
    assert "hunter2" not in error.model_dump_json()


def test_a_picture_is_found_from_the_draft_or_from_posts(workspace: Workspace) -> None:
    card = workspace.picture()
    front = "media:\n - {file: %s, alt: Une carte}"
    for name in ("../media/card.png", "/media/card.png"):
        post = workspace.post(front % name, name="2016/a.fr.md")
        assert post.media[0].path == card


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("media/none.png", "media-missing"),
        ("../outside.png", "media-outside"),
        ("/etc/passwd", "media-missing"),
        ("media", "media-not-a-file"),
        ("https://example.org/a.png", "media-missing"),
    ],
)
def test_a_picture_that_cannot_be_used_is_an_error_at_its_name(
    workspace: Workspace, name: str, code: str
) -> None:
    workspace.picture("../outside.png")
    workspace.picture()
    error = workspace.error(f"media:\n - alt: Une carte\n   file: {name}")
    assert (error.code, error.line, error.column) == (code, 4, 10)
    assert error.hint


def test_a_draft_without_at_is_unfinished_and_still_checked(workspace: Workspace) -> None:
    assert workspace.post("lang: fr").due_at is None
    assert workspace.error("lnk: x").code == "unknown-key"


def test_nobody_to_write_to_is_a_problem(workspace: Workspace) -> None:
    error = workspace.error("to: [facebook]\nlang: es")
    assert (error.code, error.line, error.column) == ("no-recipients", 2, 1)
    assert "es" in error.message


def test_a_first_comment_without_a_link_is_told(workspace: Workspace) -> None:
    (found,) = workspace.problems("link_in: comment")
    assert (found.code, found.severity) == ("comment-without-link", "warning")
    assert found.line == 2
    for front in ("link_in: comment\nlink: https://www.example.org/a", "link_in: post"):
        assert workspace.problems(front) == []


def test_warnings_refuse_nothing(workspace: Workspace) -> None:
    found = workspace.problems(
        "to: [cedapp-x]", "Bonjour.\n\n## facebook\nSalut.\n\n## Programme\n"
    )
    assert codes(found) == ["other-language", "unused-section", "heading-as-text"]
    assert workspace.load().broken == frozenset()


@pytest.mark.parametrize("to", ["X", "x", "Twitter", "[Bice-X]"])
def test_in_to_case_does_not_matter_and_x_is_twitter(workspace: Workspace, to: str) -> None:
    post = workspace.post(f"to: {to}")
    assert post.to in (("twitter",), ("bice-x",))
    assert [account.name for account in recipients(post, ACCOUNTS)[0]] == ["bice-x"]


CONFLICT = "<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> paul\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"---\nto: x\n---\nA\n{CONFLICT.format(ours='B', theirs='C')}", 5),
        (f"---\n{CONFLICT.format(ours='to: x', theirs='to: site')}---\nA\n", 2),
        (CONFLICT.format(ours="---\nto: x\n---\nA", theirs="---\nto: site\n---\nA"), 1),
        ("---\nto: x\n---\nA\nC\n>>>>>>> paul\n", 6),
    ],
)
def test_a_conflict_that_git_left_is_the_one_error(
    workspace: Workspace, text: str, line: int
) -> None:
    workspace.write("a.fr.md", text)
    (problem,) = workspace.load().problems
    assert (problem.code, problem.line, problem.severity) == ("conflict-marker", line, "error")
    assert problem.hint is not None
    assert "`=======`" in problem.hint


@pytest.mark.parametrize("file", ["session.yaml", "consents.yaml"])
def test_a_conflict_in_another_file_is_found(workspace: Workspace, file: str) -> None:
    workspace.write(file, CONFLICT.format(ours="a: 1", theirs="b: 2"))
    (problem,) = workspace.load().problems
    assert (problem.code, problem.file) == ("conflict-marker", f"posts/{file}")


def test_arrows_are_no_conflict(workspace: Workspace) -> None:
    assert workspace.problems("to: bice-x", "A >>>>>>> B\n<<<<<<<<\n>>>>>>>>> C\n") == []


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("\N{EM DASH}\nto: x\n---\nA", "front-matter-missing", 1),
        ("---\nto: x\n\N{EM DASH}\nA", "front-matter-unclosed", 3),
        ("---\nto: x\n\N{EM DASH}\nA: b\n---\nB", "front-matter-unclosed", 3),
    ],
)
def test_what_a_phone_makes_of_the_lines_around_the_front_matter_is_named(
    workspace: Workspace, text: str, code: str, line: int
) -> None:
    workspace.write("a.fr.md", text)
    (problem,) = workspace.load().problems
    assert (problem.code, problem.line) == (code, line)
    assert "(em dash, U+2014)" in problem.message


@pytest.mark.parametrize(
    ("written", "there", "near"),
    [
        ("photo.jpg", "media/photo.jpg", "media/photo.jpg"),
        ("media/Photo.JPG", "media/photo.jpg", "media/photo.jpg"),
        ("posts/media/photo.jpg", "media/photo.jpg", "media/photo.jpg"),
        (
            "media/Capture d'ecran 10.30 AM.png",
            "media/Capture d\u2019ecran 10.30\u202fAM.png",
            None,
        ),
        ("media/foto.jpg", "2016/media/foto.jpg", "2016/media/foto.jpg"),
        ("media/salle-xx.jpg", "media/sale-xx.jpg", "media/sale-xx.jpg"),
    ],
)
def test_a_picture_that_is_not_there_is_looked_for(
    workspace: Workspace, written: str, there: str, near: str | None
) -> None:
    workspace.write(there, b"")
    error = workspace.error(f'media:\n  - {{file: "{written}", alt: A}}')
    assert error.code == "media-missing"
    assert f"`{near or there}`" in (error.hint or "")
    assert written in error.message


def test_a_picture_of_another_folder_is_named_from_the_top(workspace: Workspace) -> None:
    workspace.picture("media/a.png")
    front = 'media:\n  - {file: "a.png", alt: A}'
    workspace.draft(front, name="lima/a.fr.md")
    (error,) = errors(workspace.load().problems)
    assert error.hint == "Did you mean `/media/a.png`?"


def test_a_web_address_is_no_file(workspace: Workspace) -> None:
    error = workspace.error("media:\n  - {file: 'https://example.org/a.png', alt: A}")
    assert error.message == "“https://example.org/a.png” is a web address, not a file."
