"""What containers do beyond the contract of engines, on a real engine."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

import docker
import pytest

from environments.core.ports import (
    EngineError,
    EngineRefused,
    LocalPort,
    Manifest,
    Phase,
    Step,
)
from environments.engines.docker.engine import DockerEngine
from environments.engines.docker.marks import Marks
from environments.loopback import free_ports
from tests.containers import BUSYBOX, SITE, Podman
from tests.engines.steps import NAMESPACE, all_ready, ended, manifests, volume, wait

OTHER = "ted2-app-main"
PROBE = {"httpGet": {"path": "/index.html", "port": 8080}, "periodSeconds": 1}


def service(name: str, command: str = "exec sleep 600", **more: Any) -> tuple[Manifest, ...]:
    return manifests(name, "sh", "-c", command, **{"image": BUSYBOX, **more})


def step(*made: Manifest, namespace: str = NAMESPACE, **more: Any) -> Step:
    return Step(namespace, made, **more)


@contextmanager
def found(podman: Podman, engine: DockerEngine, instance: str, namespace: str = NAMESPACE) -> Any:
    client = docker.DockerClient(base_url=podman.socket)
    try:
        marked: Marks = engine._marks
        yield client.containers.get(marked.container(namespace, instance))
    finally:
        client.close()


def printed(
    podman: Podman, engine: DockerEngine, instance: str, *command: str, namespace: str = NAMESPACE
) -> str:
    with found(podman, engine, instance, namespace) as container:
        done = container.exec_run(list(command))
    return f"{done.exit_code} {done.output.decode().strip()}"


def test_a_namespace_calls_its_services_by_name_and_no_others(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    engine = docker_engine
    engine.apply(step(*service("web", SITE.format("first"), readinessProbe=PROBE)))
    engine.apply(step(*service("caller")))
    engine.apply(step(*service("caller"), namespace=OTHER))
    wait(engine, all_ready)
    wait(engine, all_ready, namespace=OTHER)
    told = printed(podman, engine, "caller-0", "nslookup", "web")
    with found(podman, engine, "web-0") as container:
        (network,) = container.attrs["NetworkSettings"]["Networks"].values()
    assert told.startswith("0 ")
    assert f"Address: {network['IPAddress']}" in told
    alone = printed(podman, engine, "caller-0", "nslookup", "web", namespace=OTHER)
    assert alone.startswith("1 ")


def test_only_the_ports_that_are_given_are_published_and_on_loopback_alone(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    (number,) = free_ports(1, taken=frozenset(), near=NAMESPACE)
    ports = (LocalPort("web", 0, 8080, number),)
    open_ports = [{"containerPort": 8080}, {"containerPort": 9090}]
    made = service("web", SITE.format("here"), readinessProbe=PROBE, ports=open_ports)
    docker_engine.apply(step(*made, ports=ports))
    wait(docker_engine, all_ready)
    with urlopen(f"http://127.0.0.1:{number}/", timeout=5) as page:
        assert page.read() == b"here\n"
    with found(podman, docker_engine, "web-0") as container:
        bound = {name: where for name, where in container.ports.items() if where}
    assert bound == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(number)}]}


def test_hosted_names_lead_to_this_machine_from_inside(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    docker_engine.apply(step(*service("web"), hosts=("web-app-ted1.localhost",)))
    wait(docker_engine, all_ready)
    (door,) = docker_engine.doors()
    hosts = printed(podman, docker_engine, "web-0", "cat", "/etc/hosts")
    assert f"{door}\tweb-app-ted1.localhost" in hosts or f"{door} web-app-ted1.localhost" in hosts


def test_limits_are_those_of_the_manifest_and_never_more_than_the_machine_has(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    limits = {"limits": {"cpu": "250m", "memory": "64Mi"}}
    docker_engine.apply(step(*service("small", resources=limits)))
    docker_engine.apply(step(*service("large", resources={"limits": {"cpu": "900"}})))
    wait(docker_engine, lambda seen: len(seen) == 2 and all_ready(seen))
    with found(podman, docker_engine, "small-0") as container:
        host = container.attrs["HostConfig"]
        assert (host["Memory"], host["NanoCpus"]) == (64 * 2**20, 250_000_000)
        assert not host["Privileged"]
        size = podman.run("inspect", container.name, "--format", "{{.HostConfig.LogConfig.Size}}")
        assert size.strip() == "20MB"
    with found(podman, docker_engine, "large-0") as container:
        given = container.attrs["HostConfig"]["NanoCpus"]
    assert given == int((docker_engine.traits().cpus or 0) * 10**9)


def test_memory_beyond_its_limit_is_named(docker_engine: DockerEngine) -> None:
    greedy = "x=$(yes | head -c 200000000); echo $x"
    limits = {"limits": {"memory": "20Mi"}}
    docker_engine.apply(step(*service("greedy", greedy, kind="Job", resources=limits)))
    (one,) = wait(docker_engine, ended)
    assert one.phase is Phase.FAILED
    assert "memory limit of 20 MiB" in one.message


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_files_and_variables_are_there_when_it_starts_whoever_died_before(
    docker_engine: DockerEngine, podman: Podman, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, workload = service(
        "web", "cat /etc/app/x.conf; echo $WORD $(WORD); exec sleep 600", variables={"WORD": "yes"}
    )
    pod = workload["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "files", "configMap": {"name": "web-files"}}]
    pod["containers"][0]["volumeMounts"] = [
        {"name": "files", "mountPath": "/etc/app/x.conf", "subPath": "file-0"}
    ]
    texts = {"kind": "ConfigMap", "metadata": {"name": "web-files"}, "data": {"file-0": "a: b\n"}}
    with monkeypatch.context() as dies:
        dies.setattr(docker_engine, "_start", killed)
        with pytest.raises(KeyboardInterrupt):
            docker_engine.apply(step(secret, texts, workload))
    docker_engine.apply(step(secret, texts, workload))
    wait(docker_engine, all_ready)
    assert docker_engine.read_log(NAMESPACE, "web-0", lines=5) == ["a: b", "yes yes"]
    with found(podman, docker_engine, "web-0") as container:
        assert "yes" not in json.dumps(container.labels)


def test_a_volume_keeps_its_data_over_a_change(docker_engine: DockerEngine, podman: Podman) -> None:
    for revision in ("1", "2"):
        secret, workload = service("db", "echo $0 >> /data/kept; exec sleep 600", revision=revision)
        pod = workload["spec"]["template"]["spec"]
        pod["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "db.data"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/data"}]
        docker_engine.apply(step(secret, volume("db.data"), workload))
        wait(docker_engine, lambda seen, r=revision: all_ready(seen) and seen[0].revision == r)
    assert printed(podman, docker_engine, "db-0", "cat", "/data/kept") == "0 sh\nsh"


def test_a_change_goes_replica_by_replica_and_stops_at_one_that_fails(
    docker_engine: DockerEngine,
) -> None:
    docker_engine.apply(step(*service("web", replicas=2)))
    wait(docker_engine, lambda seen: len(seen) == 2 and all_ready(seen))
    bad = service("web", "exit 3", revision="2", replicas=2)
    docker_engine.apply(step(*bad))
    seen = wait(docker_engine, lambda now: any(one.phase is Phase.FAILED for one in now))
    docker_engine.apply(step(*bad))
    seen = docker_engine.observe(NAMESPACE)
    assert {one.name: (one.revision, one.ready) for one in seen} == {
        "web-0": ("2", False),
        "web-1": ("1", True),
    }
    good = service("web", revision="3", replicas=2)
    give_up = 0
    while not all(one.revision == "3" and one.ready for one in docker_engine.observe(NAMESPACE)):
        docker_engine.apply(step(*good))
        docker_engine.wait(NAMESPACE, seconds=0.2)
        assert (give_up := give_up + 1) < 300


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["true"], ""),
        (["sh", "-c", "echo much; exit 4"], "sh -c echo much; exit 4: status 4"),
        (["sleep", "30"], "sleep 30: no end within 1 s"),
    ],
)
def test_a_probe_by_a_command_is_ready_by_its_status(
    docker_engine: DockerEngine, command: list[str], answer: str
) -> None:
    probe = {"exec": {"command": command}, "periodSeconds": 1, "timeoutSeconds": 1}
    docker_engine.apply(step(*service("web", readinessProbe=probe)))
    (one,) = wait(docker_engine, lambda seen: bool(seen) and seen[0].message == answer)
    assert one.ready is (answer == "")


def test_a_service_that_is_not_well_is_started_again(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    well = {"exec": {"command": ["sh", "-c", "! test -e /ill"]}, "failureThreshold": 2}
    docker_engine.apply(step(*service("web", livenessProbe={**well, "periodSeconds": 0.1})))
    (before,) = wait(docker_engine, all_ready)
    notes = docker_engine.tend({})
    assert docker_engine.observe(NAMESPACE)[0].started_at == before.started_at
    printed(podman, docker_engine, "web-0", "sh", "-c", "echo > /ill")
    for _ in range(50):
        notes = docker_engine.tend(notes)
        docker_engine.wait(NAMESPACE, seconds=0.2)
        if docker_engine.observe(NAMESPACE)[0].started_at != before.started_at:
            return
    raise AssertionError("it was not started again")


def test_a_job_ends_when_its_time_is_over(docker_engine: DockerEngine) -> None:
    docker_engine.apply(step(*service("slow", kind="Job", timeout=1)))
    (one,) = wait(docker_engine, ended)
    assert (one.phase, one.message) == (Phase.FAILED, "not ended after 1 s")


def test_what_others_run_is_never_touched(docker_engine: DockerEngine, podman: Podman) -> None:
    neighbour = DockerEngine(podman.socket, installation="0badcafe")
    try:
        for engine in (docker_engine, neighbour):
            engine.apply(step(*service("web"), volume("data")))
        assert len(docker_engine.observe(NAMESPACE)) == 1
        docker_engine.destroy(NAMESPACE)
        assert docker_engine.remains(NAMESPACE) == ()
        assert len(neighbour.remains(NAMESPACE)) == 3
    finally:
        neighbour.destroy_all()


def test_a_container_of_somebody_else_that_has_our_name_is_told_and_left(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    client = docker.DockerClient(base_url=podman.socket)
    name = docker_engine._marks.container(NAMESPACE, "web-0")
    theirs = client.containers.create(BUSYBOX, ["true"], name=name)
    try:
        with pytest.raises(EngineRefused, match=f"Somebody else's container is called {name}"):
            docker_engine.apply(step(*service("web")))
        docker_engine.destroy(NAMESPACE)
        theirs.reload()
        assert theirs.status == "created"
    finally:
        theirs.remove(force=True)
        client.close()


def test_services_that_are_applied_side_by_side_share_one_network(
    docker_engine: DockerEngine,
) -> None:
    names = [f"web{number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: docker_engine.apply(step(*service(name))), names))
    seen = wait(docker_engine, all_ready)
    assert [one.workload for one in seen] == names
    assert len([one for one in docker_engine.remains(NAMESPACE) if "network" in one]) == 1


def test_a_container_that_was_removed_by_hand_comes_back_with_the_next_apply(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    docker_engine.apply(step(*service("web")))
    wait(docker_engine, all_ready)
    with found(podman, docker_engine, "web-0") as container:
        container.remove(force=True)
    assert docker_engine.observe(NAMESPACE) == ()
    docker_engine.apply(step(*service("web")))
    wait(docker_engine, all_ready)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"image": "local.test/nothing:1"}, "has no image local.test/nothing:1"),
        ({"image": ""}, "web-0 has no image"),
    ],
)
def test_what_can_never_start_is_refused_with_the_reason(
    docker_engine: DockerEngine, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(EngineRefused, match=says):
        docker_engine.apply(step(*service("web", **more)))


def test_a_command_that_its_image_has_not_is_named(docker_engine: DockerEngine) -> None:
    docker_engine.apply(step(*manifests("web", "/no/such", image=BUSYBOX)))
    (one,) = wait(docker_engine, ended)
    assert "the command /no/such was not found in its image" in one.message


def test_a_port_that_somebody_holds_is_named(docker_engine: DockerEngine, podman: Podman) -> None:
    (number,) = free_ports(1, taken=frozenset(), near="somebody")
    holder = LocalPort("holder", 0, 8080, number)
    docker_engine.apply(step(*service("holder"), ports=(holder,)))
    taken = LocalPort("web", 0, 8080, number)
    with pytest.raises(EngineError, match="taken"):
        docker_engine.apply(step(*service("web"), ports=(taken,)))


def test_it_goes_on_when_the_engine_was_started_again(
    docker_engine: DockerEngine, podman: Podman
) -> None:
    docker_engine.apply(step(*service("web")))
    wait(docker_engine, all_ready)
    podman.stop()
    try:
        with pytest.raises(EngineError, match=r"There is no container engine|does not answer"):
            docker_engine.observe(NAMESPACE)
    finally:
        podman.start()
    (one,) = wait(docker_engine, all_ready)
    assert one.restarts == 0
    docker_engine.apply(step(*service("web", revision="2")))
    wait(docker_engine, lambda seen: all_ready(seen) and seen[0].revision == "2")


def test_many_lines_are_read_from_their_end_and_a_job_keeps_the_first(
    docker_engine: DockerEngine,
) -> None:
    docker_engine.apply(step(*service("loud", "yes line | head -n 30000", kind="Job")))
    (one,) = wait(docker_engine, ended)
    assert docker_engine.read_log(NAMESPACE, one.name, lines=3) == ["line"] * 3
    count, left, position = 0, 0, ""
    while (
        piece := docker_engine.read_output(NAMESPACE, one.name, position=position)
    ).lines or piece.left_out:
        count, left, position = count + len(piece.lines), left + piece.left_out, piece.position
    assert (count, left) == (10_000, 20_000)


def test_the_check_says_who_answers_or_what_is_missing(
    docker_engine: DockerEngine, tmp_path: Any
) -> None:
    assert docker_engine.check().startswith("Podman 4")
    away = DockerEngine(f"unix://{tmp_path}/none.sock", installation="0badcafe")
    with pytest.raises(EngineError, match=r"There is no container engine at .*none\.sock"):
        away.check()
