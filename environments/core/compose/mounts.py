"""What a Compose service mounts: volumes, memory, and files of the repository."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from environments.core.compose.amounts import memory
from environments.core.compose.model import ComposeFile, ComposeService, Form, each
from environments.core.compose.paths import inside, is_path
from environments.core.problems import Place

_MODES = frozenset({"", "rw", "z", "Z", "cached", "delegated", "consistent", "nocopy"})
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_SHARED_MEMORY = "/dev/shm"
_TMPFS = "tmpfs"


@dataclass(frozen=True, slots=True)
class _Mount:
    """``kind``: ``bind``, ``volume``, ``tmpfs`` or another that has no counterpart."""

    kind: str
    source: str
    target: str
    place: Place
    size: str = ""
    mode: str = ""


@dataclass(slots=True)
class Mounts:
    """``volumes`` and ``configmap`` of a service in the template."""

    volumes: list[Form]
    files: list[Form]


def shared_volumes(file: ComposeFile) -> list[str]:
    """The named volumes that are mounted more than once."""
    used = Counter(
        mount.source
        for service in file.services
        for mount in _mounts(service)
        if mount.kind == "volume" and _NAME.fullmatch(mount.source)
    )
    return [name for name, count in used.items() if count > 1]


def mounts_of(service: ComposeService, file: ComposeFile, shared: Collection[str]) -> Mounts:
    """What it mounts, each path once; what cannot be mounted is said."""
    found = Mounts([], [])
    mounts, names = list(_mounts(service)), set[str]()
    folders = {one.target.rstrip("/") for one in mounts if one.kind == "bind"}
    for mount in {one.target: one for one in mounts}.values():
        if not mount.target.startswith("/"):
            service.unreadable("volumes", mount.target, "absolute path")
        elif mount.kind == "volume" and mount.source and not _NAME.fullmatch(mount.source):
            service.unreadable("volumes", mount.source, "name of a volume")
        elif mount.kind == "bind":
            found.files += _file(service, mount, file)
        elif mount.kind == "volume" and _hides(mount, folders):
            hint = "It kept the image's folder in sight below a mount that is left out, too."
            service.leave_out(f"volume {mount.target}", hint, at=mount.place)
        elif mount.kind in ("volume", _TMPFS):
            volume = _volume(service, mount, file, shared)
            if "name" in volume:
                volume["name"] = _distinct(volume["name"], names)
            found.volumes.append(volume)
        else:
            service.leave_out(f"type {mount.kind} of the mount {mount.target}", at=mount.place)
    found.files += _declared(service, file, "configs", "/")
    found.files += _declared(service, file, "secrets", "/run/secrets/")
    return found


def _mounts(service: ComposeService) -> Iterator[_Mount]:
    for place, one in each(service.entry, "volumes"):
        if isinstance(one, str):
            yield _short(one, place)
            continue
        kind, source = one.text("type", "volume"), one.text("source")
        tmpfs = one.entry("tmpfs")
        size = tmpfs.text("size") if tmpfs else ""
        mode = "ro" if one.flag("read_only") else ""
        yield _Mount(kind, source, one.text("target"), place, size, mode)
    for place, one in each(service.entry, _TMPFS):
        yield _Mount(_TMPFS, "", str(one).partition(":")[0], place)
    size = service.entry.text("shm_size")
    if size:
        place = service.entry.place_of_key("shm_size")
        yield _Mount(_TMPFS, "", _SHARED_MEMORY, place, size)


def _short(text: str, place: Place) -> _Mount:
    source, target, mode = (*text.split(":", 2), "", "")[:3]
    if not target:
        return _Mount("volume", "", source, place)
    return _Mount("bind" if is_path(source) else "volume", source, target, place, mode=mode)


def _hides(mount: _Mount, folders: Collection[str]) -> bool:
    parents = map(str, PurePosixPath(mount.target).parents)
    return not mount.source and any(parent in folders for parent in parents)


def _distinct(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken; it is taken from then on."""
    found, number = name, len(names)
    while found in names:
        found, number = f"{name}-{number}", number + 1
    names.add(found)
    return found


def _volume(
    service: ComposeService, mount: _Mount, file: ComposeFile, shared: Collection[str]
) -> Form:
    _say_modes(service, mount)
    size = service.read("the size of a mount", mount.size, memory, "size")
    if mount.kind == _TMPFS:
        sized = {"size": size} if size else {}
        name = _slug(mount.target)
        return {"name": name, "type": "shmem", "mount_path": mount.target, **sized}
    name = mount.source or _slug(mount.target)
    declared = file.declared["volumes"]
    if mount.source and mount.source not in declared:
        service.warn("compose.not-declared", "volumes", name=name, kind="volumes")
    elif (entry := declared.get(mount.source)) is not None:
        for key in ("external", "driver", "driver_opts"):
            if entry.has(key) and entry.flag(key) is not False and entry.text(key) != "local":
                place = entry.place_of_key(key)
                service.leave_out(f"{key} of the volume {name}", "It begins empty.", at=place)
    if name in shared:
        return {"claim": name, "mount_path": mount.target}
    return {"name": name, "type": "persistent", "mount_path": mount.target}


def _file(service: ComposeService, mount: _Mount, file: ComposeFile) -> Iterator[Form]:
    path = inside(mount.source)
    where = {"source": mount.source, "target": mount.target}
    if not path:
        service.warn("compose.machine-path", "volumes", **where)
    elif file.files(path) is None:
        service.warn("compose.folder", "volumes", **where)
    else:
        yield _config(path, mount.target)


def _config(path: str, target: str) -> Form:
    return {"name": _slug(target), "repo_path": path, "mount_path": target}


def _declared(service: ComposeService, file: ComposeFile, kind: str, folder: str) -> Iterator[Form]:
    """Files that the top of the Compose file names."""
    for place, one in each(service.entry, kind):
        source = one if isinstance(one, str) else one.text("source")
        target = (source if isinstance(one, str) else one.text("target")) or source
        entry = file.declared[kind].get(source)
        path = inside(entry.text("file")) if entry and entry.has("file") else ""
        if source not in file.declared[kind]:
            service.warn("compose.not-declared", kind, name=source, kind=kind)
        elif not path or file.files(path) is None:
            hint = "Only files of the repository can be mounted."
            service.leave_out(f"{source} of {kind}", hint, at=place)
        else:
            yield _config(path, target if target.startswith("/") else f"{folder}{target}")


def _say_modes(service: ComposeService, mount: _Mount) -> None:
    for mode in mount.mode.split(","):
        if mode not in _MODES:
            service.leave_out(f"mode {mode} of {mount.target}", at=mount.place)


def _slug(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "root"
