"""Hosted URLs: which services are exposed, and under which host names and paths."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from environments.core.names import HOST_LIMIT, LABEL_LIMIT, is_label, label
from environments.core.plan.model import Member, PlannedHost, Surroundings
from environments.core.problems import Place, Problem, error, warning
from environments.core.template.model import HostRule, Port, Reach, Service

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_STEM_LIMIT = LABEL_LIMIT - len("-ted00000")
"""What the longest handle leaves of a label."""
STATIC_PORT = Port(80, 80, Reach.OUTSIDE)
"""Where a static site is served whose template names no port."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def hosts_of(
    member: Member, services: Mapping[str, Service], surroundings: Surroundings
) -> tuple[tuple[PlannedHost, ...], tuple[Problem, ...]]:
    """The hosts of one member. ``services``: those that run, by name."""
    hosts: list[PlannedHost] = []
    problems: list[Problem] = []
    for rule in rules_of(member, tuple(services.values())):
        service = services.get(rule.service)
        if service is None:
            problems += _absent(member, rule)
            continue
        port = public_port(service)
        if port is None:
            problems.append(_warn(member, rule, "host.no-port", service=service.name))
            continue
        for pattern in rule.hostnames:
            host = _filled(pattern, member, surroundings)
            problems += _check(member, rule, pattern, host, surroundings)
            hosts.append(_planned(member, rule, service, port, pattern, host, surroundings))
    problems += _inside_only(member, services, hosts)
    return tuple(hosts), tuple(problems)


def rules_of(member: Member, services: tuple[Service, ...]) -> tuple[HostRule, ...]:
    """The template's host rules, or the standard ones of every service with a ``node_port``."""
    if member.template.host_rules is not None:
        return member.template.host_rules
    return tuple(
        HostRule(
            service=service.name,
            hostnames=(f"{_stem(service.name, member.application)}-${{env_id}}.${{domain}}",),
            line=service.line,
        )
        for service in services
        if any(port.reach is Reach.OUTSIDE for port in service.ports) or service.static
    )


def _stem(service: str, application: str) -> str:
    return label(service, application, limit=_STEM_LIMIT)


def public_port(service: Service) -> Port | None:
    """The port that a host leads to: the first ``node_port``, else the first of all."""
    ports = ports_of(service)
    outside = [port for port in ports if port.reach is Reach.OUTSIDE]
    return next(iter(outside or ports), None)


def ports_of(service: Service) -> tuple[Port, ...]:
    """The ports that the service has in a namespace."""
    return service.ports or ((STATIC_PORT,) if service.static else ())


def _absent(member: Member, rule: HostRule) -> Iterator[Problem]:
    """A rule whose service does not run: silent where a person excluded it."""
    if rule.service not in member.excluded and member.template.service(rule.service) is None:
        yield _warn(member, rule, "host.unknown-service", service=rule.service)


def _filled(pattern: str, member: Member, surroundings: Surroundings) -> str:
    values = {
        "env_id": member.env_id,
        "domain": surroundings.domain,
        "app_name": label(member.application),
        "env_name": label(member.environment_name),
    }
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), pattern).lower()


def _check(
    member: Member, rule: HostRule, pattern: str, host: str, surroundings: Surroundings
) -> Iterator[Problem]:
    unknown = _PLACEHOLDER.search(host)
    if unknown:
        yield _error(member, rule, "host.placeholder", pattern=pattern, name=unknown[0])
        return
    for part in host.split("."):
        if len(part) > LABEL_LIMIT:
            yield _error(
                member, rule, "host.label-too-long", host=host, part=part, length=len(part)
            )
        elif not is_label(part):
            yield _error(member, rule, "host.not-a-name", host=host, part=part)
    if len(host) > HOST_LIMIT:
        yield _error(member, rule, "host.too-long", host=host)
    if holder := surroundings.held_hosts.get(host):
        yield _error(member, rule, "host.held", host=host, holder=holder)
    if not any(host.endswith(f".{domain}") for domain in surroundings.domains):
        stem = pattern.split(".")[0]
        yield _warn(member, rule, "host.outside", pattern=pattern, better=f"{stem}.${{domain}}")


def _planned(
    member: Member,
    rule: HostRule,
    service: Service,
    port: Port,
    pattern: str,
    host: str,
    surroundings: Surroundings,
) -> PlannedHost:
    path = rule.path or "/"
    return PlannedHost(
        application=member.application,
        env_id=member.env_id,
        service=service.name,
        workload=label(service.name),
        host=host,
        path=path,
        url=url_of(host, path, scheme=surroundings.ingress_scheme, port=surroundings.ingress_port),
        pattern=pattern,
        target_port=port.target_port,
        line=rule.line,
    )


def url_of(host: str, path: str, *, scheme: str, port: int) -> str:
    """Where the ingress is reached under this name, with a port where it is not the scheme's."""
    authority = host if _DEFAULT_PORTS.get(scheme) == port else f"{host}:{port}"
    return f"{scheme}://{authority}{path.rstrip('/')}"


def _inside_only(
    member: Member, services: Mapping[str, Service], hosts: list[PlannedHost]
) -> Iterator[Problem]:
    led_to = {(host.service, host.target_port) for host in hosts}
    for service in services.values():
        others = [
            str(port.port)
            for port in service.ports
            if port.reach is Reach.OUTSIDE and (service.name, port.target_port) not in led_to
        ]
        if others and any(host.service == service.name for host in hosts):
            yield warning(
                "host.other-ports",
                place=Place(member.template.file, service.line),
                application=member.application,
                service=service.name,
                ports=", ".join(others),
            )


def _warn(member: Member, rule: HostRule, problem_id: str, **fields: Any) -> Problem:
    place = Place(member.template.file, rule.line)
    return warning(problem_id, place=place, application=member.application, **fields)


def _error(member: Member, rule: HostRule, problem_id: str, **fields: Any) -> Problem:
    place = Place(member.template.file, rule.line)
    return error(problem_id, place=place, application=member.application, **fields)
