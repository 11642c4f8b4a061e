"""Public addresses: which IP addresses are in the public internet.

A person names a server that is asked. It must not be this machine or one beside it: those trust
requests from here.
"""

import ipaddress
import socket

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address
_IPV4_INSIDE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""IPv4 addresses as NAT64 writes them (RFC 6052, 2.1), and as was done before (RFC 4291, 2.5.5.1;
RFC 2765, 2.1).
"""
_AZURE = _IPv4("168.63.129.16")
"""The host of a virtual machine, at an address that is public elsewhere. Source:
learn.microsoft.com, "What is IP address 168.63.129.16?"
"""


def is_private(host: str) -> bool:
    """Whether a host is known to be private: `localhost`, or an address that is not public."""
    return host == "localhost" or is_public(host.strip("[]")) is False


def leads_to_private(host: str) -> bool:
    """Whether a host, by what its name leads to now, is not in the public internet.

    A name that leads nowhere is not private: nothing can be asked there. The name may lead
    elsewhere a moment later, so that whoever connects looks again.
    """
    if is_private(host):
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(is_public(str(address[0])) is False for *_rest, address in found)


def is_public(host: str) -> bool | None:
    """Whether an IP address is in the public internet; None for what is none, such as a name."""
    try:
        address: _IPv4 | _IPv6 = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, _IPv6):
        if address.is_site_local:
            return False
        address = _inside(address) or address
    return address.is_global and not address.is_multicast and address != _AZURE


def _inside(address: _IPv6) -> _IPv4 | None:
    """The IPv4 address that packets to this one are sent to."""
    if any(address in network for network in _IPV4_INSIDE):
        return _IPv4(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class NotPublic(OSError):
    """No address of a server is in the public internet."""
