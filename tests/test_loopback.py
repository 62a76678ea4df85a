"""Ports that are given to services."""

import socket

import pytest

from environments.loopback import NoPortsLeft, free_ports


def test_they_are_different_and_none_that_is_taken() -> None:
    first = free_ports(3, taken=frozenset(), near="here")
    second = free_ports(3, taken=frozenset(first), near="here")
    assert len({*first, *second}) == 6
    assert free_ports(0, taken=frozenset(), near="here") == ()


def test_none_that_somebody_listens_on() -> None:
    (number,) = free_ports(1, taken=frozenset(), near="here")
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", number))
        assert number not in free_ports(5, taken=frozenset(), near="here")


def test_two_installations_begin_at_different_places() -> None:
    here = free_ports(20, taken=frozenset(), near="/data/one")
    there = free_ports(20, taken=frozenset(), near="/data/two")
    assert not {*here} & {*there}


def test_more_than_there_are_is_said() -> None:
    with pytest.raises(NoPortsLeft, match="no 20000 free ports"):
        free_ports(20_000, taken=frozenset(), near="here")
