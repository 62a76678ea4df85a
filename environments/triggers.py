"""Saved versions never change, whoever writes: the database itself refuses.

The triggers are laid after each ``migrate`` and not by a migration, since SQLite drops the
triggers of a table whenever a migration makes it anew. What is left free to change is who saved:
a person may be deleted, and the name stays.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_VERSIONS = ("ApplicationVersion", "EnvironmentVersion")
_FREE = frozenset({"saved_by"})
_REFUSAL = "A saved version never changes. Save a new one."


class UnknownDatabase(Exception):
    """A database that the product cannot protect."""

    def __init__(self, vendor: str) -> None:
        super().__init__(f"releaseclone runs on SQLite and PostgreSQL, not on {vendor}.")


def lay_triggers(sender: AppConfig, using: str, **_: Any) -> None:
    """Make the tables of the database ``using`` refuse changes of versions; may be repeated.

    ``sender``: the application that has the models. Raises ``UnknownDatabase``.
    """
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for name in _VERSIONS:
            model = sender.get_model(name)
            if model._meta.db_table in existing:
                for statement in _statements(connection, model):
                    cursor.execute(statement)


def _statements(connection: BaseDatabaseWrapper, model: type[models.Model]) -> tuple[str, ...]:
    table = model._meta.db_table
    trigger = f"{table}_never_changes"
    columns = ", ".join(
        connection.ops.quote_name(str(field.column))
        for field in model._meta.concrete_fields
        if field.name not in _FREE
    )
    match connection.vendor:
        case "sqlite":
            return (
                f"DROP TRIGGER IF EXISTS {trigger}",
                f"CREATE TRIGGER {trigger} BEFORE UPDATE OF {columns} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
            )
        case "postgresql":
            return (
                f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' "
                "USING ERRCODE = 'integrity_constraint_violation'; END $$",
                f"DROP TRIGGER IF EXISTS {trigger} ON {table}",
                f"CREATE TRIGGER {trigger} BEFORE UPDATE OF {columns} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {trigger}()",
            )
        case other:
            raise UnknownDatabase(other)
