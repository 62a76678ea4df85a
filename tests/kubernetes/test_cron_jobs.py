"""Cron jobs in a cluster, which keeps their schedules and begins their runs itself."""

import json
from typing import Any

import pytest

from environments.actions import pausing
from environments.core.ports import Instance
from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind, Environment, Task
from environments.services import schedules
from tests import cluster
from tests.deploying.acts import reasons, run, save
from tests.kubernetes.conftest import kubectl, until
from tests.world import World

pytestmark = pytest.mark.kubernetes

SERVICES = f"""
services:
- name: web
  image: {cluster.BUSYBOX}
  command: [sh, -c, 'exec sleep 1000']
"""
CRON = f"""
cron_jobs:
- name: report
  image: {cluster.BUSYBOX}
  command: [sh, -c, 'echo "reported by $RELEASE_ENV_ID"']
  schedule: "* * * * *"
"""


def cron_jobs(environment: Environment) -> dict[str, Any]:
    """What each of the namespace says of itself."""
    name = environment.namespace.name
    told = json.loads(kubectl("-n", name, "get", "cronjobs", "-o", "json"))
    return {one["metadata"]["name"]: one["spec"] for one in told["items"]}


def runs(engine: KubernetesEngine, environment: Environment) -> list[Instance]:
    seen = engine.observe(environment.namespace.name)
    return [one for one in seen if one.workload.startswith("report-")]


def test_the_cluster_runs_it_pauses_it_and_loses_it_with_its_entry(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", SERVICES + CRON))
    assert yard.last(environment).reason == ""
    assert reasons(yard.last(environment))["cron_jobs.report"] == "runs at * * * * * (UTC)"
    until(lambda: bool(runs(engine, environment)) and runs(engine, environment)[0].ready, 120)
    first = runs(engine, environment)[0]
    assert (str(first.kind), first.environment) == ("Job", environment.env_id)
    assert engine.read_log(environment.namespace.name, first.name, lines=5) == [
        f"reported by {environment.env_id}"
    ]
    schedules.run_due()
    assert not Task.objects.filter(next_run_at__isnull=False).exists()

    pausing.pause(yard.operator, environment)
    yard.work(steps=1000)
    assert yard.last(environment).status == "paused"
    assert reasons(yard.last(environment))["cron_jobs.report"] == "rests"
    assert cron_jobs(environment)["report"]["suspend"] is True
    pausing.resume(yard.operator, environment)
    yard.work(steps=1000)
    assert yard.last(environment).reason == ""
    assert cron_jobs(environment)["report"]["suspend"] is False

    save(yard, environment, SERVICES)
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert cron_jobs(environment) == {}
    until(lambda: not runs(engine, environment))


def test_one_that_never_ran_goes_with_its_entry_and_its_accounts_do(
    yard: World, engine: KubernetesEngine
) -> None:
    seldom = CRON.replace("* * * * *", "0 0 1 1 *") + "  service_account_name: reporter\n"
    accounts = "service_accounts:\n- {name: reporter}\n"
    environment = yard.deployed(yard.application("shop", SERVICES + seldom + accounts))
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    kinds = [(one.kind, one.name) for one in engine.applied(name)]
    assert kinds == [("CronJob", "report"), ("Deployment", "web"), ("ServiceAccount", "reporter")]
    save(yard, environment, SERVICES)
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert [one.name for one in engine.applied(name)] == ["web"]
    assert "job.report-environment" not in kubectl("-n", name, "get", "secrets", "-o", "name")
