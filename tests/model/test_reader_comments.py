"""What is kept of readers' comments."""

import pytest

from publisher.model.reader_comments import LONGEST, kept_address, kept_text

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


@pytest.mark.parametrize("more", ["", "\r\n", " \r\n\t"])
def test_a_text_that_fits_is_kept_whole(more: str) -> None:
    """Spaces around it, and the second character of a line's end, do not count."""
    rest = "b" * (LONGEST - 2)
    assert kept_text(f"{more}a\r\n{rest}{more}") == f"a\n{rest}"


@pytest.mark.parametrize("text", ["a" * 2_001, f"a\r\n{'b' * 2_000}", f"\n{'a' * 2_000} {'b' * 9}"])
def test_a_text_that_was_cut_says_so(text: str) -> None:
    kept = kept_text(text)
    assert (len(kept), kept[-1]) == (LONGEST, "…")
