"""A Compose file on its way to a template: its services, and what is said about them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from environments.core.problems import Level, Place, Problem, error, warning
from environments.core.template.fields import Entry
from environments.core.yamlfile import Items, Node, Scalar, resolved
from environments.core.yamlfile import Mapping as YamlMapping

Files = Callable[[str], bytes | None]
"""What a file of the repository holds, by its path below the root; None where there is none."""

ENDED = "service_completed_successfully"
"""The condition of who waits for another one's end."""

_NAMED = 3
"""How many services a sentence names."""

Form = dict[str, Any]
"""A mapping of the template, as it will be written."""


@dataclass(frozen=True, slots=True)
class Note:
    """A problem of one service. What one place says of several is told once, of all of them."""

    id: str
    place: Place
    service: str
    fields: Mapping[str, Any]
    level: Level = Level.WARNING


@dataclass(slots=True)
class ComposeService:
    """One service: ``name`` as the file has it, ``called`` as the template will.

    ``entry`` is filled already: nothing of it is looked up any more.
    """

    name: str
    called: str
    entry: Entry
    place: Place
    notes: list[Note] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Their values by name, from ``env_file`` and ``environment``."""
    needs: dict[str, str] = field(default_factory=dict)
    """What it depends on, by the name in the file, each with its condition."""

    def warn(self, problem_id: str, at: str = "", /, **fields: object) -> None:
        """Say it at the key, or at the service itself."""
        self._note(problem_id, at, Level.WARNING, fields)

    def refuse(self, problem_id: str, at: str = "", /, **fields: object) -> None:
        """The same for what no template can be made from."""
        self._note(problem_id, at, Level.ERROR, fields)

    def _note(self, problem_id: str, at: str, level: Level, fields: Mapping[str, object]) -> None:
        place = self.entry.place_of_key(at) if at else self.place
        texts = {key: str(value) for key, value in fields.items()}
        self.notes.append(Note(problem_id, place, self.name, texts, level))

    def leave_out(self, key: str, hint: str = "", *, at: Place | None = None) -> None:
        """Say that the template has nothing for the key."""
        self.notes.append(left_out(key, self.name, at or self.entry.place_of_key(key), hint))

    def unreadable(self, key: str, text: str, expected: str) -> None:
        """Say that a value is not what it must be."""
        top = key.partition(".")[0]
        self.warn("compose.unreadable", top, key=key, text=text[:60], expected=expected)

    def read(self, key: str, text: str, meaning: Callable[[str], Any], expected: str) -> Any:
        """What the text means; None where it is empty or means nothing, which is said then."""
        found = meaning(text) if text else None
        if text and found is None:
            self.unreadable(key, text, expected)
        return found


@dataclass(frozen=True)
class ComposeFile:
    """The services that start, those that need a profile, and what the top declares."""

    services: tuple[ComposeService, ...]
    left_out: tuple[ComposeService, ...]
    declared: Mapping[str, Mapping[str, Entry | None]]
    """``volumes``, ``configs`` and ``secrets`` by name; None where a name stands alone."""
    files: Files

    @cached_property
    def by_name(self) -> Mapping[str, ComposeService]:
        """The services by their names in the file."""
        return {one.name: one for one in self.services}

    @cached_property
    def jobs(self) -> Collection[str]:
        """The services for whose end others wait."""
        return {
            name
            for one in self.services
            for name, condition in one.needs.items()
            if condition == ENDED and name != one.name
        }

    @cached_property
    def needed_by(self) -> Mapping[str, str]:
        """A service that needs the other one while it runs."""
        return {
            name: one.name
            for one in reversed(self.services)
            for name, condition in one.needs.items()
            if condition != ENDED
        }

    @cached_property
    def built(self) -> Collection[str]:
        """The names of images that services build."""
        return {one.entry.text("image") for one in self.services if one.entry.has("build")}

    @cached_property
    def taken(self) -> Collection[str]:
        """The names of images that services run without building them."""
        return {one.entry.text("image") for one in self.services if not one.entry.has("build")}


def left_out(key: str, service: str, place: Place, hint: str = "") -> Note:
    """That a key has no counterpart."""
    said = hint or "Everything runs as if it were not there."
    return Note("compose.left-out", place, service, {"key": key, "hint": said})


def problems_of(notes: Iterable[Note]) -> Iterator[Problem]:
    """The notes in words, those of one place about several services as one."""
    together: dict[object, list[Note]] = {}
    for note in notes:
        about = (note.id, note.place, *sorted(note.fields.items()))
        together.setdefault(about, []).append(note)
    for same in together.values():
        names = list(dict.fromkeys(note.service for note in same))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        note, said = same[0], error if same[0].level is Level.ERROR else warning
        listed = f"{', '.join(names[:_NAMED])}{more}"
        yield said(note.id, place=note.place, service=listed, **note.fields)


def value_of(entry: Entry, key: str) -> Scalar | YamlMapping | Items | None:
    """What stands under the key; None where nothing does."""
    pair = entry.node.pair(key)
    value = resolved(pair.value) if pair else None
    return None if isinstance(value, Scalar) and value.value is None else value


def each(entry: Entry, key: str) -> Iterator[tuple[Place, Entry | str]]:
    """The items of a list, or the one value that stands for a list; each a mapping or a text."""
    value = value_of(entry, key)
    items: Sequence[Node] = value.items if isinstance(value, Items) else (value,) if value else ()
    for item in items:
        node, place = resolved(item), entry.document.place(item.start)
        if isinstance(node, YamlMapping):
            yield place, Entry(entry.document, node)
        elif isinstance(node, Scalar) and node.value is not None:
            yield place, node.text


def named(entry: Entry, key: str) -> Iterator[tuple[str, Place, Entry | None]]:
    """The keys of a mapping with the mappings under them; None under one that has none."""
    node = value_of(entry, key)
    for pair in node.pairs if isinstance(node, YamlMapping) else ():
        value, place = resolved(pair.value), entry.document.place(pair.key.start)
        below = Entry(entry.document, value) if isinstance(value, YamlMapping) else None
        yield pair.key.text, place, below


def assignments(entry: Entry, key: str) -> Iterator[tuple[str, str | None]]:
    """Names and values of a mapping, or of a list of ``NAME=value``; None for a name alone."""
    value = value_of(entry, key)
    if isinstance(value, YamlMapping):
        for pair in value.pairs:
            node = resolved(pair.value)
            if isinstance(node, Scalar):
                yield pair.key.text, None if node.value is None else node.text
        return
    for _, text in each(entry, key):
        if isinstance(text, str):
            name, sign, rest = text.partition("=")
            yield name, rest if sign else None
