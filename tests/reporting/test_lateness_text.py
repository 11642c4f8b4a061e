"""Late posts in words."""

from datetime import UTC, datetime

import pytest

from publisher.ledger.reading.lateness import Cause, Late, LateGroup
from publisher.model.outcomes import Kind
from publisher.reporting import lateness_text


@pytest.mark.parametrize("kind", [*Kind, None])
def test_what_a_platform_has_against_a_post_is_said_in_words(kind: Kind | None) -> None:
    since = datetime(2016, 3, 7, tzinfo=UTC)
    late = Late([LateGroup(Cause.REFUSED, "twitter", kind, 2, since)])
    told = lateness_text.in_words(late, UTC)
    assert "X does not accept 2 of them (" in told
    words = told.partition("(")[2].partition(")")[0]
    assert len(words.split()) >= 4
    assert words != kind
