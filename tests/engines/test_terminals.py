"""What every engine with terminals keeps of ``core.ports.Terminal``: real shells only."""

import threading
import time

import pytest

from environments.core.ports import EngineError, Terminal
from tests.engines.conftest import Contender
from tests.engines.steps import NAMESPACE, all_ready, ended, wait, wait_for_the_end

SHELL = ("sh",)


def opened(real: Contender, *command: str, name: str = "web") -> Terminal:
    """A terminal in a service that runs."""
    real.service(name, variables={"COLOUR": "teal"})
    (found,) = wait(real.engine, all_ready)
    return real.engine.open_terminal(
        NAMESPACE, found.name, command=command or SHELL, rows=30, columns=90
    )


def until(terminal: Terminal, wanted: bytes) -> bytes:
    """What it prints, as far as this."""
    printed = b""
    give_up = time.monotonic() + 60
    while wanted not in printed:
        assert time.monotonic() < give_up, printed
        piece = terminal.read()
        assert piece, printed
        printed += piece
    return printed


def rest(terminal: Terminal) -> bytes:
    """All that it still prints."""
    return b"".join(iter(terminal.read, b""))


def test_a_shell_answers_and_tells_how_it_ended(real: Contender) -> None:
    terminal = opened(real)
    try:
        terminal.write(b"echo $((6*7))-$COLOUR\r")
        until(terminal, b"42-teal")
        terminal.write(b"exit 3\r")
        rest(terminal)
        assert terminal.exit_code() == 3
    finally:
        terminal.close()
    assert terminal.exit_code() == 3
    assert terminal.read() == b""


def test_the_end_of_input_ends_the_shell_with_its_last_status(real: Contender) -> None:
    terminal = opened(real)
    try:
        # The key counts only for a shell that has asked: typed ahead of it, it is lost.
        terminal.write(b"PS1=n''ow:\r")
        until(terminal, b"now:")
        terminal.write(b"true\r\x04")
        rest(terminal)
        assert terminal.exit_code() == 0
    finally:
        terminal.close()


def test_the_command_knows_the_size_of_its_screen_and_its_change(real: Contender) -> None:
    terminal = opened(real)
    try:
        terminal.write(b"stty size\r")
        until(terminal, b"30 90")
        terminal.resize(rows=41, columns=132)
        terminal.write(b"stty size\r")
        until(terminal, b"41 132")
    finally:
        terminal.close()


def test_bytes_come_as_they_are(real: Contender) -> None:
    terminal = opened(real, "sh", "-c", "stty raw -echo; printf '\\377\\000\\033[1mé\\200'")
    try:
        assert rest(terminal) == b"\xff\x00\x1b[1m\xc3\xa9\x80"
        assert terminal.exit_code() == 0
    finally:
        terminal.close()


def test_a_megabyte_is_typed_to_the_last_byte(real: Contender) -> None:
    terminal = opened(real, "sh", "-c", "stty raw -echo; echo go; head -c 1048576 | wc -c")
    try:
        until(terminal, b"go")
        typing = threading.Thread(target=terminal.write, args=(b"x" * 1_048_576,))
        typing.start()
        assert b"1048576" in rest(terminal)
        typing.join(60)
        assert not typing.is_alive()
    finally:
        terminal.close()


def test_closing_frees_who_reads_and_who_types_and_ends_the_command(real: Contender) -> None:
    terminal = opened(real, "sh", "-c", "trap '' HUP TERM INT; echo go; sleep 600")
    until(terminal, b"go")
    waiting = [
        threading.Thread(target=terminal.read),
        threading.Thread(target=terminal.write, args=(b"x\r" * 2_000_000,)),
    ]
    for one in waiting:
        one.start()
    for _ in range(2):
        terminal.close()
    for one in waiting:
        one.join(60)
        assert not one.is_alive()
    assert terminal.exit_code() is None
    assert terminal.read() == b""
    terminal.write(b"late")
    terminal.resize(rows=1, columns=1)


def test_a_command_that_is_not_there_ends_as_in_a_shell(real: Contender) -> None:
    terminal = opened(real, "no-such-shell")
    try:
        assert b"no-such-shell" in rest(terminal)
        assert terminal.exit_code() == 127
    finally:
        terminal.close()


def test_a_terminal_ends_with_its_instance(real: Contender) -> None:
    terminal = opened(real)
    try:
        terminal.write(b"echo $((6*7))\r")
        until(terminal, b"42")
        real.engine.destroy(NAMESPACE)
        rest(terminal)
        assert terminal.exit_code() in (None, 129, 137)
        wait_for_the_end(real.engine)
        assert real.engine.remains(NAMESPACE) == ()
    finally:
        terminal.close()


def test_there_is_none_in_what_does_not_run(real: Contender) -> None:
    real.job("move-1-1", "done")
    wait(real.engine, ended)
    for name in ("move-1-1", "nobody-0"):
        with pytest.raises(EngineError, match=f"{name} does not run now"):
            real.engine.open_terminal(NAMESPACE, name, command=SHELL, rows=24, columns=80)
