"""What the kernel knows of processes, read from /proc by the standard library alone."""

import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_LOOK_SECONDS = 0.05
_LISTENS = "0A"
_TELLS_CHILDREN = Path("/proc/thread-self/children").exists()
"""Not every kernel is built to."""


@dataclass(frozen=True, slots=True)
class Running:
    """One process; ``born`` (clock ticks since boot) tells it from a later one of its number."""

    pid: int
    parent: int
    state: str
    born: int


def adopt_orphans() -> None:
    """From now on descendants whose parent ended become children of this process."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(number: int) -> None:
    """Have this signal sent to this process when its parent ends."""
    _prctl(_SET_PDEATHSIG, number)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def look_at(pid: int) -> Running | None:
    """The process of this number; None where there is none, or only a zombie."""
    try:
        # The name in brackets may hold anything: what counts begins behind the last one.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    running = Running(pid, int(fields[1]), fields[0], int(fields[19]))
    return None if running.state in "ZX" else running


class Moment:
    """The processes and the listeners of this machine, each read once, when first asked for."""

    @cached_property
    def children(self) -> Mapping[int, list[Running]]:
        """The living processes by their parent."""
        found: defaultdict[int, list[Running]] = defaultdict(list)
        for entry in os.listdir("/proc"):
            if entry.isdecimal() and (running := look_at(int(entry))) is not None:
                found[running.parent].append(running)
        return found

    def below(self, pid: int) -> list[Running]:
        """Every living process below this one, those of its orphans included."""
        return _below(pid, lambda parent: self.children.get(parent, []))

    @cached_property
    def listeners(self) -> Mapping[int, set[str]]:
        """The sockets that wait for TCP connections, by their port."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            try:
                rows = Path(table).read_text().splitlines()[1:]
            except FileNotFoundError:
                continue
            for row in rows:
                _, local, _, state, *_, inode = row.split()[:10]
                if state == _LISTENS:
                    found[int(local.rpartition(":")[2], 16)].add(f"socket:[{inode}]")
        return found


def _below(pid: int, living_of: Callable[[int], list[Running]]) -> list[Running]:
    """All below it; ``living_of`` gives the living children of one."""
    found: list[Running] = []
    waiting = [pid]
    while waiting:
        below = living_of(waiting.pop())
        found += below
        waiting += [running.pid for running in below]
    return found


def descendants(pid: int) -> list[Running]:
    """Every living process below this one now."""
    return Moment().below(pid)


def glimpse_below(pid: int) -> list[Running]:
    """As ``descendants``, without a look at every process of the machine: for who looks often.

    Where a process ends at that very moment, the kernel may leave out one beside it.
    """
    if not _TELLS_CHILDREN:
        return descendants(pid)
    return _below(
        pid, lambda parent: [one for child in children_of(parent) if (one := look_at(child))]
    )


def children_of(pid: int) -> list[int]:
    """The numbers of the children of all its threads, zombies included; none where the kernel
    does not tell."""
    found: list[int] = []
    gone = (FileNotFoundError, ProcessLookupError)
    with suppress(*gone):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(*gone):
                told = Path(f"/proc/{pid}/task/{thread}/children").read_text()
                found += map(int, told.split())
    return found


def words_of(pid: int) -> tuple[str, ...]:
    """The command of a process; empty for one that is gone."""
    try:
        content = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ()
    return tuple(os.fsdecode(content).split("\0")[:-1])


def running_with(*words: str) -> list[Running]:
    """The living processes whose command has these words, one after another."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        command = words_of(int(entry))
        ends = range(len(words), len(command) + 1)
        if any(command[end - len(words) : end] == words for end in ends):
            running = look_at(int(entry))
            found += [running] if running is not None else []
    return found


def age_of(known: Iterable[Running]) -> float:
    """Seconds since the oldest of these began, whatever the clock says; 0 without any."""
    began = min((one.born for one in known), default=None)
    if began is None:
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began / os.sysconf("SC_CLK_TCK")


def still_alive(known: Iterable[Running]) -> list[Running]:
    """Those of the known processes that have not ended."""
    found = []
    for one in known:
        now = look_at(one.pid)
        if now is not None and now.born == one.born:
            found.append(one)
    return found


def send(number: signal.Signals, to: Iterable[Running]) -> None:
    """Send a signal to each that still lives."""
    for one in still_alive(to):
        try:
            os.kill(one.pid, number)
        except ProcessLookupError:
            continue


def end(known: Iterable[Running], *, grace: float) -> list[Running]:
    """End these and all below them: SIGTERM, after ``grace`` seconds SIGKILL; what is left."""
    wanted = with_descendants(known)
    send(signal.SIGTERM, wanted)
    until = time.monotonic() + grace
    while wanted and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        wanted = with_descendants(wanted)
    for _ in range(100):
        if not wanted:
            break
        send(signal.SIGKILL, wanted)
        time.sleep(_LOOK_SECONDS)
        wanted = with_descendants(wanted)
    return wanted


def sockets_of(known: Iterable[Running]) -> frozenset[str]:
    """The sockets that these processes hold, as far as this user may see."""
    found = set()
    for one in known:
        folder = f"/proc/{one.pid}/fd"
        try:
            for entry in os.listdir(folder):
                found.add(os.readlink(f"{folder}/{entry}"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return frozenset(target for target in found if target.startswith("socket:"))


def with_descendants(known: Iterable[Running]) -> list[Running]:
    """The living of these, and everything below each of them."""
    found = {one.pid: one for one in still_alive(known)}
    for one in list(found.values()):
        found.update({below.pid: below for below in descendants(one.pid)})
    return list(found.values())
