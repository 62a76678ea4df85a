"""Environments in containers, end to end through the worker."""

import urllib.request

import docker

from environments.engines.docker.engine import DockerEngine
from environments.models import Build, DeploymentKind, Environment, PortClaim
from tests.containers import BUSYBOX, Podman
from tests.deploying.acts import run
from tests.docker.reading import printed_in
from tests.world import World

TEMPLATE = """
services:
- name: web
  build:
    context: .
    args: ["GREETING=hello"]
  ports:
  - {type: node_port, port: 80, target_port: 8080}
  readiness_probe: {http_get: {path: /index.html, port: 8080}}
- name: store
  image: IMAGE
  command: [sh, -c, "test -f /data/kept || echo first > /data/kept; exec sleep 1000"]
  volumes:
  - {name: data, mount_path: /data, type: persistent, size: 10Mi}
""".replace("IMAGE", BUSYBOX)
DOCKERFILE = f"""FROM {BUSYBOX}
ARG GREETING
RUN mkdir /site && echo $GREETING > /site/index.html
CMD ["httpd", "-f", "-p", "8080", "-h", "/site"]
"""


def answer(environment: Environment) -> str:
    number = PortClaim.objects.get(namespace=environment.namespace, workload="web").number
    with urllib.request.urlopen(f"http://127.0.0.1:{number}/", timeout=5) as page:
        return str(page.read().decode().strip())


def test_a_service_is_built_and_runs_beside_one_that_is_only_an_image(
    yard: World, engine: DockerEngine, podman: Podman
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    assert environment.status == "deployed"
    assert answer(environment) == "hello"
    (build,) = Build.objects.all()
    assert (build.state, build.commit_author) == ("done", "Ana")
    assert [(step.name, step.state) for step in build.steps.all()] == [("web", "done")]
    assert {one.workload: one.ready for one in engine.observe(environment.namespace.name)} == {
        "web": True,
        "store": True,
    }


def test_a_patch_builds_the_new_commit_and_leaves_the_store_as_it_runs(
    yard: World, engine: DockerEngine
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    before = {one.workload: one for one in engine.observe(environment.namespace.name)}
    changed = DOCKERFILE.replace("echo $GREETING", "echo changed")
    yard.repositories["shop"].commit({"Dockerfile": changed})
    assert run(yard, environment, DeploymentKind.PATCH).status == "deployed"
    after = {one.workload: one for one in engine.observe(environment.namespace.name)}
    assert answer(environment) == "changed"
    assert after["store"].started_at == before["store"].started_at
    assert after["web"].image != before["web"].image


def test_what_was_built_from_the_same_is_not_built_again(yard: World) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    yard.deployed(application, name="one")
    yard.deployed(application, name="two")
    first, second = Build.objects.order_by("pk")
    assert [step.reused for step in first.steps.all()] == [False]
    assert [step.reused for step in second.steps.all()] == [True]
    assert first.steps.get().image == second.steps.get().image


def test_the_data_of_a_volume_is_its_environments_own_and_survives_a_setup(
    yard: World, engine: DockerEngine, podman: Podman
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    one, two = yard.deployed(application, name="one"), yard.deployed(application, name="two")
    printed_in(podman, one, "store", "sh", "-c", "echo of one >> /data/kept")
    run(yard, one, DeploymentKind.SETUP)
    assert printed_in(podman, one, "store", "cat", "/data/kept") == "first\nof one\n"
    assert printed_in(podman, two, "store", "cat", "/data/kept") == "first\n"


def test_nothing_of_an_environment_is_left_when_it_is_deleted(
    yard: World, engine: DockerEngine, podman: Podman
) -> None:
    client = docker.DockerClient(base_url=podman.socket)
    stranger = client.containers.run(BUSYBOX, ["sleep", "1000"], detach=True, init=True)
    try:
        application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
        environment = yard.deployed(application)
        namespace = environment.namespace.name
        assert len(engine.remains(namespace)) == 4
        deployment = run(yard, environment, DeploymentKind.TEARDOWN)
        assert (deployment.status, deployment.reason) == ("removed", "")
        assert engine.remains(namespace) == ()
        stranger.reload()
        assert stranger.status == "running"
    finally:
        stranger.remove(force=True)
        client.close()


def test_a_failing_step_of_a_dockerfile_is_the_first_cause_with_its_line(yard: World) -> None:
    broken = DOCKERFILE.replace("RUN mkdir /site", "RUN echo so far && exit 4")
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": broken})
    environment = yard.deployed(application)
    deployment = yard.last(environment)
    assert environment.status == deployment.status == "failed"
    assert deployment.failure is not None
    assert deployment.failure["task"] == "images.web"
    assert "exit status 4" in deployment.failure["message"]
    assert "line 3 of Dockerfile" in deployment.reason
    assert "so far" in deployment.failure["lines"]


def test_an_image_that_does_not_exist_is_named(yard: World) -> None:
    template = "services:\n- name: web\n  image: 127.0.0.1:1/nobody/nothing:1\n"
    environment = yard.deployed(yard.application("shop", template))
    deployment = yard.last(environment)
    assert deployment.status == "failed"
    assert "The image 127.0.0.1:1/nobody/nothing:1 could not be fetched" in deployment.reason


def test_a_static_site_is_built_with_its_variables_and_served(
    yard: World, engine: DockerEngine, podman: Podman
) -> None:
    template = f"""
services:
- name: api
  image: {BUSYBOX}
  command: [httpd, -f, -p, "8080"]
  ports: [{{type: node_port, port: 8080, target_port: 8080}}]
- name: web
  static: true
  image: {BUSYBOX}
  build_base: pages
  build_package_install_command: mkdir -p out && cp index.html out/
  build_command: echo "$API calls" >> out/index.html
  build_output_directory: out/
"""
    application = yard.application(
        "shop",
        template,
        files={"pages/index.html": "hello\n"},
        variables="mapping: {API: API_INGRESS_HOST}\n",
    )
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    said = answer(environment)
    assert said.startswith("hello\napi-shop-ted")
    assert said.endswith(" calls")
