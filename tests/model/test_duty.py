"""The rota: who is on duty at an instant, by the session's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.model import duty

ZURICH = ZoneInfo("Europe/Zurich")
ROTA = [
    "Marie: weekdays 08:00-18:00",
    "Jean: weekdays 18:00-08:00",
    "Jean: weekend 00:00-24:00",
    "Kasia: monday, thursday 12:00-13:30",
]


@pytest.mark.parametrize(
    ("local", "names"),
    [
        ("2016-03-07 08:00", ["Marie"]),
        ("2016-03-07 07:59", []),  # the night from Sunday is nobody's, as the rota says it
        ("2016-03-07 12:00", ["Marie", "Kasia"]),
        ("2016-03-07 13:30", ["Marie"]),
        ("2016-03-07 18:00", ["Jean"]),
        ("2016-03-08 03:00", ["Jean"]),
        ("2016-03-12 03:00", ["Jean"]),  # the night from Friday, and Saturday: once
        ("2016-03-13 23:59", ["Jean"]),
    ],
)
def test_whoever_has_the_shift_is_on_duty(local: str, names: list[str]) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZURICH).astimezone(UTC)
    assert duty.on_duty(ROTA, at, ZURICH) == names


@pytest.mark.parametrize(
    "text",
    ["", "Marie", "Marie: 08:00-18:00", "Marie: someday 08:00-18:00", "Marie: weekdays 8-18",
     "weekdays 08:00-18:00", "Marie: weekdays 08:00-25:00"],
)  # fmt: skip
def test_what_is_no_shift_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="weekdays 08:00-18:00"):
        duty.parse(text)
