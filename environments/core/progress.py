"""Which task of a run may start now: a pure reading of the boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far a task is."""

    WAITING = "waiting"
    APPLIED = "applied"
    READY = "ready"
    FAILED = "failed"
    SKIPPED = "skipped"


_OPEN = (State.WAITING, State.APPLIED)
_NOT_BEGUN = (State.WAITING, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Box:
    """One task as kept: ``halts`` and ``waits`` are those of its step, or the job's own."""

    key: int
    name: str
    step: int
    state: State
    halts: bool
    waits: bool
    removal: bool = False
    """It removes its member, whatever failed before: an error of a teardown is only noted."""


@dataclass(frozen=True, slots=True)
class MemberBoxes:
    """The tasks of one member, in order."""

    key: int
    application: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """What to do now. ``skip`` pairs a task with the reason; ``ended``: nothing is open."""

    apply: tuple[int, ...]
    observe: tuple[int, ...]
    skip: tuple[tuple[int, str], ...]
    ended: bool


def serial(members: Sequence[MemberBoxes]) -> Progress:
    """One member after another; a failed one stops those after it."""
    for position, member in enumerate(members):
        startable, stopped = _of_member(member)
        failure = first_failure(member)
        if failure and not _is_open(member, startable):
            rest = _skip_all(members[position + 1 :], f"not started: {failure}")
            own = _skip_open(member) if stopped else ()
            return _progress(members, (), (*own, *rest))
        if _is_open(member, startable):
            skips = _skip_open(member) if stopped else ()
            return _progress(members, startable, skips)
    return _progress(members, (), ())


def side_by_side(imports: Sequence[MemberBoxes], last: MemberBoxes) -> Progress:
    """All imports at once, then the environment itself; after a failure no member's next step."""
    failure = next(filter(None, (first_failure(member) for member in imports)), "")
    if failure:
        reason = f"not started: {failure}"
        skips = _skip_all((*imports, last), reason, begun_steps_finish=True)
        startable = tuple(
            key
            for member in imports
            for key in _of_member(member)[0]
            if key not in {skipped for skipped, _ in skips}
        )
        return _progress((*imports, last), startable, skips)
    if all(not _is_open(member, _of_member(member)[0]) for member in imports):
        startable, stopped = _of_member(last)
        skips = _skip_open(last) if stopped else ()
        return _progress((*imports, last), startable, skips)
    startable = tuple(key for member in imports for key in _of_member(member)[0])
    return _progress((*imports, last), startable, ())


def first_failure(member: MemberBoxes) -> str:
    """ "api of backend failed", or "" while nothing has failed that stops other members.

    Of a member that is removed only the removal itself does.
    """
    removals = tuple(box for box in member.boxes if box.removal)
    return _failure(member, removals or member.boxes)


def _failure(member: MemberBoxes, boxes: Sequence[Box]) -> str:
    for box in boxes:
        if box.state is State.FAILED:
            return f"{box.name.partition('.')[2] or box.name} of {member.application} failed"
    return ""


def _of_member(member: MemberBoxes) -> tuple[tuple[int, ...], bool]:
    """The member's tasks that may start now, and whether a failure stopped what comes after."""
    for _, boxes in _steps(member):
        startable = tuple(box.key for box in boxes if box.state is State.WAITING)
        if startable:
            return startable, False
        if any(box.state is State.FAILED and box.halts for box in boxes):
            return _removal_left(member), True
        if any(box.state is State.APPLIED and box.waits for box in boxes):
            return (), False
    return (), False


def _removal_left(member: MemberBoxes) -> tuple[int, ...]:
    """The removal, once what was begun has ended."""
    if any(box.state is State.APPLIED for box in member.boxes):
        return ()
    return tuple(box.key for box in member.boxes if box.removal and box.state is State.WAITING)


def _steps(member: MemberBoxes) -> Iterator[tuple[int, list[Box]]]:
    numbers = sorted({box.step for box in member.boxes})
    return ((number, [box for box in member.boxes if box.step == number]) for number in numbers)


def _is_open(member: MemberBoxes, startable: tuple[int, ...]) -> bool:
    return bool(startable) or any(box.state is State.APPLIED for box in member.boxes)


def _skip_open(member: MemberBoxes) -> tuple[tuple[int, str], ...]:
    """What a halting failure of the member itself lets not start."""
    reason = f"not started: {_failure(member, member.boxes)}"
    left = (box for box in member.boxes if box.state is State.WAITING and not box.removal)
    return tuple((box.key, reason) for box in left)


def _skip_all(
    members: Sequence[MemberBoxes], reason: str, *, begun_steps_finish: bool = False
) -> tuple[tuple[int, str], ...]:
    skips: list[tuple[int, str]] = []
    for member in members:
        begun = {box.step for box in member.boxes if box.state not in _NOT_BEGUN}
        skips += [
            (box.key, reason)
            for box in member.boxes
            if box.state is State.WAITING and not (begun_steps_finish and box.step in begun)
        ]
    return tuple(skips)


def _progress(
    members: Sequence[MemberBoxes],
    startable: tuple[int, ...],
    skips: tuple[tuple[int, str], ...],
) -> Progress:
    skipped = {key for key, _ in skips}
    boxes = [box for member in members for box in member.boxes]
    left = [box for box in boxes if box.state in _OPEN and box.key not in skipped]
    return Progress(
        apply=tuple(key for key in startable if key not in skipped),
        observe=tuple(box.key for box in boxes if box.state is State.APPLIED),
        skip=skips,
        ended=not left,
    )
