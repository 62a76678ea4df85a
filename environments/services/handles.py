"""Handles and names of new environments."""

import secrets
from collections.abc import Callable

from environments.core.names import LABEL_LIMIT, label
from environments.models import Application, Environment

_CROWDED = 16**4 // 4


def new_env_id(*, random_hex: Callable[[int], str] = secrets.token_hex) -> str:
    """A handle that no living environment has: ``ted`` and four hexadecimal digits, five when
    a quarter of the four-digit ones is taken."""
    living = set(
        Environment.objects.filter(removed_at__isnull=True).values_list("env_id", flat=True)
    )
    digits = 5 if sum(len(handle) == len("ted") + 4 for handle in living) >= _CROWDED else 4
    while True:
        handle = f"ted{random_hex(3)[:digits]}"
        if handle not in living:
            return handle


def free_name(application: Application, wanted: str) -> str:
    """The name as a label, with ``-2``, ``-3``, … where the application has it already."""
    stem = label(wanted)
    taken = set(
        Environment.objects.filter(
            application=application, removed_at__isnull=True, name__startswith=stem[:50]
        ).values_list("name", flat=True)
    )
    if stem not in taken:
        return stem
    number = 2
    while True:
        suffix = f"-{number}"
        name = stem if len(stem) + len(suffix) <= LABEL_LIMIT else stem[: LABEL_LIMIT - len(suffix)]
        name = f"{name.rstrip('-')}{suffix}"
        if name not in taken:
            return name
        number += 1
