"""What engines that run images add to a plan."""

from dataclasses import replace

import pytest

from environments.core.ports import LocalPorts
from environments.core.problems import Level
from tests.core.plans import CLUSTER, ids, imported, kept, member, plan

DOCKER = replace(CLUSTER, name="docker", local_ports=LocalPorts.EXPOSED, maps_ports=False, cpus=2.0)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("{name: web, image: nginx}", []),
        ("{name: web, build: {context: .}}", []),
        ("{name: web, static: true}", []),
        ("{name: web, has_repo: true, command: [serve]}", ["image.none"]),
        ("{name: web, has_repo: true, image: org/repo/web}", ["image.not-built"]),
    ],
)
def test_a_service_needs_an_image(service: str, expected: list[str]) -> None:
    assert ids(plan(member("shop", f"services:\n- {service}\n"), engine=DOCKER)) == expected


def test_an_image_that_another_service_or_builds_gives_is_one() -> None:
    text = """
services:
- {name: web, image: org/repo/web, build: {context: .}}
- {name: worker, image: org/repo/web, has_repo: true}
- {name: tool, image: org/repo/tool}
builds:
- {name: tool, context: tool}
jobs:
- {name: move, from_services: web, command: [move]}
workflows:
- {name: setup, order_from: [jobs.move, services.all]}
"""
    assert not plan(member("shop", text), engine=DOCKER).problems


def test_a_member_that_stays_as_it_runs_is_not_asked_for_an_image() -> None:
    backend = imported("backend", "services:\n- {name: api, has_repo: true, command: [x]}\n")
    own = member("shop", "app_imports: [{name: backend}]\nservices: [{name: web, image: x}]\n")
    assert "image.none" in ids(plan(backend, own, engine=DOCKER))
    assert "image.none" not in ids(plan(kept(backend), own, engine=DOCKER))


def test_a_port_that_answers_elsewhere_inside_is_told_with_both_numbers() -> None:
    text = (
        "services:\n- name: web\n  image: x\n"
        "  ports: [{type: node_port, target_port: 3000, port: 80}]\n"
    )
    made = plan(member("shop", text), engine=DOCKER)
    (told,) = made.problems
    assert (told.id, told.level) == ("engine.port-inside", Level.WARNING)
    assert "3000" in told.message and "80" in told.message
    assert told.place is not None and told.place.line == 4
    variables = {value.name: value.text for value in made.members[0].services[0].variables}
    assert variables["WEB_SERVICE_PORT"] == "3000"
    assert not plan(member("shop", text), engine=CLUSTER).problems


def test_more_cpus_than_there_are_is_told() -> None:
    text = "services:\n- {name: web, image: x, cpu: {limits: 2500m}}\n"
    (told,) = plan(member("shop", text), engine=DOCKER).problems
    assert (told.id, told.level) == ("engine.cpus", Level.WARNING)
    assert "2500m" in told.message and "has 2" in told.message
    assert not plan(member("shop", text.replace("2500m", "2000m")), engine=DOCKER).problems
