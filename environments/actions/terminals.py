"""Terminals in instances: opened by those who may, and kept in the events of their environment."""

from dataclasses import replace

from django.contrib.auth.models import User

from environments import wiring
from environments.actions.asking import Actor, note
from environments.core.ports import Terminal
from environments.models import Environment

SHELLS = {
    "bash": ("sh", "-c", "export HISTFILE=; command -v bash >/dev/null && exec bash; exec sh"),
    "sh": ("sh", "-c", "export HISTFILE=; exec sh"),
}
"""What may be run on a terminal; bash where there is one, else sh. What is typed is kept nowhere,
so that nobody finds a password there."""
_MINUTE = 60


def open_terminal(
    actor: Actor, environment: Environment, instance: str, *, shell: str, rows: int, columns: int
) -> Terminal:
    """A shell in the instance; raises ``EngineError``."""
    namespace = environment.namespace
    terminal = wiring.engine_of(namespace.context).open_terminal(
        namespace.name,
        instance,
        command=SHELLS.get(shell, SHELLS["bash"]),
        rows=rows,
        columns=columns,
    )
    try:
        note(actor, f"opened a terminal in {instance}", environment=environment)
    except BaseException:
        terminal.close()  # none that nobody knows of
        raise
    return terminal


def note_closed(
    actor: Actor, environment: Environment, instance: str, *, seconds: float, code: int | None
) -> None:
    """Keep that it ended, after how long and how."""
    if actor.user and not User.objects.filter(pk=actor.user.pk).exists():
        actor = replace(actor, user=None)  # was deleted meanwhile
    how = "cut off" if code is None else f"exit code {code}"
    what = f"closed the terminal in {instance} after {_span(seconds)}, {how}"
    note(actor, what, environment=environment)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{seconds / _MINUTE:.0f} min"
