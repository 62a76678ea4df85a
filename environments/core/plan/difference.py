"""What changes between what runs and what a plan would make, from their JSON forms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``act``: ``comes``, ``goes`` or ``changes``; ``what``: ``member``,
    ``service``, ``job``, ``cron job``, ``host``, ``branch``, ``commit``, ``variable``, ``image``,
    ``ports``, ``replicas``, ``command``, ``schedule`` or ``volume``."""

    act: str
    what: str
    application: str
    name: str
    before: str = ""
    after: str = ""


def difference(before: Form, after: Form) -> tuple[Change, ...]:
    """All changes, members first. ``before`` empty: nothing runs yet, everything comes."""
    earlier: Form = before or {"members": [], "hosts": []}
    old = {member["application"]: member for member in earlier["members"]}
    new = {member["application"]: member for member in after["members"]}
    changes: list[Change] = []
    for name in (*new, *(gone for gone in old if gone not in new)):
        changes += _member(name, old.get(name), new.get(name))
    return (*changes, *_hosts(earlier, after))


def _member(name: str, old: Form | None, new: Form | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change("comes" if new else "goes", "member", name, name)
    for key in ("branch", "commit"):
        if old and new and old[key] != new[key]:
            yield Change("changes", key, name, name, old[key] or "", new[key] or "")
    for kind, key in (("service", "services"), ("job", "jobs"), ("cron job", "cron_jobs")):
        earlier = {workload["name"]: workload for workload in (old or {}).get(key, ())}
        later = {workload["name"]: workload for workload in (new or {}).get(key, ())}
        for workload in earlier:
            if workload not in later:
                yield Change("goes", kind, name, workload)
        for workload, form in later.items():
            if workload not in earlier:
                yield Change("comes", kind, name, workload)
            else:
                yield from _workload(name, earlier[workload], form)


def _workload(application: str, old: Form, new: Form) -> Iterator[Change]:
    name = new["name"]
    for key in ("image", "replicas", "ports", "command", "schedule"):
        if key in new and old[key] != new[key]:
            yield Change("changes", key, application, name, _written(old[key]), _written(new[key]))
    yield from _volumes(application, name, old, new)
    earlier = {value["name"]: value for value in old["variables"]}
    later = {value["name"]: value for value in new["variables"]}
    for variable in sorted(earlier.keys() | later.keys()):
        before, after = earlier.get(variable), later.get(variable)
        if _text(before) == _text(after) or _changes_by_itself(variable):
            continue
        act = "comes" if before is None else "goes" if after is None else "changes"
        yield Change(
            act, "variable", application, f"{name} {variable}", _text(before), _text(after)
        )


def _volumes(application: str, name: str, old: Form, new: Form) -> Iterator[Change]:
    """What is mounted where. Plans that were kept by an older version say nothing of it."""
    earlier, later = (form.get("volumes") for form in (old, new))
    if earlier is None or later is None:
        return
    for path in sorted(earlier.keys() | later.keys()):
        before, after = earlier.get(path, ""), later.get(path, "")
        if before != after:
            act = "comes" if path not in earlier else "goes" if path not in later else "changes"
            yield Change(act, "volume", application, f"{name} {path}", before, after)


def _written(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _text(value: Form | None) -> str:
    if value is None:
        return ""
    return f"secret {value['text']}" if value["secret"] else str(value["text"])


def _changes_by_itself(variable: str) -> bool:
    """What follows the commit and the run says nothing that the commit does not say."""
    return variable in ("RELEASE_COMMIT_SHA", "RELEASE_COMMIT_SHORT", "RELEASE_BUILD_ID")


def _hosts(old: Form, new: Form) -> Iterator[Change]:
    earlier = {(host["application"], host["url"]) for host in old["hosts"]}
    later = {(host["application"], host["url"]) for host in new["hosts"]}
    for application, url in sorted(later - earlier):
        yield Change("comes", "host", application, url)
    for application, url in sorted(earlier - later):
        yield Change("goes", "host", application, url)
