"""Writing while somebody else may hold the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction


@contextmanager
def in_time(seconds: int) -> Iterator[None]:
    """A transaction that waits no longer for the database; ``OperationalError`` then."""
    kept = settings.DATABASES["default"].get("OPTIONS", {}).get("timeout", seconds)
    try:
        _wait_on_sqlite(seconds)
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL statement_timeout = {seconds * 1000:d}")
            yield
    finally:
        _wait_on_sqlite(kept)


def _wait_on_sqlite(seconds: int) -> None:
    """A transaction begins there by taking the lock: how long is said before it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000:d}")
