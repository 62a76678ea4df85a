"""How forms edit a template's text: what they mean is changed, everything else stays byte for byte.

Every function takes a text without errors and gives the edited one. They raise
``UnreadableError`` for a text that is no YAML file, and ``EditError`` where the author's text
stands in the way of the change.
"""

from collections.abc import Iterator, Sequence

from environments.core.template.fields import Entry, root_of
from environments.core.template.merging import NOT_MERGED, SERVICE_MARKS, TYPES_KEY, entry_for
from environments.core.template.model import ImportEntry
from environments.core.template.parsing import APPLICATION_FILE
from environments.core.template.schema import APPLICATION_SCHEMA
from environments.core.yamlfile import (
    Append,
    Change,
    Copied,
    Document,
    Insert,
    Mapping,
    New,
    Path,
    Plain,
    Remove,
    Rename,
    Set,
    copied,
    edited,
    load,
    plain,
)

_IMPORTS = "app_imports"


def with_setting(text: str, key: str, value: bool | str) -> str:
    """The text with another value for a key at its top.

    A key that is absent is added at the end of the file, unless the value is what its
    absence means.
    """
    root = root_of(load(text))
    if root.node.pair(key) is not None:
        return edited(text, Set((key,), value))
    if APPLICATION_SCHEMA["properties"][key].get("default") == value:
        return text
    return edited(text, Insert((), key, value))


def with_imports(text: str, entries: Sequence[ImportEntry]) -> str:
    """The text with these imports.

    Of an entry that is there, only ``branch`` and ``exclude_services`` are changed, and it
    keeps its place; new ones come behind it in the order given; those not given go, and with
    the last one the key.
    """
    wanted = {entry.name: entry for entry in entries}
    present = root_of(load(text)).entries(_IMPORTS)
    if not wanted:
        return edited(text, Remove((_IMPORTS,))) if present else text
    text = _without_gone(text, present, wanted)
    kept = root_of(load(text)).entries(_IMPORTS)
    changes = [
        change
        for number, entry in enumerate(kept)
        for change in _import_changes(number, entry, wanted[entry.name])
    ]
    text = edited(text, *changes)
    names = {entry.name for entry in kept}
    new: list[Plain] = [_import_value(entry) for entry in entries if entry.name not in names]
    return edited(text, *_new_imports(text, new))


def _without_gone(text: str, present: Sequence[Entry], wanted: dict[str, ImportEntry]) -> str:
    gone = [number for number, entry in enumerate(present) if entry.name not in wanted]
    return edited(text, *(Remove((_IMPORTS, number)) for number in reversed(gone)))


def _import_changes(number: int, entry: Entry, wanted: ImportEntry) -> Iterator[Change]:
    path = (_IMPORTS, number)
    if wanted.branch and not entry.node.pair("branch"):
        yield Insert(path, "branch", wanted.branch, after="name")
    elif wanted.branch and wanted.branch != entry.text("branch"):
        yield Set((*path, "branch"), wanted.branch)
    elif not wanted.branch and entry.has("branch"):
        yield Remove((*path, "branch"))
    yield from _exclude_changes((*path, "exclude_services"), entry, wanted.exclude_services)


def _exclude_changes(path: Path, entry: Entry, wanted: Sequence[str]) -> Iterator[Change]:
    key = "exclude_services"
    present = [service.name for service in entry.entries(key)]
    new = [name for name in wanted if name not in present]
    if not wanted:
        if present:
            yield Remove(path)
    elif entry.node.pair(key) is None:
        yield Insert(path[:-1], key, _named(new))
    else:
        # New ones first: a list that is never empty in between keeps its style.
        yield from (Append(path, {"name": name}) for name in new)
        gone = [number for number, name in enumerate(present) if name not in wanted]
        yield from (Remove((*path, number)) for number in reversed(gone))


def _new_imports(text: str, new: list[Plain]) -> Iterator[Change]:
    if not new:
        return
    pair = root_of(load(text)).node.pair(_IMPORTS)
    if pair is None:
        yield Insert((), _IMPORTS, new)
    elif not plain(pair.value):
        yield Set((_IMPORTS,), new)
    else:
        yield from (Append((_IMPORTS,), entry) for entry in new)


def _import_value(entry: ImportEntry) -> dict[str, Plain]:
    value: dict[str, Plain] = {"name": entry.name}
    if entry.branch:
        value["branch"] = entry.branch
    if entry.exclude_services:
        value["exclude_services"] = _named(entry.exclude_services)
    if entry.ignore_deployment_refs:
        value["ignore_deployment_refs"] = list(entry.ignore_deployment_refs)
    if entry.pull_request_labels:
        value["pull_request_labels"] = list(entry.pull_request_labels)
    return value


def _named(names: Sequence[str]) -> list[Plain]:
    return [{"name": name} for name in names]


