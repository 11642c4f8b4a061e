"""Text for a screen: whatever could move its cursor or colour it is replaced."""

import sys
import unicodedata

import pytest

from publisher.base.text import harmless

ALL = "".join(map(chr, range(sys.maxunicode + 1)))
JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}"


@pytest.mark.parametrize("keep", ["", "\n", "\n\t"])
def test_every_harmful_character_is_replaced_and_no_other(keep: str) -> None:
    changed = {old for old, new in zip(ALL, harmless(ALL, keep), strict=True) if old != new}
    assert set(harmless("".join(changed), keep)) == {"\N{REPLACEMENT CHARACTER}"}
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert changed == {c for c in ALL if unicodedata.category(c) in kinds} - {*JOINERS, *keep}
