"""A plain socket to a server that speaks TLS: one thread does all of the encrypting.

Two threads must not read and write at one TLS connection at once: what a server sends behind the
handshake, such as the tickets of TLS 1.3, then stops both for good.
"""

import select
import socket
import ssl
import threading
from contextlib import suppress

_PIECE = 64 * 1024
_FULL = 4 * _PIECE
"""So much may be on its way in one direction; then nothing more is read for it."""
_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


def opened(host: str, port: int, context: ssl.SSLContext, *, seconds: float) -> socket.socket:
    """The near end; what is written there comes out of the far end encrypted. ``OSError`` where
    nobody answers, or as somebody else."""
    plain = socket.create_connection((host, port), timeout=seconds)
    try:
        far = context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
    near, ours = socket.socketpair()
    for one in (far, ours):
        one.setblocking(False)
    threading.Thread(target=_pump, args=(far, ours), daemon=True, name="tunnel").start()
    return near


class _Way:
    """One direction, and what is on its way."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.waiting = b""
        self.has_ended = self.is_cut = False
        """Nothing more comes from its source; its target takes nothing more."""

    @property
    def reads(self) -> bool:
        """Whether it has room for more."""
        return not self.has_ended and len(self.waiting) < _FULL

    @property
    def is_done(self) -> bool:
        """Whether all has come that will come, and gone as far as it goes."""
        return self.has_ended and not self.waiting

    def move(self) -> None:
        """Read what is there, and write what goes."""
        while self.reads:
            try:
                piece = self.source.recv(_PIECE)
            except _AGAIN:
                break
            except OSError:
                piece = b""
            self.has_ended = not piece
            self.waiting += piece
        while self.waiting and not self.is_cut:
            try:
                self.waiting = self.waiting[self.target.send(self.waiting) :]
            except _AGAIN:
                break
            except OSError:
                self.is_cut = True
        if self.is_cut:
            self.waiting = b""


def _pump(far: ssl.SSLSocket, near: socket.socket) -> None:
    """Until the near end is closed: it may still answer when the far end has said its last word,
    and must not be told that nobody hears it."""
    inwards, outwards = _Way(far, near), _Way(near, far)
    with far, near:
        while True:
            for way in (inwards, outwards):
                way.move()
            if inwards.is_cut or outwards.is_done:
                break
            if inwards.is_done and not outwards.is_cut:
                outwards.is_cut = True
                with suppress(OSError):
                    near.shutdown(socket.SHUT_WR)
                continue
            poll = select.poll()
            for end, reading, writing in ((far, inwards, outwards), (near, outwards, inwards)):
                wanted = select.POLLIN if reading.reads else 0
                wanted |= select.POLLOUT if writing.waiting else 0
                if wanted:
                    poll.register(end, wanted)
            poll.poll()
