"""Costs on X of the posts of a plan.

X bills by use: each part of a thread is a post, a post with a link costs more, and the alternative
text of each picture and GIF is charged too. Source:
docs.x.com/x-api/getting-started/pricing. Facebook and the website cost nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from publisher.channels.registry import spec_of
from publisher.drafts.links import links
from publisher.model.content import Content
from publisher.model.deliveries import Delivery, Wish
from publisher.model.engagement import Age
from publisher.settings.schema import PriceSettings
from publisher.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of some posts, in US dollars."""

    posts: int
    with_link: int
    amount: Decimal
    alt_texts: int = 0
    """Number of pictures and GIFs with an alternative text, which X charges separately."""
    readings: int = 0
    """How often figures are read, each of which X charges."""


NOTHING = Cost(0, 0, Decimal())


def cost_of(planned: Iterable[Wish | Delivery | None], settings: Settings) -> Cost:
    """The cost of what is planned, with the reading of its figures."""
    billed = [one.content for one in planned if one and spec_of(one.channel).has_fees]
    reads = settings.engagement.read == "all"
    return cost_on_x(billed, settings.prices, reads_figures=reads)


def cost_of_answers(new: Iterable[Wish], settings: Settings) -> Decimal:
    """The most that reading the readers' answers to new posts may cost in a day, in US dollars."""
    if settings.comments.read != "all":
        return Decimal()
    read = {one.account for one in new if _costs_to_read(one.channel)}
    each = settings.prices.x_read + settings.prices.x_author
    a_day = settings.comments.most_per_day * each
    return len(read) * min(a_day, settings.comments.budget_per_month)


def _costs_to_read(channel: str) -> bool:
    spec = spec_of(channel)
    return spec.has_fees and spec.comments is not None


def cost_on_x(
    contents: Iterable[Content], prices: PriceSettings, *, reads_figures: bool = False
) -> Cost:
    """The cost of `contents` on X, without reads after an uncertain outcome.

    `reads_figures`: whether their figures are read, at each `Age`.
    """
    with_link = without = alt_texts = readings = 0
    for content in contents:
        linked = [bool(links(part.text)) for part in content.parts]
        with_link += sum(linked)
        without += len(linked) - sum(linked)
        readings += len(Age) if reads_figures else 0
        shown = (picture for part in content.parts for picture in part.pictures)
        # Of videos none is sent.
        alt_texts += len({one.digest for one in shown if one.alt and not one.is_video})
    amount = (
        without * prices.x_post
        + with_link * prices.x_post_with_link
        + alt_texts * prices.x_alt_text
        + readings * prices.x_read
    )
    return Cost(with_link + without, with_link, amount, alt_texts, readings)
