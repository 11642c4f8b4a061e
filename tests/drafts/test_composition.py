"""A draft as a form has it, and back: what was not changed stays, byte for byte."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.base.errors import NotPossible, PublisherError, UsageError
from publisher.drafts import body_patch, check, editing, library, new_draft, sections
from publisher.drafts.composition import Composing, Composition, MediaEntry, unusual
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.drafts.when import When
from publisher.model.posts import Post
from publisher.settings import settings as workspace_settings
from tests.drafts.drafts import ACCOUNTS, Workspace
from tests.drafts.test_draft import EXAMPLE
from tests.fuzz.draft_texts import draft as any_draft

pytestmark = pytest.mark.guards(
    "publisher.drafts.body_patch",
    "publisher.drafts.line_ends",
    "publisher.drafts.new_draft",
    "publisher.drafts.when",
)

_REPOSITORY = Path(__file__).parents[2]
_TEXT = """\
---
# Who reads this?
at: annual-day - 30m   # before it begins
to:
  - bice-x   # the account
  - bice-page
title: "Un jour : le nôtre"
media:
  # the room
  - file: /media/a.png   # of last year
    alt: 'La salle'
    people: yes
    consent: panel
  - file: /media/b.png
    alt: >
      Une affiche,
      rouge
embargo: 2016-03-07T08:30:00+01:00 # agreed
---
Le texte.

## X
Court.

---
Deux.

