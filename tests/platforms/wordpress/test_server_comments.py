"""The number of comments, as a real WordPress counts them."""

from pathlib import Path

import pytest

from publisher.channels.engagement import EngagementReading
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import Accepted
from tests.platforms.wordpress.desk import Desk
from tests.support.sending import send
from tests.support.wordpress_server.site import TestSite


@pytest.fixture
def desk(served: TestSite, tmp_path: Path) -> Desk:
    return Desk(served, tmp_path)


def test_approved_comments_are_counted_by_post(desk: Desk) -> None:
    """Not those that wait for the site's staff; a deleted post is gone, and hides no other."""
    channel = desk.open()
    ids = []
    for number in range(3):
        parcel = desk.parcel(f"counted-{number}", f"Le texte {number}")
        outcome = send(channel, parcel, desk.prepare(channel, parcel), ())
        assert isinstance(outcome, Accepted)
        ids.append(outcome.remote_id)
    desk.site.run(
        f"for ($n = 0; $n < 120; $n++) wp_insert_comment(['comment_post_ID' => {ids[0]},"
        " 'comment_content' => \"Oui $n\", 'comment_approved' => 1]);"
        f"wp_insert_comment(['comment_post_ID' => {ids[1]}, 'comment_content' => 'Oui',"
        " 'comment_approved' => 0]);"
        f"wp_trash_post({ids[2]});"
    )
    reading = channel.engagement(ids)
    assert isinstance(reading, EngagementReading)
    assert reading.posts == {
        ids[0]: Engagement({Metric.REPLIES: 120}),
        ids[1]: Engagement({Metric.REPLIES: 0}),
        ids[2]: Engagement(is_gone=True),
    }
