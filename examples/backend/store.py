"""The parcels, in one SQLite file of the working folder."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

SEED = json.loads((Path(__file__).parent / "parcels.json").read_text())
GREETING: str = SEED["greeting"]
STATES = ("packed", "on its way", "delivered")


@contextmanager
def opened() -> Iterator[sqlite3.Connection]:
    """The database; what is written is kept when the block ends without an error."""
    file = os.environ.get("DATABASE", "parcels.sqlite3")
    with closing(sqlite3.connect(file)) as database, database:
        yield database


def prepare() -> int:
    """Make the table and its first rows where they are missing; how many parcels there are.

    Safe to call again: the job does it before all services, and each service for itself where
    it has a disk of its own.
    """
    with opened() as database:
        database.execute(
            "create table if not exists parcel"
            " (number text primary key, what text, owner text, state text)"
        )
        database.executemany(
            "insert or ignore into parcel values (?, ?, ?, ?)",
            [(row["number"], row["what"], row["owner"], STATES[0]) for row in SEED["parcels"]],
        )
        return int(database.execute("select count(*) from parcel").fetchone()[0])


def parcels() -> list[dict[str, str]]:
    """All parcels, by number."""
    with opened() as database:
        rows = database.execute("select number, what, owner, state from parcel order by number")
        return [dict(zip(("number", "what", "owner", "state"), row, strict=True)) for row in rows]


def move(number: str) -> str:
    """Bring a parcel one step on, from delivered back to packed; its new state."""
    with opened() as database:
        (state,) = database.execute(
            "select state from parcel where number = ?", (number,)
        ).fetchone()
        following = STATES[(STATES.index(state) + 1) % len(STATES)]
        database.execute("update parcel set state = ? where number = ?", (following, number))
        return following
