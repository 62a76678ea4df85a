"""How a service is reached: inside the namespace by its name, from outside by hosts."""

from collections.abc import Iterator
from typing import Any

from environments.core.plan.model import Plan, PlannedMember, PlannedWorkload
from environments.core.render import marks
from environments.core.template.model import Port


def service_of(plan: Plan, member: PlannedMember, service: PlannedWorkload) -> dict[str, Any]:
    """Its name inside the namespace, with its ports."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": marks.metadata(plan, member, service.workload),
        "spec": {
            "selector": marks.selector(service.workload),
            "ports": [
                {
                    "name": f"port-{port.port}",
                    "port": port.port,
                    "targetPort": port.target_port,
                    "protocol": "TCP",
                }
                for port in _distinct(service.ports)
            ],
        },
    }


def _distinct(ports: tuple[Port, ...]) -> list[Port]:
    """Each number once: Kubernetes refuses the same one twice."""
    return list({port.port: port for port in ports}.values())


def ingress_of(
    plan: Plan, member: PlannedMember, service: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    """Its hosts and paths, where it has some."""
    hosts = [
        host
        for host in plan.hosts
        if host.env_id == member.member.env_id and host.service == service.name
    ]
    if not hosts:
        return
    ports = {port.target_port: port.port for port in reversed(service.ports)}
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": marks.metadata(plan, member, service.workload, **_ingress_settings(member)),
        "spec": {
            "rules": [
                {
                    "host": host.host,
                    "http": {
                        "paths": [
                            {
                                "path": host.path,
                                "pathType": "Prefix",
                                "backend": {
                                    "service": {
                                        "name": service.workload,
                                        "port": {"number": ports[host.target_port]},
                                    }
                                },
                            }
                        ]
                    },
                }
                for host in hosts
            ]
        },
    }


def _ingress_settings(member: PlannedMember) -> dict[str, str]:
    """As ingress-nginx reads them; other controllers pass them over."""
    return {
        f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": text
        for key, text in member.member.template.ingress.items()
    }
