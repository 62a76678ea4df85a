"""A cron job in containers: its runs have what a job has, and their output can be read."""

from django.utils import timezone

from environments import tasks
from environments.core.ports import Phase
from environments.engines.docker.engine import DockerEngine
from environments.models import DeploymentKind, Task
from tests.containers import BUSYBOX
from tests.deploying.acts import run
from tests.engines.steps import wait
from tests.world import World

TEMPLATE = f"""
services:
- name: web
  image: {BUSYBOX}
  command: [sleep, "1000"]
cron_jobs:
- name: report
  image: {BUSYBOX}
  command: [sh, -c, 'echo "$WORDS of $(hostname)" | tee -a /kept/reports']
  schedule: "* * * * *"
  envs: [{{key: WORDS, value: report}}]
  volumes:
  - {{name: kept, mount_path: /kept, type: persistent, size: 10Mi}}
"""


def test_its_runs_print_where_people_look_and_go_with_the_environment(
    yard: World, engine: DockerEngine
) -> None:
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    assert environment.status == "deployed", yard.last(environment).reason
    Task.objects.filter(kind="cron_job").update(next_run_at=timezone.now())
    tasks.run_cron_jobs()
    namespace = environment.namespace.name
    seen = wait(
        engine, lambda seen: any(one.phase is Phase.SUCCEEDED for one in seen), namespace=namespace
    )
    (ended,) = (one for one in seen if one.kind == "Job")
    assert ended.workload.startswith("report-")
    assert engine.read_log(namespace, ended.name, lines=9) == [f"report of {ended.name}"]
    assert run(yard, environment, DeploymentKind.TEARDOWN).status == "removed"
    tasks.run_cron_jobs()
    assert engine.remains(namespace) == ()
