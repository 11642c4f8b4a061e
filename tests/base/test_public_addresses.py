"""Public addresses: no server that somebody names is this machine or one beside it."""

import pytest

from publisher.base.public_addresses import is_private, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "192.168.1.1", "169.254.169.254", "224.0.0.1", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "fc00::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_that_trusts_requests_from_here_is_not_public(address: str) -> None:
    assert is_public(address) is False
    assert is_private(f"[{address}]")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::8.8.8.8", "64:ff9b::808:808"])
def test_all_others_are_public(address: str) -> None:
    assert is_public(address) is True


def test_a_name_is_no_address() -> None:
    assert is_public("example.org") is None
    assert is_private("localhost")
    assert not is_private("example.org")
