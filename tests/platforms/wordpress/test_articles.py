"""An article on WordPress: its name, language, categories, tags and files."""

import pytest

from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Refused
from publisher.platforms.wordpress.article import Article, Figure, slug_of
from publisher.platforms.wordpress.stand_in.articles import StoredArticle
from publisher.platforms.wordpress.stand_in.refusals import WordPressFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import SETTINGS, Stage, Stages
from tests.platforms.wordpress.test_channel import accepted, violations

pytestmark = pytest.mark.guards(
    "publisher.platforms.wordpress.article",
    "publisher.platforms.wordpress.languages",
    "publisher.platforms.wordpress.terms",
)


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("wordpress")


def test_a_slug_tells_words_and_is_no_other_posts() -> None:
    content = Content(
        parts=(Part(text="Łódź : l’égalité, c’est maintenant ! Et encore plus tard…"),)
    )
    slug = slug_of("post.fr", "bice-wp", content)
    assert slug.startswith("lodz-legalite-cest-maintenant-et-encore-plus-tard-")
    assert len(slug) <= 71
    other = Content(parts=(Part(text="مساواة"),))
    slugs = {
        slug,
        slug_of("post.es", "bice-wp", content),
        slug_of("post.fr", "other-wp", content),
        slug_of("post.fr", "bice-wp", content.model_copy(update={"link": "https://example.org"})),
        slug_of("post.fr", "bice-wp", other),
    }
    assert len(slugs) == 5
    assert all(one.strip("-") == one and one.isascii() for one in slugs)
    long = Content(parts=(Part(text="a" * 300),))
    assert len(slug_of("post.fr", "bice-wp", long)) <= 71


def test_categories_are_sent_by_number_and_a_missing_one_holds_the_account(stage: Stage) -> None:
    for told, problem in (
        ("actualités", None),
        ("News & events, 3", None),
        ("NOTICIAS,Aktualności", None),
        ("Nouvelles", "no category Nouvelles"),
        ("99", "no category 99"),
    ):
        stage.account = stage.account.model_copy(update={"options": {"categories": told}})
        health = stage.open().examine()
        assert health.problem is None
        found = " ".join(health.remarks)
        assert bool(found) is bool(problem)
        (outcome,) = stage.deliver(stage.parcel(f"Pour {told}", post=told))
        assert isinstance(outcome, AccountSuspended if problem else Accepted)
        assert (problem or "") in found


def test_settings_take_categories_for_wordpress_alone() -> None:
    entry = SETTINGS.accounts["bice-wp"].model_copy(update={"categories": "News, 12"})
    assert entry.account("bice-wp").options == {"categories": "News, 12"}
    for wrong in ("", " ", "News,", ",", "News,,12"):
        with pytest.raises(ValueError, match="categories"):
            SETTINGS.model_validate(
                {
                    "workspace": "/nowhere",
                    "accounts": {"a": {"channel": "wordpress", "categories": wrong}},
                }
            )


def entry_of(stage: Stage) -> StoredArticle:
    (entry,) = stage.sandbox.store.entries
    assert isinstance(entry, StoredArticle)
    return entry


@pytest.mark.parametrize(
    ("lang", "told", "side"),
    [
        ("fr", "", "fr"),
        ("fr", "es", "es"),
        ("es-PE", "", "es"),
        ("pl", "es", "pl"),  # what publisher.toml says is for the account's own language
        (None, "", "en"),
    ],
)
def test_a_post_stands_on_the_side_of_its_language(
    lang: str | None, told: str, side: str, stage: Stage
) -> None:
    options = {"site_language": told} if told else {}
    stage.account = stage.account.model_copy(update={"options": options})
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    content = parcel.content.model_copy(update={"lang": lang})
    (outcome,) = stage.deliver(parcel.model_copy(update={"content": content}))
    assert isinstance(outcome, Accepted)
    assert entry_of(stage).side == side


def test_a_post_on_another_side_is_not_published(stage: Stage) -> None:
    stage.sandbox.faults.set([Fault(what=WordPressFault.OTHER_LANGUAGE)])
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Refused)
    assert "(en)" in outcome.message
    assert stage.shown() == []


