"""Two people at once: what the one saved, beside what the other typed."""

from collections.abc import Iterator, Mapping

from environments.actions.asking import Conflict
from environments.core.diff import text_difference
from environments.core.variables.file import without_secret_values
from environments.models import ApplicationVersion, EnvironmentVersion
from environments.services import members


def conflict_with(
    latest: ApplicationVersion | EnvironmentVersion, typed: Mapping[str, object]
) -> Conflict:
    """The refusal of ``typed`` (fields of a version), with how it differs from the latest.

    Of the variables, secrets are shown without their values.
    """
    before, after = [], []
    for field, value in typed.items():
        stored = members.unsealed(latest) if field == "variables" else getattr(latest, field)
        before.append(_shown(field, stored))
        after.append(_shown(field, value))
    return Conflict(
        by=latest.saved_by_name,
        version=latest.shown_number,
        difference=text_difference("".join(before), "".join(after)),
    )


def _shown(field: str, value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"{line}\n" for line in _lines(value, ""))
    return without_secret_values(str(value)) if field == "variables" else str(value)


def _lines(values: Mapping[str, object], before: str) -> Iterator[str]:
    """``name: value`` of parameters; those of imports as ``application.name: value``."""
    for name, value in sorted(values.items()):
        if isinstance(value, Mapping):
            yield from _lines(value, f"{before}{name}.")
        else:
            yield f"{before}{name}: {value}"
