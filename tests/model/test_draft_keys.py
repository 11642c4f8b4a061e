"""The keys of drafts: one row for each, from which all else is made."""

import pytest

from publisher.model.capabilities import Capabilities
from publisher.model.content import Content
from publisher.model.draft_keys import BY_NAME, KEYS, PLAIN_KEYS, KeyKind
from publisher.model.posts import Post
from publisher.planning import change_details
from publisher.web import compose_form


def test_a_row_has_all_its_words_and_names_fields_that_exist() -> None:
    for key in KEYS:
        assert key.about
        assert key.noun
        assert not key.capability or key.capability in Capabilities.model_fields
        assert not key.goes_out or key.name in {*Content.model_fields, *dir(Content)}
        assert bool(key.choices) is (key.kind is KeyKind.CHOICE)


def test_a_post_has_what_a_key_of_one_line_says() -> None:
    assert {key.name for key in PLAIN_KEYS} <= Post.model_fields.keys()


def test_what_a_plan_shows_of_a_key_has_words() -> None:
    """Without them a plan could not say that it changes."""
    shown = [key for key in KEYS if key.goes_out or key.name in ("author", "repeat")]
    assert all(key.is_worded or key.changed or (key.begun and key.ended) for key in shown)


def test_no_key_is_called_as_another_field_of_the_composer_or_of_a_plan() -> None:
    assert len({*compose_form.FORM_FIELDS}) == len(compose_form.FORM_FIELDS)
    assert not BY_NAME.keys() & {*change_details.Aspect}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("repeat", "Yes", "yes"),
        ("repeat", None, "no"),
        ("made_with_ai", "", "no"),
        ("link_in", "comment", "in the first comment below it"),
        ("link_in", None, "where the account always has it"),
        ("title", "Demain", "Demain"),
    ],
)
def test_a_value_is_said_in_words(key: str, value: str | None, words: str) -> None:
    assert BY_NAME[key].in_words(value) == words
