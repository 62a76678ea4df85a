"""An Application Template with what one environment type says put over it.

Nodes are moved, not text: every line stays that of the Application Template. The text of an
Environment Template is made in ``texts``.
"""

from collections.abc import Iterator
from dataclasses import replace

from environments.core.problems import Problem, error
from environments.core.template.fields import Entry, root_of
from environments.core.template.rules import twice
from environments.core.template.suggesting import Known
from environments.core.yamlfile import Document, Items, Mapping, Node, Pair

TYPES = ("ephemeral", "permanent")
TYPES_KEY = "environment_templates"
NOT_MERGED = ("name", "datasets")
"""Keys of an entry that are not keys of a template."""
SERVICE_MARKS = ("add", "remove")
"""Keys of an entry's service that say what to do with it."""


def entry_for(root: Entry, environment_type: str) -> Entry | None:
    """The entry of ``environment_templates`` for this type."""
    return next(
        (entry for entry in root.entries(TYPES_KEY) if entry.name == environment_type), None
    )


def changes_something(document: Document, environment_type: str) -> bool:
    """Whether the template of this type says more than the one without a type."""
    entry = entry_for(root_of(document), environment_type)
    return entry is not None and not set(entry.keys()) <= {*NOT_MERGED}


def merged(document: Document, environment_type: str) -> Document:
    """The template for this type, ``environment_templates`` taken out."""
    root = root_of(document)
    entry = entry_for(root, environment_type)
    node = _without(root.node, TYPES_KEY)
    if entry is not None:
        for pair in entry.node.pairs:
            if pair.key.text == "services":
                pair = replace(pair, value=_services(root, entry))
            if pair.key.text not in NOT_MERGED:
                node = _with(node, pair)
    return replace(document, root=node)


def merge_problems(document: Document) -> Iterator[Problem]:
    """Services of the entries that change what is not there, or say two things at once."""
    root = root_of(document)
    known = Known(service.name for service in root.entries("services"))
    for entry in root.entries(TYPES_KEY):
        yield from twice(f"the services of {entry.name}", entry.entries("services"))
        for service in entry.entries("services"):
            if service.flag("add") is True and service.flag("remove") is True:
                yield error(
                    "template.add-and-remove",
                    place=service.place_of_key("remove"),
                    type=entry.name,
                    service=service.name,
                )
            elif service.name and service.name not in known and service.flag("add") is not True:
                yield error(
                    "template.override-unknown",
                    place=service.place_of("name"),
                    type=entry.name,
                    service=service.name,
                    hint=known.nearest(service.name, "Write add: true to add it."),
                )


def _services(root: Entry, entry: Entry) -> Items:
    changes = {service.name: service for service in entry.entries("services")}
    merged_items: list[Node] = []
    for service in root.entries("services"):
        change = changes.pop(service.name, None)
        if change is None:
            merged_items.append(service.node)
        elif change.flag("remove") is not True:
            merged_items.append(_changed(service.node, change.node))
    merged_items += [
        _without(change.node, *SERVICE_MARKS)
        for change in changes.values()
        if change.flag("remove") is not True
    ]
    end = root.node.end
    return Items(items=tuple(merged_items), start=end, first=end, end=end, flow=False)


def _changed(node: Mapping, change: Mapping) -> Mapping:
    for pair in change.pairs:
        if pair.key.text not in ("name", *SERVICE_MARKS):
            node = _with(node, pair)
    return node


def _with(node: Mapping, pair: Pair) -> Mapping:
    """The mapping with the pair in the place of the one of that key, else at its end."""
    key = pair.key.text
    if node.pair(key) is None:
        return replace(node, pairs=(*node.pairs, pair))
    pairs = tuple(pair if each.key.text == key else each for each in node.pairs)
    return replace(node, pairs=pairs)


def _without(node: Mapping, *keys: str) -> Mapping:
    return replace(node, pairs=tuple(pair for pair in node.pairs if pair.key.text not in keys))
