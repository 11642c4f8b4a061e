"""Captions of a video on the channels that take them, and what `check` says of the others."""

from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.drafts.check import check
from publisher.model.content import Captions
from publisher.model.outcomes import Accepted
from publisher.planning import edit_text
from publisher.sandbox.bluesky import video_service
from publisher.settings import settings
from tests.channels.conftest import Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sending import send
from tests.support.videos import video
from tests.support.workspaces import Workspace

TOLD = Captions(lang="fr", text="WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nLa salle se lève\n")
SRT = "1\n00:00:00,000 --> 00:00:01,000\n%s\n"
SETTINGS = """\
language = "en"
[accounts.our-sky]
channel = "bluesky"
language = "fr"
[accounts.our-site]
channel = "site"
language = "fr"
[accounts.our-x]
channel = "twitter"
language = "fr"
"""


@pytest.fixture
def stage(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 0.0)
    return stages("bluesky")


def test_bluesky_shows_them_with_the_video(stage: Stage) -> None:
    film = stage.video("La salle").model_copy(update={"captions": TOLD})
    parcel = stage.parcel("Vidéo", pictures=(film,))
    prepared = stage.prepare(parcel, stage.open())
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    (entry,) = [one for one in stage.sandbox.store.entries if one.channel == "bluesky"]
    assert entry.record
    (caption,) = entry.record["embed"]["captions"]
    cid = caption["file"]["ref"]["$link"]
    assert (caption["lang"], caption["file"]["mimeType"]) == ("fr", "text/vtt")
    files = {one.id: one.content for one in stage.sandbox.store.uploads.values()}
    assert files[cid] == TOLD.data
    assert stage.sandbox.store.violations == []


def test_the_website_has_them_beside_the_video(stages: Stages) -> None:
    stage = stages("site")
    film = stage.video("La salle").model_copy(update={"captions": TOLD})
    (outcome,) = stage.deliver(stage.parcel("Vidéo", pictures=(film,)))
    assert isinstance(outcome, Accepted)
    (page,) = stage.options.folder.rglob("posts/*.html")
    name = f"{TOLD.digest}.vtt"
    assert f'<track default kind="captions" src="../media/{name}" srclang="fr">' in page.read_text()
    assert (page.parents[1] / "media" / name).read_bytes() == TOLD.data


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path, settings=SETTINGS)
    media = tmp_path / "posts" / "media"
    media.mkdir(parents=True, exist_ok=True)
    video(media / "film.mp4")
    return workspace


def draft(workspace: Workspace, to: str = "[our-sky, our-site]", more: str = "") -> None:
    front = f"to: {to}\nlang: fr\n{more}media:\n  - {{file: media/film.mp4, alt: La salle}}"
    workspace.draft("a.fr", front, "Bonjour.")


def found(workspace: Workspace) -> tuple[Captions | None, list[str]]:
    """The captions that a draft's video has, and the codes of its problems."""
    library, problems = check(settings.load(workspace.path, {}))
    told = library.posts[0].media[0].captions if library.posts else None
    return told, [one.code for one in problems]


def test_the_file_in_the_language_of_the_draft_comes_first(workspace: Workspace) -> None:
    for name, words in (("film.srt", "?"), ("film.es.srt", "Hola"), ("film.fr.srt", "Bonjour")):
        workspace.write(f"posts/media/{name}", SRT % words)
    draft(workspace)
    told, problems = found(workspace)
    assert told
    assert (told.lang, "Bonjour" in told.text, problems) == ("fr", True, [])


def test_a_channel_without_them_is_named(workspace: Workspace) -> None:
    workspace.write("posts/media/film.vtt", f"WEBVTT\n\n{SRT[2:] % 'Bonjour'}".replace(",", "."))
    draft(workspace, "[our-sky, our-x]")
    assert found(workspace)[1] == ["captions-unseen"]
    draft(workspace, "[our-sky, our-x]", "ignore: captions-unseen\n")
    assert found(workspace)[1] == []


def test_a_file_that_cannot_be_read_and_one_that_is_too_long_are_errors(
    workspace: Workspace,
) -> None:
    captions = workspace.write("posts/media/film.fr.srt", "1\n00:00:01,000 --> ?\nBonjour\n")
    draft(workspace)
    assert found(workspace)[1] == ["captions-unusable"]
    captions.write_text("\n".join(SRT % f"Mot {number}" for number in range(600)))
    assert found(workspace)[1] == ["captions-too-long"]


def test_other_captions_are_another_content_and_are_shown_word_by_word(
    workspace: Workspace, clock: ManualClock
) -> None:
    """So an approval of the first ones does not cover them, and who looks sees why."""
    captions = workspace.write("posts/media/film.fr.srt", SRT % "La salle se lève")
    draft(workspace, "[our-site]", "at: 2016-03-08 12:00\n")
    app = Application(settings.load(workspace.path, {}), clock)
    app.database.migrate()
    with closing(app):
        app.planner.queue(actor="redaction")
        (before,) = app.queries.deliveries()
        captions.write_text(SRT % "La salle se vide")
        (change,) = app.planner.plan().changes
        assert change.wish
        assert change.wish.content.digest != before.content.digest
        (shown,) = edit_text.comparisons(change)
        assert shown.label == "captions:"
        assert ("lève" in shown.old, "vide" in shown.new) == (True, True)