def merged_text(text: str, *, environment_type: str, file: str = APPLICATION_FILE) -> str:
    """The text of the Environment Template that an environment of this type begins with.

    ``environment_templates`` is taken out, and what the entry of this type overrides is
    replaced by the entry's own text.
    """
    document = load(text, file=file)
    root = root_of(document)
    entry = entry_for(root, environment_type)
    changes = [] if entry is None else [*_overrides(root, entry)]
    if root.node.pair(TYPES_KEY) is not None:
        changes.append(Remove((TYPES_KEY,)))
    return edited(text, *changes)


def _overrides(root: Entry, entry: Entry) -> Iterator[Change]:
    """The changes that put an entry of ``environment_templates`` over the template."""
    for pair in entry.node.pairs:
        key = pair.key.text
        if key == "services":
            yield from _service_overrides(root, entry)
        elif key not in NOT_MERGED:
            yield _given(root, (), key, copied(entry.document, pair.value))


def _service_overrides(root: Entry, entry: Entry) -> Iterator[Change]:
    """Changed services first, then new ones, then those that go, from the last one up.

    A list that is never empty in between keeps its style.
    """
    services = root.entries("services")
    numbers = {service.name: number for number, service in enumerate(services)}
    gone: list[int] = []
    new: list[New] = []
    for change in entry.entries("services"):
        number = numbers.get(change.name)
        if change.flag("remove") is True:
            gone += [number] if number is not None else []
        elif number is None:
            new.append(_service_to_add(change))
        else:
            yield from _service_changes(services[number], ("services", number), change)
    if services:
        yield from (Append(("services",), service) for service in new)
    elif new:
        yield _given(root, (), "services", [_value_of(service) for service in new])
    yield from (Remove(("services", number)) for number in sorted(gone, reverse=True))


def _service_changes(service: Entry, path: Path, change: Entry) -> Iterator[Change]:
    for pair in change.node.pairs:
        if pair.key.text not in ("name", *SERVICE_MARKS):
            value = copied(change.document, pair.value)
            yield _given(service, path, pair.key.text, value)


def _given(entry: Entry, path: Path, key: str, value: New) -> Change:
    """The key of the mapping at ``path`` with another value, whether it is there or not."""
    if entry.node.pair(key) is None:
        return Insert(path, key, value)
    return Set((*path, key), value)


def _service_to_add(change: Entry) -> New:
    """The service without its marks, in the text of its author."""
    marks = [pair.key.text for pair in change.node.pairs if pair.key.text in SERVICE_MARKS]
    value = copied(change.document, change.node)
    if not isinstance(value, Copied) or not value.form.rest:
        return _without_marks(_value_of(value))  # on one line, or nothing to cut from
    lines = "\n".join(value.form.rest) + "\n"
    alone = load(edited(lines, *(Remove((mark,)) for mark in marks)))
    if not isinstance(alone.root, Mapping):
        return _without_marks(value.value)
    return copied(alone, alone.root)


def _value_of(new: New) -> Plain:
    return new.value if isinstance(new, Copied) else new


def _without_marks(value: Plain) -> Plain:
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in value.items() if key not in SERVICE_MARKS}


def with_renamed_service(text: str, old: str, new: str) -> str:
    """The text with a service renamed wherever the template names it.

    The jobs, charts and hosts of that name are others and keep theirs.
    """
    return edited(text, *_renamings(load(text), old, new))


def _renamings(document: Document, old: str, new: str) -> Iterator[Change]:
    root = root_of(document)
    yield from _renamings_in(root, (), old, new)
    for number, entry in enumerate(root.entries(TYPES_KEY)):
        yield from _renamings_in(entry, (TYPES_KEY, number), old, new)


def _renamings_in(entry: Entry, path: Path, old: str, new: str) -> Iterator[Change]:
    for keys, word in _mentions(entry):
        if word == old:
            yield Set((*path, *keys), new)
        elif word == f"services.{old}" and keys[0] == "workflows":
            yield Set((*path, *keys), f"services.{new}")
    for number, hostname in enumerate(entry.entries("hostnames")):
        if hostname.node.pair(old) is not None:
            yield Rename((*path, "hostnames", number, old), new)


def _mentions(entry: Entry) -> Iterator[tuple[Path, str]]:
    """Every place of a template that names a service, but the keys of ``hostnames``."""
    for number, service in enumerate(entry.entries("services")):
        yield ("services", number, "name"), service.name
        for at, needed in enumerate(service.texts("depends_on")):
            yield ("services", number, "depends_on", at), needed
    for number, rule in enumerate(entry.entries("rules")):
        yield ("rules", number, "service"), rule.text("service")
    for key in ("jobs", "cron_jobs"):
        for number, job in enumerate(entry.entries(key)):
            yield (key, number, "from_services"), job.text("from_services")
    for number, workflow in enumerate(entry.entries("workflows")):
        for at, task in enumerate(workflow.texts("order_from")):
            yield ("workflows", number, "order_from", at), task
        for at, step in enumerate(workflow.entries("parallelize")):
            for position, task in enumerate(step.texts("tasks")):
                yield ("workflows", number, "parallelize", at, "tasks", position), task
