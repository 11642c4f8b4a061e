"""Captions of a video on the channels that take them, and what `check` says of the others."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.channels.base import NotPrepared
from publisher.drafts.check import check
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Captions
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred
from publisher.model.states import State
from publisher.planning import edit_text
from publisher.platforms.bluesky.stand_in import video_service
from publisher.platforms.facebook.stand_in import video_status
from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings import settings
from tests.channels.conftest import Stage, Stages
from tests.channels.desk import Desk
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.sending import send
from tests.support.videos import video
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.platforms.twitter.subtitles",
    "publisher.drafts.surroundings",
    "publisher.model.content",
    "publisher.planning.change_details",
    "publisher.planning.edit_text",
)

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
[accounts.our-fedi]
channel = "mastodon"
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


LAST_STEPS = {"twitter": "createMediaSubtitles", "facebook": "createCaptions"}
CODES = {"twitter": "FR", "facebook": "fr_FR"}
SUBRIP = "1\n00:00:00,000 --> 00:00:01,000\nMères & <b>\n\n2\n00:00:01,500 --> 00:00:02,000\nFin\n"


@pytest.fixture(params=LAST_STEPS)
def bringing(
    request: pytest.FixtureRequest, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> Stage:
    """A channel that brings captions in requests of their own; its platform works at once."""
    for module in (limits, video_status):
        monkeypatch.setattr(module, "REAL_PROCESSING_SECONDS", 0.0)
    return stages(request.param)


def captioned(stage: Stage, captions: Captions = TOLD) -> Parcel:
    """A post with a video, which is due in an hour."""
    film = stage.video("La salle", seconds=2).model_copy(update={"captions": captions})
    at = stage.options.clock.now() + timedelta(hours=1)
    return stage.parcel("Vidéo", pictures=(film,)).model_copy(update={"due_at": at})


def shown_captions(stage: Stage) -> list[dict[str, bytes]]:
    entries = stage.sandbox.store.entries
    return [media.captions for one in entries if one.published for media in one.media]


def refuse(stage: Stage, what: What, **more: int) -> None:
    stage.sandbox.faults.set([Fault(what=what, endpoint=LAST_STEPS[stage.name], **more)])


def test_a_platform_that_takes_them_later_has_them_before_the_post_is_out(bringing: Stage) -> None:
    text = (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nMères &amp; &lt;b&gt;\n\n"
        "00:00:01.500 --> 00:00:02.000\nFin\n"
    )
    parcel = captioned(bringing, Captions(lang="fr", text=text))
    prepared = bringing.prepare(parcel, bringing.open())
    assert prepared.note is None
    assert bringing.shown() == []
    assert isinstance(send(bringing.open(), parcel, prepared, ()), Accepted)
    assert shown_captions(bringing) == [{CODES[bringing.name]: SUBRIP.encode()}]
    assert bringing.sandbox.store.violations == []
    assert len(bringing.shown()) == 1


@pytest.mark.parametrize(
    ("what", "more"),
    [
        (What.BAD_REQUEST, {}),
        (What.FORBIDDEN, {}),
        (What.SUSPENDED, {}),
        (What.RATE_LIMIT, {"seconds": 3590}),
    ],
)
def test_captions_that_are_refused_never_lose_the_post(
    bringing: Stage, what: What, more: dict[str, int]
) -> None:
    """It goes out on time, once, without them; its history says so."""
    refuse(bringing, what, **more)
    parcel = captioned(bringing)
    prepared = bringing.prepare(parcel, bringing.open())
    assert prepared.note
    assert "captions" in prepared.note
    channel = bringing.open()
    assert channel.prepare(parcel, prepared, bringing.media.__getitem__) == prepared
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert (len(bringing.shown()), shown_captions(bringing)) == (1, [{}])


@pytest.mark.parametrize(
    "what",
    [
        What.SERVER_ERROR,
        What.HTML,
        What.NOT_JSON,
        What.EMPTY,
        What.HANG_UP,
        What.REDIRECT,
        What.RATE_LIMIT,
    ],
)
def test_a_fault_that_may_pass_is_tried_again_while_there_is_time(
    bringing: Stage, what: What
) -> None:
    """Whether the platform has them or not: bringing them again replaces them."""
    refuse(bringing, what, times=1)
    parcel, channel = captioned(bringing), bringing.open()
    with pytest.raises(NotPrepared) as stopped:
        bringing.prepare(parcel, channel)
    is_limit = what is What.RATE_LIMIT
    assert isinstance(stopped.value.outcome, AccountSuspended if is_limit else Deferred)
    assert stopped.value.prepared
    before = len(bringing.sandbox.store.uploads)
    kept = Prepared.model_validate_json(stopped.value.prepared.model_dump_json())
    prepared = bringing.prepare(parcel, bringing.open(), kept)
    assert len(bringing.sandbox.store.uploads) <= before + 1, "the video was uploaded again"
    assert isinstance(send(bringing.open(), parcel, prepared, ()), Accepted)
    assert (prepared.note, len(bringing.shown())) == (None, 1)
    assert [list(one) for one in shown_captions(bringing)] == [[CODES[bringing.name]]]


def test_a_fault_that_lasts_makes_no_post_late(bringing: Stage) -> None:
    refuse(bringing, What.SERVER_ERROR)
    parcel = captioned(bringing)
    late = parcel.model_copy(update={"due_at": bringing.options.clock.now()})
    prepared = bringing.prepare(late, bringing.open())
    assert prepared.note
    assert isinstance(send(bringing.open(), late, prepared, ()), Accepted)
    assert len(bringing.shown()) == 1


def test_the_history_says_that_captions_are_missing(
    bringing: Stage,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    desk = Desk(bringing, ledger, dispatch, attempts, queries, clock)
    refuse(bringing, What.BAD_REQUEST)
    content = captioned(bringing).content
    (film,) = content.pictures
    file = StoredPicture(film.digest, film.media_type, bringing.media[film.digest])
    wanted = desk.wish(content=content, due_in=1)
    ledger.apply(add=[wanted], edit=(), cancel=(), pictures={film.digest: file}, actor="redaction")
    for _visit in range(6):
        desk.work()
        clock.advance(5)
    assert desk.state() is State.PUBLISHED
    assert "captions" in desk.told()


def test_captions_in_no_language_are_said_to_be_missing(bringing: Stage) -> None:
    parcel = captioned(bringing, TOLD.model_copy(update={"lang": "und"}))
    prepared = bringing.prepare(parcel, bringing.open())
    assert prepared.note
    assert "`lang`" in prepared.note
    assert isinstance(send(bringing.open(), parcel, prepared, ()), Accepted)
    assert shown_captions(bringing) == [{}]


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
    draft(workspace, "[our-sky, our-fedi]")
    assert found(workspace)[1] == ["captions-unseen"]
    draft(workspace, "[our-sky, our-fedi]", "ignore: captions-unseen\n")
    assert found(workspace)[1] == []


def test_captions_of_no_language_are_named_where_they_do_not_go(workspace: Workspace) -> None:
    workspace.write("publisher.toml", '[accounts.our-x]\nchannel = "twitter"\n')
    workspace.write("posts/media/film.srt", SRT % "Bonjour")
    front = "to: [our-x]\nmedia:\n  - {file: media/film.mp4, alt: La salle}"
    workspace.draft("a", front, "Bonjour.")
    assert found(workspace)[1] == ["captions-unseen"]


def test_a_file_that_cannot_be_read_and_one_that_is_too_long_are_errors(
    workspace: Workspace,
) -> None:
    captions = workspace.write("posts/media/film.fr.srt", "1\n00:00:01,000 --> ?\nBonjour\n")
    draft(workspace)
    assert found(workspace)[1] == ["captions-unusable"]
    captions.write_text("\n".join(SRT % f"Mot {number}" for number in range(600)))
    assert found(workspace)[1] == ["captions-too-long"]


def test_other_captions_are_another_content_and_are_shown_word_by_word(
    workspace: Workspace,
) -> None:
    """So an approval of the first ones does not cover them, and who looks sees why."""
    captions = workspace.write("posts/media/film.fr.srt", SRT % "La salle se lève")
    draft(workspace, "[our-site]", "at: 2016-03-08 12:00\n")
    app = Application(settings.load(workspace.path, {}), ManualClock())
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
