"""Edits of posts that are out, on every channel that can do them, and corrections below a post."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from markupsafe import escape

from publisher.channels import edits
from publisher.channels.base import NotPrepared
from publisher.channels.registry import CAPABILITIES
from publisher.model.content import Correction, Original, edit_id
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Outcome, Refused, Unknown
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Attempt, Stage, Stages

pytestmark = pytest.mark.guards(
    "publisher.channels",
    "publisher.platforms",
    "publisher.channels.edits",
    "publisher.platforms.mastodon.status_edits",
    "publisher.platforms.site.pages",
    "publisher.platforms.wordpress.article_edits",
)

EDITING = [name for name, takes in CAPABILITIES.items() if takes.edits]
BELOW = [name for name, takes in CAPABILITIES.items() if takes.threads]
ENDPOINTS = {
    "mastodon": "putStatus",
    "facebook": "updatePost",
    "linkedin": "updateOrganizationPost",
    "wordpress": "updateArticle",
}
"""The request of an edit, by channel."""
WITH_A_SERVER = [name for name in EDITING if name in ENDPOINTS]
WRONG, RIGHT = "Trois enfants sur dix & <b> 🕊️ ñ ł", "Quatre enfants sur dix & <b> 🕊️ ñ ł"


def correcting(stage: Stage, parcel: Parcel, outcomes: Sequence[Outcome], text: str) -> Parcel:
    """The correction of a parcel that is out."""
    ids = tuple(outcome.remote_id for outcome in outcomes if isinstance(outcome, Accepted))
    assert len(ids) == len(outcomes), outcomes
    first = outcomes[0]
    way = "edit" if len(ids) == 1 and CAPABILITIES[stage.name].edits else "reply"
    told = Correction.model_validate({"corrects": parcel.post, "way": way, "reason": "Un chiffre"})
    part = parcel.content.parts[0].model_copy(update={"text": text})
    if way == "reply":
        part = part.model_copy(update={"pictures": ()})
    content = parcel.content.model_copy(update={"parts": (part,), "correction": told})
    url = first.url if isinstance(first, Accepted) else None
    target = Original(remote_ids=ids, url=url, content=parcel.content)
    update = {"post": f"{parcel.post}-correction", "content": content, "target": target}
    return parcel.model_copy(update=update)


@dataclass
class Edited:
    """A post that is out, and an edit of it that is about to be sent."""

    stage: Stage
    original: Parcel
    attempt: Attempt

    @property
    def parcel(self) -> Parcel:
        return self.attempt.parcel

    def shows(self) -> list[str]:
        return [post.text for post in self.stage.shown()]

    def fail(self, what: What, *, commit: bool, **more: object) -> None:
        rule = {"what": what, "endpoint": ENDPOINTS[self.stage.name], "commit": commit, **more}
        self.stage.sandbox.faults.set([Fault.model_validate(rule)])


def edited(stage: Stage, *, pictures: int = 0, text: str = RIGHT) -> Edited:
    colours = ("teal", "olive")[:pictures]
    shown = tuple(stage.picture(f"Une carte : {colour}", colour) for colour in colours)
    original = stage.parcel(WRONG, pictures=shown)
    parcel = correcting(stage, original, stage.deliver(original), text)
    return Edited(stage, original, stage.ready(parcel))


@pytest.fixture(params=EDITING)
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=WITH_A_SERVER)
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=BELOW)
def below(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


def test_an_edit_replaces_the_words_of_the_same_post(stage: Stage) -> None:
    one = edited(stage)
    before = stage.shown()
    outcome = one.attempt.send()
    assert isinstance(outcome, Accepted)
    (shown,) = stage.shown()
    assert (shown.id, shown.text) == (before[0].id, RIGHT)


def test_an_edit_has_an_id_of_its_own_and_the_address_of_its_post(stage: Stage) -> None:
    one = edited(stage)
    outcome = one.attempt.send()
    target = one.parcel.target
    assert isinstance(outcome, Accepted)
    assert target
    assert outcome.remote_id == edit_id(target.remote_ids[0], one.parcel.post, one.parcel.content)
    assert outcome.url == target.url


def test_nothing_changes_before_an_edit_is_sent(stage: Stage) -> None:
    assert edited(stage, pictures=1).shows() == [WRONG]


def test_an_edit_leaves_the_pictures(stage: Stage) -> None:
    one = edited(stage, pictures=2)
    before = stage.shown()[0].pictures
    assert isinstance(one.attempt.send(), Accepted)
    (shown,) = stage.shown()
    assert (shown.text, shown.pictures) == (RIGHT, before)
    assert stage.sandbox.state()["violations"] == []


def test_preparing_an_edit_again_changes_nothing(stage: Stage) -> None:
    one = edited(stage, pictures=1)
    kept = Prepared.model_validate_json(one.attempt.prepared.model_dump_json())
    again = stage.open().prepare(one.parcel, kept, stage.media.__getitem__)
    assert again == one.attempt.prepared
    assert one.shows() == [WRONG]


def _entry(stage: Stage) -> Any:  # WordPress's have their blocks besides
    return next(one for one in stage.sandbox.store.entries if one.account == stage.account.name)


def _again(one: Edited) -> Outcome:
    """The outcome of another attempt, in which what is prepared is on record from before."""
    kept = Prepared.model_validate_json(one.attempt.prepared.model_dump_json())
    try:
        prepared = one.stage.open().prepare(one.parcel, kept, one.stage.media.__getitem__)
    except NotPrepared as problem:
        return problem.outcome
    one.attempt.prepared, one.attempt.sent = prepared, ()
    return one.attempt.send()


def test_wordpress_shows_no_picture_again_that_was_removed_meanwhile(stages: Stages) -> None:
    one = edited(stages("wordpress"), pictures=2)
    entry = _entry(one.stage)
    entry.raw = re.sub(r"<!-- wp:image.*<!-- /wp:image -->", "", entry.raw, flags=re.DOTALL).strip()
    entry.media = entry.media[:1]
    assert isinstance(_again(one), Accepted)
    (shown,) = one.stage.shown()
    assert (shown.text, len(shown.pictures)) == (RIGHT, 1)


@pytest.mark.parametrize("pictures", [0, 1])
def test_mastodon_shows_no_other_pictures_than_a_person_left(stages: Stages, pictures: int) -> None:
    one = edited(stages("mastodon"), pictures=pictures)
    entry = _entry(one.stage)
    another = one.stage.parcel("x", pictures=(one.stage.picture("Une", "teal"),), post="o.fr")
    one.stage.deliver(another)
    entry.media = [] if pictures else list(one.stage.sandbox.store.entries[-1].media)
    assert isinstance(_again(one), Refused)
    assert one.shows()[0] == WRONG


def test_words_that_a_person_changed_there_are_not_replaced(platform: Stage) -> None:
    """Perhaps they took a name out; so the post is read before each attempt."""
    one = edited(platform)
    entry = _entry(one.stage)
    one.stage.sandbox.store.edit(entry, "Par une personne")
    if platform.name == "wordpress":
        entry.raw = "<!-- wp:paragraph -->\n<p>Par une personne</p>\n<!-- /wp:paragraph -->"
    refused = _again(one)
    assert isinstance(refused, Refused)
    assert "does not say what Publisher sent" in refused.message


@pytest.mark.parametrize(
    "form",
    [
        '<!-- wp:paragraph {"align":"center"} -->\n<p class="c">{}</p>\n<!-- /wp:paragraph -->',
        "<!-- wp:heading -->\n<h2>{}</h2>\n<!-- /wp:heading -->",
        "<p>{}</p>",
        "<!-- wp:group --><!-- wp:paragraph -->\n<p>{}</p>\n<!-- /wp:paragraph --><!-- /wp:group -->",
    ],
)
def test_wordpress_replaces_only_the_paragraphs_that_it_wrote(stages: Stages, form: str) -> None:
    one = edited(stages("wordpress"))
    entry = _entry(one.stage)
    (inside,) = re.findall("<p>(.*?)</p>", entry.raw)
    entry.raw = before = form.replace("{}", inside)
    assert isinstance(_again(one), Refused)
    assert entry.raw == before


def test_wordpress_leaves_a_quotation_between_the_words_alone(stages: Stages) -> None:
    one = edited(stages("wordpress"))
    entry = _entry(one.stage)
    quote = (
        "<!-- wp:quote -->\n<blockquote><!-- wp:paragraph -->\n<p>Un témoin.</p>\n"
        "<!-- /wp:paragraph --></blockquote>\n<!-- /wp:quote -->"
    )
    entry.raw = f"{quote}\n\n{entry.raw}"
    prepared = one.stage.open().prepare(one.parcel, Prepared(), one.stage.media.__getitem__)
    blocks = str(prepared.records[0]["content"])
    assert blocks.startswith(quote)
    assert "Quatre" in blocks
    assert "Trois" not in blocks


def test_what_is_prepared_for_an_edit_is_never_deleted(stage: Stage) -> None:
    """Its post is public: nothing of it may look like an orphan."""
    one = edited(stage, pictures=1)
    assert not one.attempt.prepared.stays
    stage.open().clear(one.parcel, one.attempt.prepared)
    assert one.shows() == [WRONG]


def test_an_edit_that_is_carried_out_is_found(stage: Stage) -> None:
    one = edited(stage, pictures=1)
    sent = one.attempt.send()
    assert one.attempt.find(()) == sent


def test_an_edit_that_was_not_sent_is_absent(stage: Stage) -> None:
    assert isinstance(edited(stage, pictures=1).attempt.find(), Absent)


def test_an_edit_may_be_sent_twice(stage: Stage) -> None:
    one = edited(stage, pictures=1)
    first = one.attempt.send()
    one.attempt.sent = ()
    assert one.attempt.send() == first
    assert one.shows() == [RIGHT]


def test_a_second_edit_changes_the_same_post(stage: Stage) -> None:
    one = edited(stage)
    first = one.attempt.send()
    target = one.parcel.target
    assert target
    again = correcting(stage, one.original, [Accepted(target.remote_ids[0])], "Cinq sur dix")
    update = {"target": target.model_copy(update={"content": one.parcel.content})}
    second = stage.ready(again.model_copy(update=update))
    assert isinstance(second.find(), Absent)
    outcome = second.send()
    assert isinstance(outcome, Accepted)
    assert outcome != first
    assert one.shows() == ["Cinq sur dix"]


def test_the_same_words_again_are_another_edit(stage: Stage) -> None:
    """Corrected, taken back, and corrected again: each has an id of its own."""
    one = edited(stage)
    first = one.attempt.send()
    other = stage.ready(one.parcel.model_copy(update={"post": "another.fr"}))
    second = other.send()
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert second.remote_id != first.remote_id


def test_an_edit_of_a_deleted_post_is_refused(stage: Stage) -> None:
    """Deleted by hand: nothing is corrected, and no post is made."""
    one = edited(stage)
    assert one.parcel.target
    stage.open().withdraw(one.parcel.target.remote_ids[0], Prepared())
    assert isinstance(one.attempt.find(), Absent)
    assert isinstance(one.attempt.send(), Refused)
    assert one.shows() == []


def test_an_edit_of_a_post_deleted_before_it_is_prepared_is_refused(stage: Stage) -> None:
    original = stage.parcel(WRONG, pictures=(stage.picture("Une carte"),))
    outcomes = stage.deliver(original)
    parcel = correcting(stage, original, outcomes, RIGHT)
    assert parcel.target
    stage.open().withdraw(parcel.target.remote_ids[0], Prepared())
    try:
        outcome = stage.ready(parcel).send()
    except NotPrepared as problem:
        outcome = problem.outcome
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize("what", [what for what in LOST if what is not What.HANG])
@pytest.mark.parametrize("commit", [True, False])
def test_the_lost_answer_to_an_edit_is_found_out(
    platform: Stage, what: What, *, commit: bool
) -> None:
    """By reading the post, which shows the new words or the old ones."""
    one = edited(platform)
    one.fail(what, commit=commit)
    outcome = one.attempt.send()
    platform.sandbox.faults.set([])
    # A success without a body is what LinkedIn answers, after which the post is read.
    assert isinstance(
        outcome,
        Accepted if commit and platform.name == "linkedin" and what is What.EMPTY else Unknown,
    )
    seen = one.attempt.find(())
    assert isinstance(seen, Accepted if commit else Absent)
    assert one.shows() == [RIGHT if commit else WRONG]


def test_an_edit_that_is_confirmed_and_not_made_is_no_success(platform: Stage) -> None:
    one = edited(platform, pictures=1)
    platform.sandbox.faults.set([Fault(what=What.IGNORED)])
    assert isinstance(one.attempt.send(), Unknown)
    platform.sandbox.faults.set([])
    assert isinstance(one.attempt.find(), Absent)
    assert one.shows() == [WRONG]


def test_a_refused_edit_changes_nothing(platform: Stage) -> None:
    one = edited(platform)
    one.fail(What.BAD_REQUEST, commit=False)
    assert isinstance(one.attempt.send(), Refused)
    assert one.shows() == [WRONG]


def test_an_edit_that_shows_late_is_absent_until_then(platform: Stage) -> None:
    one = edited(platform)
    sent = one.attempt.send()
    platform.sandbox.faults.set([Fault(what=What.EDIT_LATE, seconds=60)])
    assert isinstance(one.attempt.find(()), Absent)
    platform.sandbox.faults.set([])
    assert one.attempt.find(()) == sent


def test_other_words_on_the_platform_are_for_a_person(platform: Stage) -> None:
    """Somebody changed the post there: neither is it corrected, nor is it as it was."""
    one = edited(platform)
    assert one.parcel.target
    of_post = [Accepted(one.parcel.target.remote_ids[0])]
    by_hand = correcting(platform, one.original, of_post, "Par une personne")
    assert isinstance(platform.ready(by_hand).send(), Accepted)
    assert isinstance(one.attempt.find(), Unknown)


def test_a_correction_goes_below_the_last_part(below: Stage) -> None:
    original = below.parcel("Un", "Deux")
    outcomes = below.deliver(original)
    (outcome,) = below.deliver(correcting(below, original, outcomes, RIGHT))
    assert isinstance(outcome, Accepted)
    last = below.shown()[-1]
    assert (last.id, last.text) == (outcome.remote_id, RIGHT)
    above = outcomes[-1]
    assert isinstance(above, Accepted)
    assert last.in_reply_to == above.remote_id


def test_a_correction_below_a_post_is_found(below: Stage) -> None:
    original = below.parcel("Un", "Deux")
    attempt = below.ready(correcting(below, original, below.deliver(original), RIGHT))
    assert isinstance(attempt.find(), Absent)
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    seen = attempt.find(())
    assert isinstance(seen, Accepted)
    assert seen.remote_id == sent.remote_id


def test_what_may_be_both_the_old_and_the_new_words_is_for_a_person(stages: Stages) -> None:
    """Where a platform shortens links, and the correction changes one."""
    one = edited(stages("linkedin"))
    assert isinstance(edits.sighting(one.parcel, lambda _content: True), Unknown)


def test_linkedin_does_not_take_a_shortened_link_for_the_corrected_one(stages: Stages) -> None:
    """LinkedIn says that it is done, does nothing, and shows neither link as it was written."""
    stage = stages("linkedin")
    original = stage.parcel("Voir https://wrong.example.org/a")
    parcel = correcting(
        stage, original, stage.deliver(original), "Voir https://right.example.org/b"
    )
    attempt = stage.ready(parcel)
    stage.sandbox.faults.set([Fault(what=What.IGNORED)])
    _entry(stage).text = "Voir https://lnkd.in/abc"
    assert isinstance(attempt.send(), Unknown)


def test_the_website_shows_when_it_was_corrected_and_why(stages: Stages) -> None:
    """In the order in which that happened, once each, and in its feeds."""
    stage = stages("site")
    one = edited(stage)
    for _time in range(2):
        one.attempt.sent = ()
        assert isinstance(one.attempt.send(), Accepted)
    folder = stage.options.folder / "site" / stage.account.name
    (page,) = (folder / "posts").glob("*.html")
    html = page.read_text("utf-8")
    assert html.count("Un chiffre") == 1
    made = stage.options.clock.now().isoformat().replace("+00:00", "Z")  # not when it was due
    assert f'<time datetime="{made}">' in html
    assert f"<del>{escape(WRONG)}</del>" in html
    (item,) = json.loads((folder / "feed.json").read_text("utf-8"))["items"]
    assert "Un chiffre" in item["content_html"]
    assert item["date_modified"] == made