## bice-page
Long.
"""


class Desk:
    """A draft in a workspace, and what a form makes of it."""

    def __init__(self, workspace: Workspace, text: str | bytes = _TEXT) -> None:
        self.workspace = workspace
        workspace.write("a.fr.md", text)
        self.draft = editing.read(new_draft.at(workspace.posts, "a.fr"))
        loaded = workspace.load()
        found = loaded.post("a.fr")
        assert found
        self.post: Post = found
        self.composing = Composing(loaded.session, ACCOUNTS)
        self.seen = self.composing.read(self.draft, self.post)

    def change(self, **values: object) -> str:
        """The file with other values."""
        plain = {name: value for name, value in values.items() if name in self.seen.plain}
        others = {name: value for name, value in values.items() if name not in plain}
        wanted = {**others, "plain": {**self.seen.plain, **plain}}
        revised = self.composing.applied(self.draft, self.post, self.seen.model_copy(update=wanted))
        return revised.data.decode()


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def test_a_form_shows_all_that_it_can_change(desk: Desk) -> None:
    assert desk.seen == Composition(
        to=("bice-x", "bice-page"),
        when=When(kind="item", item="annual-day", minutes=-30),
        embargo=When(kind="time", local=datetime.fromisoformat("2016-03-07T08:30")),
        lang="fr",
        plain={**dict.fromkeys(desk.seen.plain, ""), "title": "Un jour : le nôtre"},
        texts={"": ("Le texte.",), "twitter": ("Court.", "Deux."), "bice-page": ("Long.",)},
        media=(
            MediaEntry(file="/media/a.png", alt="La salle", people=True, consent="panel"),
            MediaEntry(file="/media/b.png", alt="Une affiche, rouge"),
        ),
    )
    assert unusual(desk.draft) == []


@pytest.mark.parametrize("folder", ["posts"])
def test_the_campaigns_drafts_come_back_as_they_were(folder: str) -> None:
    config = workspace_settings.load(_REPOSITORY, {})
    found, _problems = check.check(config)
    composing = Composing(found.session, config.public_accounts())
    files = DraftFiles(_REPOSITORY / folder).files
    assert len(files) > 30
    for file in files:
        draft, post = editing.read(file), found.post(file.id)
        assert post
        seen = composing.read(draft, post)
        assert composing.applied(draft, post, seen).data == draft.data, file.file
        assert seen.when.kind in ("item", "time", "none"), file.file
        assert unusual(draft) == []


_PIECES = st.sampled_from(
    (
        "## twitter", "## X", "## bice-x:", "## Twiter", "# titre", "---", "---  ", "***", "", " ", "\t",
        "Un.", "Deux !", "e\u0301", "\u00a0", "## twitter ", "##twitter", "<!-- a -->", "## site",
    )
)  # fmt: skip
_FRONTS = st.sampled_from(
    (
        "to: [bice-x]", "at: annual-day.end + 1h30m\nto: all", "title: >\n  a\n  b\nto: twitter # them",
        "to:\n- bice-x\n- nobody", "media: []", "media:\n  - {file: a.png, alt: b, people: no}",
        "expires: 90s\nlang: es", "", "at:\n", "# only this", "at: now", "at: [a]\ntitle: {a: b}",
        "at: 2016-10-30T02:30:00+02:00", "embargo: annual-day + 1m\nauthor: '  x '",
    )
)  # fmt: skip
_ANY = settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.mark.deep
@_ANY
@given(
    front=_FRONTS,
    body=st.lists(_PIECES, max_size=12).map("\n".join),
    end=st.sampled_from(("\n", "\r\n")),
    last=st.booleans(),
)
def test_what_is_not_changed_stays_whatever_it_is(
    workspace: Workspace, front: str, body: str, end: str, last: bool
) -> None:
    """And a text that is changed is read again as it was typed, with the others as they were."""
    text = f"---\n{front}\n---\n{body}" + last * "\n"
    desk = Desk(workspace, text.replace("\n", end).encode())
    assert desk.composing.applied(desk.draft, desk.post, desk.seen).data == desk.draft.data
    wanted = {**desk.seen.texts, "bice-x": ("Neuf.", "Et dix.")}
    changed = desk.seen.model_copy(update={"texts": wanted})
    if "bice-x" in sections_given_twice(desk):
        with pytest.raises(UsageError, match="is given twice"):
            desk.composing.applied(desk.draft, desk.post, changed)
        return
    after = desk.composing.applied(desk.draft, desk.post, changed)
    other = Desk(workspace, after.data)
    assert other.seen.texts == wanted
    assert other.seen.model_copy(update={"texts": {}}) == desk.seen.model_copy(update={"texts": {}})


def sections_given_twice(desk: Desk) -> set[str]:
    names = [span.name for span in sections.spans(f"\n{desk.draft.body}", desk.composing.names)]
    return {name for name in names if names.count(name) > 1}


@pytest.mark.deep
@_ANY
@given(data=any_draft(), title=st.text(max_size=20).map(" ".join), words=st.text(max_size=30))
def test_a_hostile_file_is_changed_as_wished_or_left(
    workspace: Workspace, data: bytes, title: str, words: str
) -> None:
    """Whatever is in it and whatever is typed: refused in words, or read again as typed."""
    workspace.write("a.fr.md", data)
    loaded = library.load(workspace.root, ACCOUNTS)
    post = loaded.post("a.fr")
    try:
        draft = editing.read(new_draft.at(workspace.posts, "a.fr"))
    except PublisherError:
        return
    if post is None:
        return
    composing = Composing(loaded.session, ACCOUNTS)
    seen = composing.read(draft, post)
    assert composing.applied(draft, post, seen) == draft
    wanted = seen.model_copy(
        update={
            "plain": {"title": " ".join(title.split())},
            "texts": {"": (words,)},
            "to": ("bice-site",),
        }
    )
    try:
        revised = composing.applied(draft, post, wanted)
    except (NotPossible, UsageError):
        return
    assert revised.front.get("title", "") == wanted.plain["title"]
    assert revised.front["to"] in (["bice-site"], "bice-site")
    typed = words.replace("\r\n", "\n").replace("\r", "\n")
    parts = tuple(filter(None, sections.thread(typed)))
    assert body_patch.texts(revised.body, composing.names) == ({"": parts} if parts else {})


def test_accounts_that_stay_keep_their_places_and_comments(desk: Desk) -> None:
    after = desk.change(to=("bice-x", "bice-site"))
    assert after == _TEXT.replace("  - bice-page\n", "  - bice-site\n")


def test_channels_are_kept_as_long_as_they_mean_the_same_accounts(workspace: Workspace) -> None:
    desk = Desk(workspace, "---\nto: [twitter, facebook] # all\n---\nUn.\n")
    assert desk.seen.to == ("bice-x", "bice-page")
    assert "to: [twitter, facebook] # all" in desk.change(title="Un titre")
    assert "to: [bice-x]" in desk.change(to=("bice-x",))
    assert "to: [bice-x, bice-page]" in desk.change(lang="es"), "else they would be others"


def test_who_gets_it_by_default_is_written_when_others_do(workspace: Workspace) -> None:
    desk = Desk(workspace, "---\nat: annual-day\n---\nUn.\n")
    assert desk.seen.to == ("bice-x", "bice-page")
    assert desk.change(to=()) == "---\nat: annual-day\nto: []\n---\nUn.\n"


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (When(), ""),
        (When(kind="now"), "at: now   # before it begins\n"),
        (When(kind="item", item="annual-day", edge="end", minutes=90),
         "at: annual-day.end + 1h30m   # before it begins\n"),
        (When(kind="time", local=datetime.fromisoformat("2016-03-08T09:00")),
         "at: 2016-03-08 09:00   # before it begins\n"),
    ],
)  # fmt: skip
def test_another_time_is_written_as_people_write_it(desk: Desk, wanted: When, line: str) -> None:
    old = "at: annual-day - 30m   # before it begins\n"
    assert desk.change(when=wanted) == _TEXT.replace(old, line)


def test_a_time_keeps_its_shape_and_one_that_does_not_exist_is_refused(desk: Desk) -> None:
    after = desk.change(embargo=When(kind="time", local=datetime.fromisoformat("2016-03-07T09:15")))
    assert "embargo: 2016-03-07T09:15:00+01:00 # agreed" in after
    with pytest.raises(UsageError, match="does not exist in Europe/Zurich"):
        desk.change(when=When(kind="time", local=datetime.fromisoformat("2016-03-27T02:30")))


def test_an_expiry_comes_and_goes(desk: Desk) -> None:
    after = desk.change(expires=timedelta(minutes=90))
    assert "\nexpires: 1h30m\n" in after
    assert Desk(desk.workspace, after).change(expires=None) == _TEXT


def test_pictures_change_their_order_with_their_comments(desk: Desk) -> None:
    first, second = desk.seen.media
    new = MediaEntry(file="/media/c.png", alt="Neuf : « c »", credit="BICE")
    after = desk.change(media=(new, second, first))
    assert Desk(desk.workspace, after).seen.media == (new, second, first)
    for comment in ("# the room", "# of last year", "people: yes", "alt: >"):
        assert comment in after
    assert desk.change(media=()) == _TEXT[: _TEXT.index("media:")] + _TEXT[_TEXT.index("embargo") :]
    back = Desk(desk.workspace, after).change(media=(first, second))
    assert back == _TEXT


def test_a_picture_is_described_anew_where_it_was_a_block_of_lines(desk: Desk) -> None:
    first, second = desk.seen.media
    after = desk.change(media=(first, second.model_copy(update={"alt": "Bleue", "people": True})))
    assert "    alt: Bleue\n    people: true\n" in after
    assert after.startswith(_TEXT[: _TEXT.index("    alt: >")])


@pytest.mark.parametrize(
    ("wanted", "old", "new"),
    [
        ({"": ("Autre.",)}, "Le texte.", "Autre."),
        ({"twitter": ("Court.", "2", "3")}, "Deux.", "2\n\n---\n\n3"),
        ({"twitter": ("Court.",)}, "\n\n---\nDeux.", ""),
        ({"twitter": ()}, "## X\nCourt.\n\n---\nDeux.\n\n", ""),
        ({"bice-page": ("", " ")}, "\n## bice-page\nLong.\n", ""),
        ({"": ()}, "Le texte.\n\n", ""),
        ({"bice-x": ("Le sien.",)}, "Long.\n", "Long.\n\n## bice-x\nLe sien.\n"),
        ({"": ("Un.\n---\nDeux.",)}, "Le texte.", "Un.\n\n---\n\nDeux."),
    ],
)  # fmt: skip
def test_one_text_changes_and_the_others_stay(
    desk: Desk, wanted: dict[str, tuple[str, ...]], old: str, new: str
) -> None:
    assert old in _TEXT
    texts = {name: parts for name, parts in {**desk.seen.texts, **wanted}.items() if any(parts)}
    assert desk.change(texts=texts) == _TEXT.replace(old, new)


def test_a_text_that_would_begin_another_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="begins the text for bice-page"):
        desk.change(texts={"": ("Un.\n## Bice-Page\nDeux.",)})


def test_a_new_draft_says_what_was_filled_in(workspace: Workspace) -> None:
    composing = Composing(workspace.load().session, ACCOUNTS)
    draft = Manuscript(workspace.posts / "b.fr.md", "posts/b.fr.md", new_draft.EMPTY)
    post = Post(id="b.fr", file=draft.file, lang="fr")
    wanted = Composition(
        to=("bice-x", "bice-site"),
        when=When(kind="item", item="annual-day"),
        lang="fr",
        plain={
            "title": "Un titre",
            "author": "redaction",
            "link": "https://www.example.org/",
            "made_with_ai": "true",
            "repeat": "true",
        },
        texts={"": ("Le texte.",), "bice-x": ("Court.", "Deux.")},
        media=(MediaEntry(file="media/a.png", alt="La salle"),),
    )
    assert (
        composing.applied(draft, post, wanted).data.decode()
        == """\
