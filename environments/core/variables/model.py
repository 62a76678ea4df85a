"""Environment variables as plain values: what a file says, and what a container gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """One line of ``mapping``: the name that an application expects, made from others."""

    name: str
    expression: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class VariableEntry:
    """One ``key``/``value`` of a variables file; scalars are text as written."""

    key: str
    value: str
    secret: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class VariablesFile:
    """A variables file that has been read without an error."""

    mapping: tuple[MappingEntry, ...] = ()
    defaults: tuple[VariableEntry, ...] = ()
    services: Mapping[str, tuple[VariableEntry, ...]] = field(default_factory=dict)
    file: str = "environment_variables.yaml"


@dataclass(frozen=True, slots=True)
class Value:
    """One variable of one container: its text, whether it is secret, and where it came from."""

    name: str
    text: str
    secret: bool
    source: str


@dataclass(frozen=True, slots=True)
class Generated:
    """A variable that the product makes. ``kind``: ``ingress``, ``service`` or ``release``.

    ``origin``: the file and line that it is made for, "" where no line says so.
    """

    name: str
    text: str
    kind: str
    origin: str = ""
