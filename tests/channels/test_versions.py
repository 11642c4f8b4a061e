"""The versions of the platforms' APIs that this Publisher uses are served for a while yet."""

from datetime import UTC, date, datetime, timedelta

import pytest

from publisher.platforms.facebook.graph import GRAPH_VERSION
from publisher.platforms.facebook.graph import VERSION_ENDS as GRAPH_ENDS
from publisher.platforms.linkedin.rest import VERSION as LINKEDIN_VERSION
from publisher.platforms.linkedin.rest import VERSION_ENDS as LINKEDIN_ENDS

_HALF_A_YEAR = timedelta(days=183)


@pytest.mark.parametrize(
    ("version", "ends"), [(GRAPH_VERSION, GRAPH_ENDS), (LINKEDIN_VERSION, LINKEDIN_ENDS)]
)
def test_a_version_lives_for_half_a_year_yet(version: str, ends: date) -> None:
    """By the real date: whoever sees this fail reads the platform's changelog and raises it."""
    left = ends - datetime.now(UTC).date()
    assert left > _HALF_A_YEAR, f"{version} ends on {ends}: raise it in time"
