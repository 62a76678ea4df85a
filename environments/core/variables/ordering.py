"""Names that need each other, in an order in which each can be made."""

from collections.abc import Collection, Iterator, Mapping


def in_order(needs: Mapping[str, Collection[str]]) -> tuple[list[str], list[str]]:
    """Names so that each comes after those it needs; and, sorted, those that need themselves,
    directly or by others, which are in no order.

    Every name that is needed is a key, too. Linear in names and needs.
    """
    seen: set[str] = set()
    order: list[str] = []
    for name in needs:
        order += _walked(name, needs, seen)
    needed_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, others in needs.items():
        for other in others:
            needed_by[other].append(name)
    # Walked backwards from the last, only those are reached that also lead there.
    seen = set()
    circular: set[str] = set()
    for name in reversed(order):
        together = list(_walked(name, needed_by, seen))
        if len(together) > 1 or name in needs[name]:
            circular.update(together)
    return [name for name in order if name not in circular], sorted(circular)


def _walked(start: str, edges: Mapping[str, Collection[str]], seen: set[str]) -> Iterator[str]:
    """What is reached from here and not seen yet, each after all that it leads to."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(edges[start]))]
    while path:
        name, rest = path[-1]
        ahead = next((other for other in rest if other not in seen), None)
        if ahead is None:
            path.pop()
            yield name
        else:
            seen.add(ahead)
            path.append((ahead, iter(edges[ahead])))