def test_a_language_that_the_site_lacks_is_refused_before_anything_is_made(stage: Stage) -> None:
    """The plugin itself would put the post on the side of its first language."""
    parcel = stage.parcel("Guten Tag")
    content = parcel.content.model_copy(update={"lang": "de"})
    (outcome,) = stage.deliver(parcel.model_copy(update={"content": content}))
    assert isinstance(outcome, Refused)
    assert "en, fr, es, pl" in outcome.message
    assert stage.sandbox.store.entries == []


@pytest.mark.parametrize("what", [What.NOT_JSON, What.SERVER_ERROR])
def test_while_a_site_cannot_be_asked_for_its_languages_nothing_is_made(
    what: What, stage: Stage
) -> None:
    """The post might stand on the wrong side."""
    stage.sandbox.faults.set([Fault(what=what, endpoint="listLanguages")])
    assert isinstance(stage.deliver(stage.parcel("Bonjour"))[0], Deferred)
    assert stage.sandbox.store.entries == []


def test_a_site_that_does_not_list_its_languages_gets_posts_all_the_same(stage: Stage) -> None:
    stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="listLanguages")])
    assert isinstance(stage.deliver(stage.parcel("Bonjour"))[0], Accepted)
    assert entry_of(stage).side == "fr"


def test_doctor_names_a_language_that_the_site_lacks(stage: Stage) -> None:
    assert stage.open().examine().remarks == ()
    stage.account = stage.account.model_copy(update={"language": "de"})
    (remark,) = stage.open().examine().remarks
    assert "no language de" in remark
    assert "en, fr, es, pl" in remark
    stage.account = stage.account.model_copy(update={"options": {"site_language": "pl"}})
    assert stage.open().examine().remarks == ()
    stage.account = stage.account.model_copy(update={"language": None, "options": {}})
    assert "`language`" in stage.open().examine().remarks[0]


def test_hashtags_that_the_site_knows_become_its_tags(stage: Stage) -> None:
    """However the site writes them; the others stay words of the text."""
    parcel = stage.parcel(
        "Pour les #DroitsDesEnfants et l’#education, à #Genève. #DroitsDesEnfants"
    )
    (outcome,) = stage.deliver(parcel)
    assert isinstance(outcome, Accepted)
    assert entry_of(stage).tags == (101, 102)
    assert "listTags" in stage.sandbox.state()["requests"]


def test_a_text_without_hashtags_asks_for_no_tags(stage: Stage) -> None:
    stage.deliver(stage.parcel("Bonjour, voir https://www.example.org/a#b"))
    assert "listTags" not in stage.sandbox.state()["requests"]


def test_a_video_a_gif_and_a_document_follow_the_text(stage: Stage) -> None:
    """The first still picture alone is featured, for a theme scales that one."""
    files = (
        stage.gif("Une horloge"),
        stage.picture("Une carte"),
        stage.video("La salle se remplit"),
        stage.document("Le rapport annuel"),
    )
    parcel = stage.parcel("Bonjour", pictures=files, title="Rapport 2016")
    (outcome,) = stage.deliver(parcel)
    assert isinstance(outcome, Accepted)
    entry = entry_of(stage)
    kinds = [upload.media_type for upload in entry.media]
    assert kinds == ["image/png", "image/gif", "video/mp4", "application/pdf"]
    assert entry.media[0].id == entry.featured
    assert [upload.title for upload in entry.media] == ["", "", "", "Rapport 2016"]
    assert violations(stage) == []
    assert accepted(stage.open().withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}


def test_the_settings_of_a_block_do_not_end_its_comment() -> None:
    picture = Picture(
        digest="0" * 64, media_type="application/pdf", width=1, height=1, alt="a", name="a", pages=1
    )
    content = Content(parts=(Part(text="Bonjour", pictures=(picture,)),))
    figure = Figure("https://example.org/a--b.pdf?x=1&y=2", 1, 1, picture, "7")
    (comment, *_rest) = [
        line for line in Article.of(content, [figure]).content.split("\n") if "wp:file" in line
    ]
    assert "\\u002d\\u002d" in comment
    assert "&" not in comment
