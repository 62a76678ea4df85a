"""Engine ``process`` on its worst days: what is killed, mute, full, or prints without end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from environments.core.ports import EngineError, LocalPort, ObjectName
from environments.engines.process import linux
from environments.engines.process.engine import ProcessEngine
from environments.engines.process.places import Places
from environments.engines.process.printed import KEPT_LINES
from environments.engines.process.supervision import Daemon
from environments.loopback import free_ports
from tests.engines.conftest import DaemonProcess
from tests.engines.steps import NAMESPACE, alive, all_ready, ended, manifests, pids_in, step, wait
from tests.run.product import until

PYTHON = sys.executable
SLEEPS = "echo $$$$ >> pids; exec sleep 600"
LEAVES_A_CHILD = """
import os, sys, time
with open("pids", "a") as pids:
    pids.write(f"{os.getpid()} ")
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    with open("pids", "a") as pids:
        pids.write(f"{os.getpid()} ")
    os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"], {})
time.sleep(600)
"""
FIXED_PORT = """
import os, socket
with socket.socket() as server:
    server.bind(("127.0.0.1", int(os.environ["FIXED"])))
"""


def printed_by(engine: ProcessEngine, job: str) -> tuple[list[str], int]:
    """All lines that were kept of a job, look by look, and how many were not."""
    lines, left_out, position = [], 0, ""
    while True:
        printed = engine.read_output(NAMESPACE, job, position=position)
        if not printed.lines and not printed.left_out:
            return lines, left_out
        lines += printed.lines
        left_out, position = left_out + printed.left_out, printed.position


def test_a_service_that_ends_again_and_again_after_a_slow_start_has_failed(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", "sleep 1.5; exit 7")))
    (found,) = wait(engine, ended)
    assert "status 7" in found.message and "starts" in found.message
    assert found.restarts >= 3


def test_a_daemon_that_is_mute_is_not_waited_for_for_ever(
    engine: ProcessEngine, daemon: DaemonProcess
) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(EngineError, match="does not answer"):
            Daemon(Places(daemon.folder).socket, seconds=0.3).programs()
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert engine.observe(NAMESPACE) == ()


def test_a_job_whose_launcher_is_killed_ends_with_it_and_is_not_run_again(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    made = manifests("move-1-1", PYTHON, "-c", LEAVES_A_CHILD, kind="Job")
    engine.apply(step(tmp_path, made))
    program, child = pids_in(tmp_path / "pids", 2)
    os.kill(psutil.Process(program).ppid(), signal.SIGKILL)
    (found,) = wait(engine, ended)
    assert "interrupted, not run again" in found.message
    until(lambda: not alive(program))
    engine.apply(step(tmp_path, made))
    assert pids_in(tmp_path / "pids", 2) == [program, child]
    engine.destroy(NAMESPACE)
    assert not alive(child)


def test_after_kill_9_of_daemon_and_launchers_the_next_daemon_ends_what_they_left(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    for kind, name in (("Job", "move-1-1"), ("Deployment", "web")):
        folder = tmp_path / name
        folder.mkdir()
        engine.apply(step(folder, manifests(name, PYTHON, "-c", LEAVES_A_CHILD, kind=kind)))
    left = [
        *pids_in(tmp_path / "move-1-1" / "pids", 2),
        *pids_in(tmp_path / "web" / "pids", 2),
    ]
    records = daemon.folder / "records" / NAMESPACE
    until(lambda: all(str(left[at]) in _text(records, "*.tree") for at in (1, 3)))
    assert daemon.process is not None
    launchers = psutil.Process(daemon.process.pid).children()
    daemon.process.send_signal(signal.SIGSTOP)
    for launcher in launchers:
        launcher.kill()
    daemon.kill()
    daemon.start()
    again = pids_in(tmp_path / "web" / "pids", 4)
    assert [pid for pid in left if alive(pid)] == []
    assert alive(again[2])
    assert len(pids_in(tmp_path / "move-1-1" / "pids", 2)) == 2
    found = {one.workload: one.message for one in engine.observe(NAMESPACE)}
    assert "interrupted" in found["move-1-1"]


def _text(folder: Path, pattern: str) -> str:
    return " ".join(path.read_text() for path in folder.glob(pattern))


def test_a_line_of_a_job_is_read_when_it_is_whole(engine: ProcessEngine, tmp_path: Path) -> None:
    script = (
        "printf 'hal'; until [ -e gate ]; do sleep 0.05; done; printf 'ves\\n'; echo; printf 'end'"
    )
    engine.apply(step(tmp_path, manifests("move-1-1", "sh", "-c", script, kind="Job")))
    until(lambda: engine.read_log(NAMESPACE, "move-1-1", lines=1) == ["hal"])
    assert printed_by(engine, "move-1-1") == ([], 0)
    (tmp_path / "gate").touch()
    wait(engine, ended)
    assert printed_by(engine, "move-1-1") == (["halves", "", "end"], 0)


def test_of_a_job_that_prints_a_hundred_megabytes_the_beginning_is_kept_and_the_rest_counted(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    line = "x" * 99
    made = manifests("move-1-1", "sh", "-c", f"yes {line} | head -n 1000000", kind="Job")
    engine.apply(step(tmp_path, made))
    wait(engine, ended, seconds=180)
    assert printed_by(engine, "move-1-1") == ([line] * KEPT_LINES, 1_000_000 - KEPT_LINES)
    size = sum(path.stat().st_size for path in daemon.folder.rglob("*") if path.is_file())
    assert size < 13_000_000
    engine.remove(NAMESPACE, [ObjectName("Job", "move-1-1")])
    assert [path for path in daemon.folder.rglob("*move-1-1*") if path.name[0] != "."] == []


def test_a_line_without_an_end_is_one_line(engine: ProcessEngine, tmp_path: Path) -> None:
    made = manifests(
        "move-1-1", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end", kind="Job"
    )
    engine.apply(step(tmp_path, made))
    wait(engine, ended)
    (long, end), left_out = printed_by(engine, "move-1-1")
    assert (set(long), end, left_out) == ({"x"}, "end", 0)
    assert len(long) < 100_000


def test_a_service_on_a_fixed_port_that_is_taken_is_told_about_port(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    numbers = free_ports(2, taken=frozenset(), near=str(tmp_path))
    somebody = subprocess.Popen(
        [PYTHON, "-c", FIXED_PORT + "    server.listen(); print(flush=True); input()"],
        env={"FIXED": str(numbers[0])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with somebody:
        assert somebody.stdout is not None
        somebody.stdout.readline()
        made = manifests("web", PYTHON, "-c", FIXED_PORT, variables={"FIXED": str(numbers[0])})
        engine.apply(step(tmp_path, made, LocalPort("web", 0, 8080, numbers[1])))
        (found,) = wait(engine, ended)
        somebody.kill()
    assert "one that listens on a fixed port, and not on $PORT, runs once a machine" in (
        found.message
    )


def test_all_programs_can_be_ended_at_once_and_run_again_with_the_next_daemon(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    script = "trap '' TERM; echo $$$$ >> pids; while :; do sleep 0.1; done"
    engine.apply(step(tmp_path, manifests("web", "sh", "-c", script, replicas=5)))
    pids = pids_in(tmp_path / "pids", 5)
    Daemon(Places(daemon.folder).socket).stop_all()
    assert {one.phase for one in engine.observe(NAMESPACE)} == {"stopped"}
    until(lambda: not any(map(alive, pids)))
    daemon.stop()
    daemon.start()
    again = pids_in(tmp_path / "pids", 10)
    assert all(map(alive, again[5:]))


def test_the_age_of_what_runs_is_that_of_its_oldest_process() -> None:
    assert linux.age_of([]) == 0.0
    with subprocess.Popen(["sleep", "600"]) as old:
        first = linux.look_at(old.pid)
        assert first is not None
        until(lambda: linux.age_of([first]) > 1.0)
        with subprocess.Popen(["sleep", "600"]) as young:
            second = linux.look_at(young.pid)
            assert second is not None
            assert linux.age_of([second]) < linux.age_of([second, first])
            young.kill()
        old.kill()


def test_services_that_are_removed_together_each_have_their_time(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    script = (
        "trap 'sleep 2; echo ended >> ended; exit 0' TERM; echo $$$$ >> pids; "
        "while :; do sleep 0.1; done"
    )
    for name in ("web", "api"):
        engine.apply(step(tmp_path, manifests(name, "sh", "-c", script)))
    pids = pids_in(tmp_path / "pids", 2)
    engine.destroy(NAMESPACE)
    assert not any(map(alive, pids))
    assert (tmp_path / "ended").read_text() == "ended\nended\n"


def test_what_a_member_had_goes_with_its_last_workload(
    engine: ProcessEngine, daemon: DaemonProcess, tmp_path: Path
) -> None:
    engine.apply(step(tmp_path, manifests("web", "sleep", "600", environment="ted2")))
    engine.apply(step(tmp_path, manifests("api", "sleep", "600", environment="ted3")))
    engine.remove(NAMESPACE, [ObjectName("Deployment", "web")])
    homes = daemon.folder / "homes" / NAMESPACE
    assert [path.name for path in homes.iterdir()] == ["ted3"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], check=False
    ).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_and_ends_nothing_that_runs(small_disk: Path, tmp_path: Path) -> None:
    daemon = DaemonProcess(small_disk / "process")
    daemon.start()
    engine = ProcessEngine(daemon.folder, path=os.environ["PATH"])
    try:
        engine.apply(step(tmp_path, manifests("web", "sh", "-c", SLEEPS)))
        wait(engine, all_ready)
        (small_disk / "filling").write_bytes(b"")
        with pytest.raises(OSError, match="No space left"):
            (small_disk / "filling").write_bytes(b"x" * 4_000_000)
        with pytest.raises(EngineError, match=r"No space left on device.* Free some space"):
            engine.apply(step(tmp_path, manifests("api", "sleep", "600")))
        children = psutil.Process(pids_in(tmp_path / "pids")[0])
        assert alive(children.pid)
        (small_disk / "filling").unlink()
        engine.apply(step(tmp_path, manifests("api", "sleep", "600")))
        found = wait(engine, lambda seen: len(seen) == 2 and all_ready(seen))
        assert {one.restarts for one in found} == {0}
        engine.destroy(NAMESPACE)
        assert engine.remains(NAMESPACE) == ()
    finally:
        daemon.stop()
