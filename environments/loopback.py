"""Ports of this machine that nobody listens on."""

import socket
from zlib import crc32

_PORTS = range(20_000, 32_000)
"""Below the range that the system itself hands out, so that they stay free."""


class NoPortsLeft(Exception):
    """The machine has not so many; the text may be read by a person."""


def free_ports(count: int, *, taken: frozenset[int], near: str) -> tuple[int, ...]:
    """Loopback ports that nothing listens on now and that are not in ``taken``.

    ``near``: what begins elsewhere than others do, so that two installations on one machine
    seldom reach for the same port at once.
    """
    found: list[int] = []
    first = crc32(near.encode()) % len(_PORTS)
    for number in (*_PORTS[first:], *_PORTS[:first]):
        if len(found) == count:
            break
        if number not in taken and _is_free(number):
            found.append(number)
    if len(found) < count:
        raise NoPortsLeft(f"This machine has no {count} free ports left.")
    return tuple(found)


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True
