"""Rules that the database itself holds, whatever the code above it does."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from environments.models import (
    Context,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    HostClaim,
    LogLine,
    Membership,
    Namespace,
    PortClaim,
    Task,
)
from tests.world import World, services


@pytest.fixture
def environment(world: World) -> Environment:
    world.application("backend", services("api"))
    return world.deployed(world.application("shop", services("web", imports=["backend"])))


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def copy_of(environment: Environment, **changed: object) -> Callable[[], object]:
    """Another row like this one, with other unique fields where they are given."""
    row = Environment.objects.get(pk=environment.pk)
    row.pk = None
    for name, value in {"name": "other", "env_id": "ted0000", **changed}.items():
        setattr(row, name, value)
    return lambda: row.save(force_insert=True)


def test_a_name_is_one_living_environments_of_its_application(environment: Environment) -> None:
    refused(copy_of(environment, name=environment.name))
    Environment.objects.filter(pk=environment.pk).update(removed_at=timezone.now())
    copy_of(environment, name=environment.name, removed_at=None)()


def test_a_handle_is_one_living_environments(environment: Environment) -> None:
    refused(copy_of(environment, env_id=environment.env_id))
    Environment.objects.filter(pk=environment.pk).update(removed_at=timezone.now())
    copy_of(environment, env_id=environment.env_id, removed_at=None)()


def test_an_application_is_imported_once(environment: Environment) -> None:
    imported = environment.imported.get()
    refused(copy_of(imported))
    Environment.objects.filter(pk=imported.pk).update(removed_at=timezone.now())
    copy_of(imported, removed_at=None)()


def test_a_namespace_has_one_name_in_its_context_while_it_lives(environment: Environment) -> None:
    one = environment.namespace

    def another() -> Namespace:
        return Namespace.objects.create(name=one.name, context=one.context, domain=one.domain)

    refused(another)
    Namespace.objects.filter(pk=one.pk).update(ended_at=timezone.now())
    another()


def test_one_deployment_runs_in_a_namespace_the_shares_of_members_aside(
    environment: Environment,
) -> None:
    def running(**more: object) -> Deployment:
        return Deployment.objects.create(
            environment=environment,
            namespace=environment.namespace,
            kind=DeploymentKind.PATCH,
            status=DeploymentStatus.RUNNING,
            **more,
        )

    first = running()
    refused(running)
    for _ in range(2):
        running(part_of=first)


@pytest.mark.parametrize("status", ["failed", "aborted", "superseded"])
def test_an_ending_that_is_no_success_has_a_reason(environment: Environment, status: str) -> None:
    rows = Deployment.objects.filter(environment=environment)
    refused(lambda: rows.update(status=status, reason=""))
    rows.update(status=status, reason="told")


def test_a_host_has_one_holder(environment: Environment) -> None:
    claim = HostClaim.objects.filter(namespace=environment.namespace)[0]
    other = Namespace.objects.create(
        name="other", context=environment.namespace.context, domain="localhost"
    )
    refused(lambda: HostClaim.objects.create(host=claim.host, namespace=other))


def test_a_port_has_one_holder_and_each_replica_one_for_each_of_its_ports(
    environment: Environment,
) -> None:
    def port(number: int, target_port: int = 80) -> PortClaim:
        return PortClaim.objects.create(
            namespace=environment.namespace,
            workload="web",
            replica=0,
            target_port=target_port,
            number=number,
        )

    port(20_000)
    refused(lambda: port(20_000, target_port=81))
    refused(lambda: port(20_001))
    port(20_001, target_port=81)


def test_versions_tasks_and_lines_have_numbers_of_their_own(environment: Environment) -> None:
    version = environment.versions.get()
    deployment = environment.deployments.get()
    task = deployment.tasks.all()[0]
    line = LogLine.objects.filter(deployment=deployment)[0]
    for row in (version, task, line):
        again = type(row).objects.get(pk=row.pk)
        again.pk = None
        refused(lambda row=again: row.save(force_insert=True))
    assert Task.objects.filter(deployment=deployment).count() == 1


def test_a_person_has_one_role_and_an_account_one_default_context(world: World) -> None:
    ana = world.person("ana")
    assert ana.user is not None
    refused(lambda: Membership.objects.create(account=world.account, user=ana.user))
    refused(
        lambda: Context.objects.create(
            account=world.account, name="second", domains=["localhost"], is_default=True
        )
    )
