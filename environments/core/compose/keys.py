"""The keys of a Compose file that a template has nothing for, each with what to do instead."""

from collections.abc import Iterator, Mapping

from environments.core.compose.model import ComposeService, Note, left_out
from environments.core.compose.schema import COMPOSE_SCHEMA
from environments.core.template.fields import Entry
from environments.core.template.suggesting import Known

_NAMED = "Others call the service by its name."
_IMAGE = "Set it in the image, by its Dockerfile."
_NETWORK = "All services of an environment share a network of their own."
_RIGHTS = "Containers get no rights beyond the engine's usual ones."
_UNREAD = "Write out here what it brings: it is not read."
_PLAIN = ""
_HINTS = {
    _NAMED: "container_name hostname domainname links",
    _IMAGE: "user working_dir stop_signal group_add",
    _NETWORK: "networks network_mode external_links mac_address dns dns_opt dns_search extra_hosts",
    _RIGHTS: "privileged cap_add cap_drop devices device_cgroup_rules security_opt sysctls "
    "userns_mode pid ipc uts cgroup cgroup_parent gpus runtime credential_spec ulimits isolation "
    "use_api_socket",
    _UNREAD: "extends volumes_from",
    _PLAIN: "annotations attach blkio_config cpu_count cpu_percent cpu_period cpu_quota "
    "cpu_rt_period cpu_rt_runtime cpu_shares cpuset develop init label_file labels logging "
    "mem_swappiness memswap_limit models oom_kill_disable oom_score_adj pids_limit platform "
    "post_start pre_stop provider pull_policy read_only stdin_open stop_grace_period storage_opt "
    "tty",
}
_OF_SERVICES = {key: hint for hint, keys in _HINTS.items() for key in keys.split()}
_SAID_OTHERWISE = frozenset({"restart"})
"""Every service is started again when it ends."""
_OF_TOP = {
    "networks": _NETWORK,
    "include": _UNREAD,
    "models": _PLAIN,
}
_IGNORED_AT_TOP = frozenset({"version"})
"""Has no meaning in Compose either."""


def top_notes(root: Entry) -> Iterator[Note]:
    """About the keys at the top of the file."""
    known = {*COMPOSE_SCHEMA["properties"], *_IGNORED_AT_TOP}
    yield from _notes(root, "the file", known, _OF_TOP)


def service_notes(service: ComposeService) -> Iterator[Note]:
    """About the keys of one service, and of its ``deploy``."""
    entry = service.entry
    of_service = COMPOSE_SCHEMA["properties"]["services"]["additionalProperties"]["properties"]
    yield from _notes(entry, service.name, {*of_service, *_SAID_OTHERWISE}, _OF_SERVICES)
    deploy = entry.entry("deploy")
    for key in deploy.keys() if deploy else ():
        if deploy and key not in ("replicas", "resources"):
            yield left_out(f"deploy.{key}", service.name, deploy.place_of_key(key))


def _notes(entry: Entry, where: str, known: set[str], left: Mapping[str, str]) -> Iterator[Note]:
    names = Known({*known, *left})
    for key in map(str, entry.keys()):
        if key in known or key.startswith("x-"):
            continue
        place = entry.place_of_key(key)
        if key in left:
            yield left_out(key, where, place, left[key])
        else:
            hint = names.nearest(key, "It is left out.")
            yield Note("compose.unknown-key", place, where, {"key": key, "hint": hint})
