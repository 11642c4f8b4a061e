"""What X charges."""

from decimal import Decimal

import pytest

from publisher.model.content import Content, Part, Picture
from publisher.planning.costs import Cost, cost_on_x
from publisher.settings.schema import PriceSettings


def content(*texts: str) -> Content:
    return Content(parts=tuple(Part(text=text) for text in texts))


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([], Cost(0, 0, Decimal(0))),
        ([content("Oui")], Cost(1, 0, Decimal("0.015"))),
        ([content("Lire https://www.example.org/a")], Cost(1, 1, Decimal("0.200"))),
        ([content("Lire example.org")], Cost(1, 1, Decimal("0.200"))),
        ([content("Un", "Deux", "Trois example.org/3")], Cost(3, 1, Decimal("0.230"))),
        ([content("Un"), content("Deux")], Cost(2, 0, Decimal("0.030"))),
    ],
)
def test_each_part_is_a_post_and_one_with_a_link_costs_more(
    contents: list[Content], expected: Cost
) -> None:
    assert cost_on_x(contents, PriceSettings()) == expected


def test_prices_can_be_set() -> None:
    prices = PriceSettings(x_post=Decimal("0.02"), x_post_with_link=Decimal(1))
    assert cost_on_x([content("Oui", "example.org")], prices).amount == Decimal("1.02")


def test_an_alternative_text_costs_apart_and_each_picture_has_one_but_no_video() -> None:
    shown = tuple(
        Picture(digest=digest, media_type=kind, width=1, height=1, alt="Une carte", name="a.jpg")
        for digest, kind in [
            ("a", "image/jpeg"), ("b", "image/gif"), ("b", "image/gif"), ("c", "video/mp4"),
        ]
    )  # fmt: skip
    with_pictures = Content(parts=(Part(text="Oui", pictures=shown),))
    assert cost_on_x([with_pictures], PriceSettings()) == Cost(1, 0, Decimal("0.025"), alt_texts=2)
