"""What X charges for the posts of a plan.

X bills by use: each part of a thread is a post, and a post with a link costs more. Source:
docs.x.com/x-api/getting-started/pricing. Facebook and the website cost nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from publisher.content.links import links
from publisher.models import Content
from publisher.sections import PriceSettings


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some posts, in US dollars."""

    posts: int
    with_link: int
    amount: Decimal


NOTHING = Cost(0, 0, Decimal())


def cost_on_x(contents: Iterable[Content], prices: PriceSettings) -> Cost:
    """`contents`: what goes out to accounts on X."""
    linked = [bool(links(part.text)) for content in contents for part in content.parts]
    with_link = sum(linked)
    without = len(linked) - with_link
    return Cost(
        len(linked), with_link, without * prices.x_post + with_link * prices.x_post_with_link
    )