---
at: annual-day
to: [bice-x, bice-site]
title: Un titre
media:
  - file: media/a.png
    alt: La salle
link: "https://www.example.org/"
author: redaction
repeat: true
made_with_ai: true
---
Le texte.

## bice-x
Court.

---

Deux.
"""
    )


def test_what_a_form_cannot_show_is_named_and_left(workspace: Workspace) -> None:
    front = "to: {a: b}\nmedia: [a.png]\ntitle: [x]\nat: annual-day"
    desk = Desk(workspace, f"---\n{front}\n---\nUn.\n")
    assert unusual(desk.draft) == ["title", "to", "media"]
    assert desk.change(texts={"": ("Deux.",)}) == f"---\n{front}\n---\nDeux.\n"
    with pytest.raises(NotPossible, match="only a person can change"):
        desk.change(media=(MediaEntry(file="b.png", alt="b"),))


def test_the_example_of_the_documentation_comes_back(workspace: Workspace) -> None:
    workspace.picture("media/salle-xx.jpg")
    desk = Desk(workspace, EXAMPLE)
    assert desk.change(title="Journée  annuelle".replace("  ", " ")) == EXAMPLE
    assert desk.change(title="Autre") == EXAMPLE.replace("title: Journée annuelle", "title: Autre")


def test_a_name_that_a_draft_has_in_any_language_is_not_free(workspace: Workspace) -> None:
    """It would be taken for a translation."""
    workspace.draft("to: [bice-x]", name="jour.fr.md")
    workspace.draft("to: [bice-x]", name="Jour-2.md")
    files = DraftFiles(workspace.posts).files
    assert new_draft.free("jour", files, ["fr", "es"]) == "jour-3"
    assert new_draft.free("nuit", files, ["fr", "es"]) == "nuit"


def test_a_content_warning_is_one_line(desk: Desk, workspace: Workspace) -> None:
    changed = desk.change(content_warning="Violences : guerre")
    assert 'content_warning: "Violences : guerre"\n' in changed
    again = Desk(workspace, changed)
    assert again.seen.plain["content_warning"] == "Violences : guerre"
    assert again.change(content_warning="") == _TEXT


def test_where_the_link_is_and_what_was_made_with_ai_are_kept_and_changed(
    desk: Desk, workspace: Workspace
) -> None:
    """What the form does not change keeps its spelling; what it takes back is gone."""
    changed = desk.change(link_in="comment", made_with_ai="true")
    assert "link_in: comment\n" in changed
    assert "made_with_ai: true\n" in changed
    spelled = changed.replace("made_with_ai: true", "made_with_ai: yes  # by the agency")
    again = Desk(workspace, spelled)
    assert (again.seen.plain["link_in"], again.seen.plain["made_with_ai"]) == ("comment", "true")
    assert again.change(title="Le jour").count("made_with_ai: yes  # by the agency\n") == 1
    assert Desk(workspace, changed).change(link_in="", made_with_ai="") == _TEXT
