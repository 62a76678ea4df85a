"""Addresses of container engines."""

import re

_UNIX = re.compile(r"unix:///[^\s?#]+")
_TCP = re.compile(r"tcp://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})")
_HIGHEST_PORT = 65_535


def is_address(text: str) -> bool:
    """Whether it is ``unix:///path`` or ``tcp://host:port``."""
    if found := _TCP.fullmatch(text):
        return 0 < int(found[1]) <= _HIGHEST_PORT
    return _UNIX.fullmatch(text) is not None and ".." not in text.split("/")
