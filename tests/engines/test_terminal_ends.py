"""Whatever ends on this side, nothing runs on at the other: a killed product leaves no shell."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from environments.core.ports import Terminal
from environments.engines.process.engine import ProcessEngine
from tests.cluster import InOwnNamespaces
from tests.containers import Podman
from tests.engines.conftest import Contender
from tests.engines.steps import NAMESPACE, all_ready, wait

_MARK = str(1_000_000 + os.getpid())
"""How long the command behind a terminal sleeps: it is found by that, and is of these tests."""
_HOLDS = """
import sys
from environments import guarded
from environments.engines.{module} import {name}

def wait(self):
    print("open", flush=True)
    sys.stdin.read()

if {is_early}:
    guarded.GuardedTerminal._first_line = wait
engine = {name}({given})
terminal = engine.open_terminal(
    {namespace!r}, {instance!r}, command={command!r}, rows=24, columns=80
)
printed = b""
while b"ready" not in printed:
    printed += terminal.read()
print("open", flush=True)
sys.stdin.read()
"""
_COMMAND = (
    "sh",
    "-c",
    f"trap '' HUP; (trap '' HUP; sleep {_MARK}) & echo ready; read -r go; exit 0",
)


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def sleeping() -> bool:
    """Whether the command behind a terminal runs, on this machine or in a container of it."""
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", _MARK.encode()]:
            return True
    return False


def opened(real: Contender) -> Terminal:
    real.service("web")
    (web,) = wait(real.engine, all_ready)
    terminal = real.engine.open_terminal(NAMESPACE, web.name, command=_COMMAND, rows=24, columns=80)
    printed = b""
    while b"ready" not in printed:
        printed += terminal.read()
    until(sleeping)
    return terminal


def test_closing_ends_what_ignores_that_its_screen_is_gone(real: Contender) -> None:
    terminal = opened(real)
    terminal.close()
    until(lambda: not sleeping())
    (web,) = real.engine.observe(NAMESPACE)
    assert web.ready


def test_what_the_shell_leaves_in_the_background_ends_with_it(real: Contender) -> None:
    terminal = opened(real)
    try:
        terminal.write(b"\r")
        until(lambda: terminal.read() == b"")
        assert terminal.exit_code() == 0
    finally:
        terminal.close()
    until(lambda: not sleeping())


@pytest.mark.parametrize("is_early", [False, True], ids=["open", "opening"])
def test_a_killed_product_leaves_nothing(
    real: Contender, request: pytest.FixtureRequest, is_early: bool
) -> None:
    """Early: it dies before it has told the guard of the terminal what to end."""
    real.service("web")
    (web,) = wait(real.engine, all_ready)
    namespace = NAMESPACE
    if isinstance(real.engine, InOwnNamespaces):
        module, name = "kubernetes.engine", "KubernetesEngine"
        own, namespace = real.engine.engine, real.engine.named(NAMESPACE)
        given = f"{os.environ['KUBECONFIG']!r}, installation={own._marks.installation!r}"
    elif isinstance(real.engine, ProcessEngine):
        if is_early:
            pytest.skip("no guard: the engine's own process ends it")
        folder = request.getfixturevalue("daemon").folder
        given = f"__import__('pathlib').Path({str(folder)!r}), path={os.environ['PATH']!r}"
        module, name = "process.engine", "ProcessEngine"
    else:
        podman: Podman = request.getfixturevalue("podman")
        given = f"{podman.socket!r}, installation={real.engine._marks.installation!r}"  # type: ignore[attr-defined]
        module, name = "docker.engine", "DockerEngine"
    program = _HOLDS.format(
        module=module,
        name=name,
        given=given,
        namespace=namespace,
        instance=web.name,
        command=_COMMAND,
        is_early=is_early,
    )
    product = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert product.stdout is not None
    assert product.stdout.readline() == b"open\n"
    until(sleeping)
    product.send_signal(signal.SIGKILL)
    product.wait()
    until(lambda: not sleeping())
    (web,) = real.engine.observe(NAMESPACE)
    assert web.ready


def test_a_shell_of_the_engine_process_knows_nothing_of_the_product(
    engine: ProcessEngine, contender_of_process: Contender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_OF_THE_PRODUCT", "secret")
    contender_of_process.service("web", variables={"OWN": "yes"})
    wait(engine, all_ready)
    terminal = engine.open_terminal(NAMESPACE, "web-0", command=("env",), rows=24, columns=80)
    printed = b"".join(iter(terminal.read, b"")).decode()
    terminal.close()
    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert names == {"PATH", "HOME", "LANG", "TMPDIR", "OWN", "TERM"}
