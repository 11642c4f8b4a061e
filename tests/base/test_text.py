"""Text for a screen: whatever could move its cursor or colour it is replaced."""

import sys
import unicodedata

import pytest

from publisher.base.text import harmless
from publisher.model.content import Content, Part
from publisher.model.posts import Post

ALL = "".join(map(chr, range(sys.maxunicode + 1)))
JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}"


@pytest.mark.parametrize("keep", ["", "\n", "\n\t"])
def test_every_harmful_character_is_replaced_and_no_other(keep: str) -> None:
    changed = {old for old, new in zip(ALL, harmless(ALL, keep), strict=True) if old != new}
    assert set(harmless("".join(changed), keep)) == {"\N{REPLACEMENT CHARACTER}"}
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert changed == {c for c in ALL if unicodedata.category(c) in kinds} - {*JOINERS, *keep}


def test_a_post_is_called_by_its_title_or_its_first_words_wherever_it_is() -> None:
    """A draft and what goes out of it have one name in lists."""
    words = "Une phrase. " * 20
    draft = Post(id="a.fr", file="posts/a.fr.md", texts={"": (" ", words)})
    content = Content(parts=(Part(text=""), Part(text=words)))
    assert draft.first_words == content.first_words
    assert draft.first_words.endswith("\N{NO-BREAK SPACE}…")
    assert len(draft.first_words) <= 92
    titled = {"title": "Un titre"}
    assert draft.model_copy(update=titled).first_words == "Un titre"
    assert content.model_copy(update=titled).first_words == "Un titre"
    assert Post(id="a.fr", file="posts/a.fr.md").first_words == ""
