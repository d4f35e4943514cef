"""Which addresses a URI that a stranger wrote may lead to."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

Allowed = Callable[[str], bool]
"""Whether to connect to an IP address."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's, also where it carries another one
    inside (IPv4 in IPv6, 6to4, Teredo).
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in (ip, *_inside(ip)))


def is_any(_address: str) -> bool:
    """For chains on this machine only: whoever can submit a round reaches what this machine can."""
    return True


def _is_global(ip: IPv4Address | IPv6Address) -> bool:
    mapped = isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None
    return mapped or (ip.is_global and not ip.is_multicast and not ip.is_reserved)


def _inside(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(ip, IPv4Address):
        return []
    found = (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ()))
    return [one for one in found if one is not None]
