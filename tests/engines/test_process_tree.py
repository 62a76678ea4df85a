"""The processes below one, by what the kernel keeps of each and by a look at all of them."""

import os
import subprocess
import sys
import threading

import pytest

from environments.engines.process import linux
from tests.run.product import until

_TREE = """
import subprocess, sys, threading, time
from environments.engines.process import linux

def start(*words):
    subprocess.Popen([sys.executable, "-c", *words])

linux.adopt_orphans()
start("import subprocess; subprocess.Popen(['sleep', '600'])")
threading.Thread(target=start, args=("import time; time.sleep(600)",)).start()
start("import subprocess; subprocess.run(['sleep', '600'])")
time.sleep(600)
"""


def ids(found: list[linux.Running]) -> list[int]:
    return sorted(one.pid for one in found)


def is_whole(found: list[linux.Running], top: int) -> bool:
    """Whether all have begun, and the first child has ended and left its own behind."""
    sleeping = sum(linux.words_of(one.pid)[:1] == ("sleep",) for one in found)
    return (len(found), sleeping, sum(one.parent == top for one in found)) == (4, 2, 3)


@pytest.mark.parametrize("tells", [True, False], ids=["told by the kernel", "looked for"])
def test_a_glimpse_finds_children_of_threads_grandchildren_and_orphans(
    monkeypatch: pytest.MonkeyPatch, tells: bool
) -> None:
    monkeypatch.setattr(linux, "_TELLS_CHILDREN", tells and linux._TELLS_CHILDREN)
    top = subprocess.Popen([sys.executable, "-c", _TREE])
    try:
        until(lambda: is_whole(linux.glimpse_below(top.pid), top.pid))
        assert ids(linux.glimpse_below(top.pid)) == ids(linux.descendants(top.pid))
    finally:
        linux.end(linux.descendants(top.pid), grace=1)
        top.kill()
        top.wait()
    assert linux.glimpse_below(top.pid) == []


def test_a_child_of_another_thread_is_one_too() -> None:
    made: list[subprocess.Popen[bytes]] = []
    waits = threading.Event()

    def start() -> None:
        made.append(subprocess.Popen(["sleep", "600"]))
        waits.wait(60)

    thread = threading.Thread(target=start)
    thread.start()
    try:
        until(lambda: bool(made))
        assert made[0].pid in linux.children_of(os.getpid())
    finally:
        waits.set()
        thread.join()
        made[0].kill()
        made[0].wait()
