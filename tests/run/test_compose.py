"""The larger set-up: what docker-compose.yml and the Dockerfile promise, read without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from releaseclone.run.lock import SINGLE
from releaseclone.run.parts import NAMES
from tests.run.product import CHECKOUT

OWN = ("migrate", "worker", "web", "beat")
SECRETS = ("POSTGRES_PASSWORD", "RELEASECLONE_SECRET_KEY", "RELEASECLONE_VAULT_KEYS")


@pytest.fixture(scope="module")
def text() -> str:
    return (CHECKOUT / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


def parts_of(service: dict[str, Any]) -> tuple[str, ...]:
    """The parts that a service starts."""
    *program, names = service["command"]
    assert program == ["python", "-m", "releaseclone.run", "--parts"]
    return tuple(names.split(","))


def test_it_has_each_service_once(services: dict[str, Any]) -> None:
    assert set(services) == {*OWN, "machine", "postgres", "redis"}


def test_the_services_together_run_every_part_but_the_broker(services: dict[str, Any]) -> None:
    parts = [part for name in OWN for part in parts_of(services[name])]
    assert sorted(parts) == sorted(set(NAMES) - {"broker"})


def test_the_ports_of_pages_and_environments_are_published(services: dict[str, Any]) -> None:
    published = {name: service.get("ports", []) for name, service in services.items()}
    own = "${RELEASECLONE_%s:-%s}"
    address = "${PUBLISH_ADDRESS:-127.0.0.1}"
    ingress, web = own % ("INGRESS_PORT", 8080), own % ("PORT", 8000)
    assert published.pop("machine") == [
        f"{address}:{ingress}:{ingress}",
        f"{address}:{web}:{web}",
    ]
    assert not any(published.values())


def test_web_sees_the_processes_that_it_shows(services: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        shared = services[name]["network_mode"], services[name]["pid"]
        assert shared == ("service:machine", "service:machine")


def test_the_data_folder_is_one_volume_for_all(text: str, services: dict[str, Any]) -> None:
    assert set(yaml.safe_load(text)["volumes"]) == {"data", "postgres", "redis"}
    assert all(services[name]["volumes"] == ["data:/data"] for name in OWN)
    assert "RELEASECLONE_DATA=/data" in (CHECKOUT / "Dockerfile").read_text()


def test_what_waits_for_a_service_that_is_well_finds_how_to_tell(services: dict[str, Any]) -> None:
    wanted = {
        other
        for service in services.values()
        for other, wait in service.get("depends_on", {}).items()
        if wait["condition"] == "service_healthy"
    }
    assert wanted <= {name for name, service in services.items() if "healthcheck" in service}
    assert {"web", "worker", "postgres", "redis"} == {
        name for name, service in services.items() if "healthcheck" in service
    }


def test_migrations_run_once_and_before_the_parts_that_read_the_database(
    services: dict[str, Any],
) -> None:
    assert services["migrate"]["restart"] == "no"
    for name in ("web", "worker", "beat"):
        wait = services[name]["depends_on"]["migrate"]
        assert wait == {"condition": "service_completed_successfully"}


def test_no_secret_has_a_default(text: str) -> None:
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}(.)", text)
        assert uses
        assert set(uses) == {":"}
        assert f"${{{name}:-" not in text


def test_every_setting_is_one_that_the_product_reads(services: dict[str, Any]) -> None:
    read = (CHECKOUT / "releaseclone" / "configuration.py").read_text()
    for name in OWN:
        for setting in services[name]["environment"]:
            assert f'"{setting}"' in read


def test_no_registry_host_is_named(text: str) -> None:
    images = re.findall(r"^\s*image: (\S+)", text, re.MULTILINE)
    docker = re.findall(r"^FROM (\S+)", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    assert images and docker
    assert not any("/" in image for image in [*images, *docker])


def test_only_what_runs_goes_into_the_image() -> None:
    first, *rest = [
        line
        for line in (CHECKOUT / ".dockerignore").read_text().splitlines()
        if not line.startswith("#")
    ]
    taken = {line[1:] for line in rest if line.startswith("!")}
    assert first == "*"
    assert all((CHECKOUT / Path(name)).exists() for name in taken)
    assert not taken & {".git", "tests", "var", ".venv", "benchmarks"}


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["releaseclone"]


def test_single_parts_are_parts() -> None:
    assert set(SINGLE) < set(NAMES)
