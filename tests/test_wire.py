"""A descriptor between threads: what is read, written, and let go."""

import os
import socket
import threading

from environments.wire import Wire


def test_all_of_it_arrives_although_the_other_end_is_slow() -> None:
    here, there = socket.socketpair()
    wire = Wire(here.detach())
    content = os.urandom(3_000_000)
    writing = threading.Thread(target=wire.write, args=(content,))
    writing.start()
    arrived = b""
    while len(arrived) < len(content):
        arrived += there.recv(10_000)
    writing.join(60)
    assert arrived == content
    there.sendall(b"answer")
    assert wire.read() == b"answer"
    there.close()
    assert wire.read() == b""
    wire.write(b"to nobody")
    wire.close()


def test_closing_lets_go_whoever_waits() -> None:
    here, there = socket.socketpair()
    wire = Wire(here.detach())
    waiting = [
        threading.Thread(target=wire.read),
        threading.Thread(target=wire.write, args=(b"x" * 10_000_000,)),
    ]
    for one in waiting:
        one.start()
    with wire.held() as descriptor:
        assert descriptor is not None
    for _ in range(2):
        wire.close()
    for one in waiting:
        one.join(60)
        assert not one.is_alive()
    assert wire.read() == b""
    wire.write(b"late")
    with wire.held() as descriptor:
        assert descriptor is None
    there.close()
