"""A message is kept with its values, and told in the language of whoever reads it."""

import pickle
from datetime import UTC, datetime

import pytest

from publisher.base.i18n import _, joined, plural, speaking
from publisher.base.stored_messages import again, kept, told

_AT = datetime(2016, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "make",
    [
        lambda: _("{post} cannot be held: {states}.", post="a.fr", states="{x}"),
        lambda: _("{what}, so the post may be deleted or not.", what=_("no status")),
        lambda: plural("{number} draft", "{number} drafts", 3),
        lambda: joined(_("no status"), "", "(“Nope {0}”)", plural("{number} draft", "{number} drafts", 1)),
        lambda: _("The ledger was restored from a backup of {time:%Y-%m-%d %H:%M} UTC, "
                  "and this may have gone out since. While Publisher runs, it looks for it on the "
                  "platform; if it does not see it, look at the account.", time=_AT),
    ],
)  # fmt: skip
def test_what_was_said_in_one_language_is_told_in_another(make) -> None:  # type: ignore[no-untyped-def]
    with speaking("fr"):
        french = make()
        stored = kept(french)
    with speaking("pl"):
        assert told(stored) == make()
        assert again(french) == make()
        assert kept(told(stored)) == stored
    assert told(kept(make())) == make() != french


@pytest.mark.parametrize("text", [None, "", "Déjà dit en français.", '{"said": ["x"]}'])
def test_what_has_no_parts_stays_as_it_is(text: str | None) -> None:
    assert kept(text) == text
    assert told(text) == text


def test_what_cannot_be_kept_is_kept_in_words() -> None:
    text = _("{what}, so the post may be deleted or not.", what=object)
    assert kept(text) == str(text)


def test_it_is_a_plain_text_elsewhere() -> None:
    assert type(pickle.loads(pickle.dumps(_("no status")))) is str  # noqa: S301


@pytest.mark.parametrize("text", ["\x1f{", '\x1f{"said":["Approve"],"with":{}}', "\x1f\x1f[]"])
def test_nobody_elses_words_are_taken_for_a_message(text: str) -> None:
    """They would be told as ours, or keep the whole history from being read."""
    assert told(kept(text)) == text.lstrip("\x1f")
