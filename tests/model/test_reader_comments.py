"""What is kept of readers' comments."""

import pytest

from publisher.model.reader_comments import kept_address

ADDRESS = "https://social.example.org/@lina/1"


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}?a=b&c=%C3%A9#d", ADDRESS.ljust(500, "1")])
def test_an_address_of_a_comment_is_kept(address: str) -> None:
    assert kept_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "", "//social.example.org", "http://social.example.org", "javascript:alert(1)",
        f" {ADDRESS}", f"{ADDRESS} 2", f"{ADDRESS}\n", f"{ADDRESS}\x00", f"{ADDRESS}é",
        *(f"{ADDRESS}{mark}" for mark in "\"'<>\\"), ADDRESS.ljust(501, "1"),
    ],
)  # fmt: skip
def test_one_that_a_browser_should_not_follow_is_not(address: str) -> None:
    assert kept_address(address) == ""
