"""Engine ``process`` on a real daemon, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from environments.core.ports import EngineError, LocalPort, ObjectName
from environments.engines.process.engine import ProcessEngine
from environments.loopback import free_ports
from tests.engines.conftest import DaemonProcess
from tests.engines.steps import NAMESPACE, alive, all_ready, ended, manifests, pids_in, step, wait

PYTHON = sys.executable
SERVER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
print("listens", flush=True)
server.serve_forever()
"""
HEALTH = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1}


def test_a_service_is_ready_when_its_probe_is_answered_on_the_port_it_was_given(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    (number,) = free_ports(1, taken=frozenset(), near=str(tmp_path))
    made = manifests("web", PYTHON, "-c", SERVER, readinessProbe=HEALTH)
    engine.apply(step(tmp_path, made, LocalPort("web", 0, 8080, number)))
    (found,) = wait(engine, all_ready)
    assert (found.name, found.phase, found.restarts) == ("web-0", "running", 0)
    assert found.memory_bytes
    assert engine.read_log(NAMESPACE, "web-0", lines=5) == ["listens"]


def test_replicas_get_ports_of_their_own(engine: ProcessEngine, tmp_path: Path) -> None:
    numbers = free_ports(2, taken=frozenset(), near=str(tmp_path))
    made = manifests("web", PYTHON, "-c", SERVER, replicas=2, readinessProbe=HEALTH)
    ports = [LocalPort("web", replica, 8080, number) for replica, number in enumerate(numbers)]
    engine.apply(step(tmp_path, made, *ports))
    found = wait(engine, lambda seen: len(seen) == 2 and all_ready(seen))
    assert {one.name for one in found} == {"web-0", "web-1"}
    engine.apply(step(tmp_path, manifests("web", PYTHON, "-c", SERVER, revision="2"), ports[0]))
    wait(engine, lambda seen: len(seen) == 1 and all_ready(seen))


def test_its_environment_is_clean(engine: ProcessEngine, tmp_path: Path) -> None:
    script = "import json, os; json.dump(dict(os.environ), open('env.json', 'w'))"
    variables = {"TOKEN": "s3cret 100%", "GREETING": "hello"}
    made = manifests("job-1", PYTHON, "-c", script, kind="Job", variables=variables, timeout=30)
    engine.apply(step(tmp_path, made))
    wait(engine, ended)
    seen = json.loads((tmp_path / "env.json").read_text())
    assert seen.items() >= variables.items()
    assert seen["HOME"] == str(tmp_path)
    assert set(seen) <= {"PATH", "HOME", "LANG", "TMPDIR", "TOKEN", "GREETING", "LC_CTYPE"}


def test_nothing_secret_is_in_the_files_of_the_daemon_or_in_argv(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    made = manifests("web", "sleep", "60", variables={"TOKEN": "the-canary"})
    engine.apply(step(tmp_path, made))
    wait(engine, all_ready)
    holding = [
        path
        for path in daemon.folder.rglob("*")
        if path.is_file() and b"the-canary" in path.read_bytes()
    ]
    assert [path.name for path in holding] == ["web-0.json"]
    assert holding[0].stat().st_mode & 0o777 == 0o600
    assert daemon.process is not None
    for process in psutil.Process(daemon.process.pid).children(recursive=True):
        assert "the-canary" not in " ".join(process.cmdline())


def test_names_in_arguments_are_replaced_as_on_kubernetes(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    made = manifests(
        "job-1", "echo", "$(WHO)", "$$(WHO)", "$(NONE)", kind="Job", variables={"WHO": "you"}
    )
    engine.apply(step(tmp_path, made))
    wait(engine, ended)
    assert engine.read_log(NAMESPACE, "job-1", lines=1) == ["you $(WHO) $(NONE)"]


def test_applying_the_same_again_changes_nothing(engine: ProcessEngine, tmp_path: Path) -> None:
    made = manifests("web", "sh", "-c", "echo $$$$ >> pids; exec sleep 60")
    for _ in range(3):
        engine.apply(step(tmp_path, made))
    wait(engine, all_ready)
    assert len(pids_in(tmp_path / "pids")) == 1


def test_another_revision_replaces_the_process(engine: ProcessEngine, tmp_path: Path) -> None:
    for revision in ("1", "2"):
        script = f"echo $$$$ >> pids-{revision}; exec sleep 60"
        made = manifests("web", "sh", "-c", script, revision=revision)
        engine.apply(step(tmp_path, made))
        wait(engine, all_ready)
    (first,) = pids_in(tmp_path / "pids-1")
    (second,) = pids_in(tmp_path / "pids-2")
    assert not alive(first)
    assert alive(second)


def test_a_job_runs_once_however_often_it_is_applied(engine: ProcessEngine, tmp_path: Path) -> None:
    made = manifests("migrate-1-2", "sh", "-c", "echo ran | tee -a runs", kind="Job")
    for _ in range(3):
        engine.apply(step(tmp_path, made))
    (found,) = wait(engine, ended)
    engine.apply(step(tmp_path, made))
    time.sleep(0.5)
    assert (found.phase, found.ready, found.exit_status) == ("succeeded", True, 0)
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert engine.read_log(NAMESPACE, "migrate-1-2", lines=10) == ["ran"]


def test_a_job_that_fails_says_with_which_status(engine: ProcessEngine, tmp_path: Path) -> None:
    engine.apply(step(tmp_path, manifests("j", "sh", "-c", "exit 3", kind="Job")))
    (found,) = wait(engine, ended)
    assert (found.phase, found.exit_status) == ("failed", 3)
    assert "status 3" in found.message


def test_a_job_is_ended_after_its_time(engine: ProcessEngine, tmp_path: Path) -> None:
    made = manifests("j", "sh", "-c", "trap '' TERM; sleep 60 & wait", kind="Job", timeout=1)
    engine.apply(step(tmp_path, made))
    (found,) = wait(engine, ended)
    assert (found.phase, found.message) == ("failed", "not ended after 1 s")


def test_a_command_that_is_not_there_fails_with_its_name(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    engine.apply(step(tmp_path, manifests("web", "no-such-command")))
    (found,) = wait(engine, ended)
    assert found.phase == "failed"
    assert "command not found: no-such-command" in found.message


def test_a_process_that_ends_at_once_is_given_up_with_its_status(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", "echo oops; exit 7")))
    (found,) = wait(engine, ended)
    assert "status 7" in found.message
    assert found.restarts > 0
    assert "oops" in engine.read_log(NAMESPACE, "web-0", lines=3)


def test_a_port_that_is_not_listened_on_is_named(engine: ProcessEngine, tmp_path: Path) -> None:
    (number,) = free_ports(1, taken=frozenset(), near=str(tmp_path))
    made = manifests("web", "sleep", "60", readinessProbe=HEALTH)
    engine.apply(step(tmp_path, made, LocalPort("web", 0, 8080, number)))
    (found,) = wait(engine, lambda seen: bool(seen and "GET" in seen[0].message))
    assert not found.ready
    assert f"port {number}" in found.message
    assert "$PORT" in found.message


@pytest.mark.parametrize("probe", [{"readinessProbe": HEALTH}, {}])
def test_an_answer_of_somebody_else_does_not_make_it_ready(
    engine: ProcessEngine, tmp_path: Path, probe: dict[str, Any]
) -> None:
    (number,) = free_ports(1, taken=frozenset(), near=str(tmp_path))
    somebody = subprocess.Popen(
        [PYTHON, "-c", SERVER], env={"PORT": str(number)}, stdout=subprocess.PIPE, text=True
    )
    with somebody:
        assert somebody.stdout is not None
        assert somebody.stdout.readline().strip() == "listens"
        made = manifests("web", "sleep", "60", **probe)
        engine.apply(step(tmp_path, made, LocalPort("web", 0, 8080, number)))
        (found,) = wait(engine, lambda seen: bool(seen and "holds" in seen[0].message))
        assert not found.ready
        assert f"port {number}" in found.message
        somebody.kill()


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(
    [sys.executable, "-c", "import signal, time\\n"
     "signal.signal(signal.SIGTERM, signal.SIG_IGN)\\ntime.sleep(600)"],
    start_new_session=True, env={})
open("pids", "w").write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""
FORKS_AWAY = """
import os, sys, time
if os.fork():
    time.sleep(600)
os.setsid()
if os.fork():
    os._exit(0)
open("pids", "w").write(str(os.getpid()))
os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"], {})
"""


@pytest.mark.parametrize(("script", "count"), [(STUBBORN, 2), (FORKS_AWAY, 1)])
def test_nothing_is_left_after_destroy(
    engine: ProcessEngine, tmp_path: Path, script: str, count: int
) -> None:
    engine.apply(step(tmp_path, manifests("web", PYTHON, "-c", script)))
    pids = pids_in(tmp_path / "pids", count)
    engine.destroy(NAMESPACE)
    assert [pid for pid in pids if alive(pid)] == []
    assert engine.remains(NAMESPACE) == ()
    assert engine.observe(NAMESPACE) == ()
    engine.destroy(NAMESPACE)


def test_removing_one_workload_leaves_the_others(engine: ProcessEngine, tmp_path: Path) -> None:
    for name in ("web", "api"):
        engine.apply(step(tmp_path, manifests(name, "sleep", "60")))
    engine.remove(NAMESPACE, [ObjectName("Deployment", "api")])
    assert [one.workload for one in wait(engine, all_ready)] == ["web"]


def test_after_kill_9_of_the_daemon_services_run_again_once_and_jobs_do_not(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    script = "echo $$$$ >> pids; exec sleep 600"
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", script)))
    engine.apply(
        step(tmp_path, manifests("j", "sh", "-c", "echo $$$$ >> job; sleep 600", kind="Job"))
    )
    engine.apply(step(tmp_path, manifests("done", "true", kind="Job")))
    wait(engine, lambda seen: any(one.phase == "succeeded" for one in seen))
    (first,) = pids_in(tmp_path / "pids")
    (job,) = pids_in(tmp_path / "job")
    daemon.kill()
    with pytest.raises(EngineError, match="does not answer"):
        engine.observe(NAMESPACE)
    daemon.start()
    second = pids_in(tmp_path / "pids", 2)[1]
    assert not alive(first)
    assert not alive(job)
    assert alive(second)
    again = {one.name: one for one in ProcessEngine(daemon.folder, path="").observe(NAMESPACE)}
    assert again["j"].phase == "failed"
    assert "interrupted" in again["j"].message
    assert again["done"].phase == "succeeded"
    engine.apply(
        step(tmp_path, manifests("j", "sh", "-c", "echo $$$$ >> job; sleep 600", kind="Job"))
    )
    assert pids_in(tmp_path / "job") == [job]


def test_after_the_daemon_was_stopped_and_started_services_run_again(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    script = "echo $$$$ >> pids; exec sleep 600"
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", script)))
    (first,) = pids_in(tmp_path / "pids")
    daemon.stop()
    assert not alive(first)
    daemon.start()
    assert alive(pids_in(tmp_path / "pids", 2)[1])


def test_when_a_launcher_is_killed_its_program_is_ended_before_it_starts_again(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    script = "echo $$$$ >> pids; exec sleep 600"
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", script)))
    wait(engine, all_ready)
    (first,) = pids_in(tmp_path / "pids")
    os.kill(psutil.Process(first).ppid(), signal.SIGKILL)
    second = pids_in(tmp_path / "pids", 2)[1]
    assert not alive(first)
    assert alive(second)


def test_much_output_without_a_line_end_is_bounded(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    script = "head -c 30000000 /dev/zero | tr '\\0' x; echo; echo end; exec sleep 60"
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", script)))
    wait(engine, lambda seen: engine.read_log(NAMESPACE, "web-0", lines=1) == ["end"], seconds=40)
    size = sum(path.stat().st_size for path in daemon.folder.rglob("web-0.log*"))
    assert size < 11_000_000


def test_a_mounted_file_is_written_and_cannot_lead_out(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    files = {"kind": "ConfigMap", "metadata": {"name": "j-files"}, "data": {"file-0": "hello"}}

    def made(path: str) -> list[object]:
        mounted = manifests(
            "j",
            "cat",
            "etc/app.conf",
            kind="Job",
            volumeMounts=[{"name": "files", "mountPath": path, "subPath": "file-0"}],
        )
        pod = mounted[1]["spec"]["template"]["spec"]
        pod["volumes"] = [{"name": "files", "configMap": {"name": "j-files"}}]
        return [*mounted, files]

    folder = tmp_path / "code"
    folder.mkdir()
    with pytest.raises(EngineError, match="leads out"):
        engine.apply(step(folder, made("../evil.conf")))  # type: ignore[arg-type]
    engine.apply(step(folder, made("etc/app.conf")))  # type: ignore[arg-type]
    wait(engine, ended)
    assert engine.read_log(NAMESPACE, "j", lines=1) == ["hello"]
