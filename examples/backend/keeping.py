"""Where the parcels are kept: in the database of the namespace, else in a file.

Both keep texts by number, and give them back in the order of the numbers.
"""

import os
import socket
import sqlite3
import time
from contextlib import closing
from typing import BinaryIO, Protocol

SECONDS = 5
PATIENCE_SECONDS = 45


class Keeping(Protocol):
    """What both can do."""

    def add(self, number: str, text: str) -> None:
        """Keep it, unless there is one already."""

    def change(self, number: str, text: str) -> None:
        """Keep it in place of what is there."""

    def all(self) -> dict[str, str]:
        """Everything."""

    def wait(self) -> None:
        """Until it is there."""


class File:
    """A table in one SQLite file of the working folder."""

    def __init__(self, path: str) -> None:
        self._path = path

    def add(self, number: str, text: str) -> None:
        """Keep it, unless there is one already."""
        self._do("insert or ignore into parcel values (?, ?)", number, text)

    def change(self, number: str, text: str) -> None:
        """Keep it in place of what is there."""
        self._do("insert or replace into parcel values (?, ?)", number, text)

    def all(self) -> dict[str, str]:
        """Everything."""
        return dict(self._do("select number, text from parcel order by number"))

    def wait(self) -> None:
        """A file is made when it is needed."""

    def _do(self, statement: str, *values: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute("create table if not exists parcel (number text primary key, text)")
            return database.execute(statement, values).fetchall()


class Redis:
    """A hash in Redis, spoken to in its own few words."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port

    def add(self, number: str, text: str) -> None:
        """Keep it, unless there is one already."""
        self._ask("HSETNX", "parcels", number, text)

    def change(self, number: str, text: str) -> None:
        """Keep it in place of what is there."""
        self._ask("HSET", "parcels", number, text)

    def all(self) -> dict[str, str]:
        """Everything."""
        told = self._ask("HGETALL", "parcels")
        return dict(sorted(zip(told[::2], told[1::2], strict=True)))

    def wait(self) -> None:
        """Until it answers: it may be starting beside whoever asks."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._ask("PING")
            except OSError as away:
                if time.monotonic() > give_up:
                    raise
                print(f"waits for the database at {self._address[0]}: {away}", flush=True)
                time.sleep(1)
            else:
                return

    def _ask(self, *words: str) -> list[str]:
        sent = [f"*{len(words)}\r\n".encode()]
        for word in words:
            sent.append(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()))
        with socket.create_connection(self._address, timeout=SECONDS) as there:
            there.sendall(b"".join(sent))
            with there.makefile("rb") as answer:
                return _read(answer)


def _read(answer: BinaryIO) -> list[str]:
    """An answer of Redis as texts."""
    line = answer.readline().decode().strip()
    kind, rest = line[:1], line[1:]
    if kind == "-":
        raise OSError(f"the database refused: {rest}")
    if kind == "*":
        return [text for _ in range(int(rest)) for text in _read(answer)]
    if kind == "$":
        text = answer.read(int(rest) + 2)[:-2].decode()
        return [text]
    return [rest]


def chosen() -> Keeping:
    """The database that this namespace has, else the file."""
    host, port = os.environ.get("STORE_SERVICE_HOST"), os.environ.get("STORE_SERVICE_PORT")
    if host and port:
        return Redis(host, int(port))
    return File(os.environ.get("DATABASE", "parcels.sqlite3"))
