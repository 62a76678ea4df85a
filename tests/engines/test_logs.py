"""What every engine keeps of what services print: following it, and the run before."""

import time
from collections.abc import Callable

import pytest

from environments.core.ports import Engine
from tests.engines.conftest import Contender
from tests.engines.steps import NAMESPACE, all_ready, ended, wait

MANY = 500


def web(engine: Engine) -> str:
    """The name of the one instance."""
    return next((one.name for one in engine.observe(NAMESPACE)), "web-0")


def followed(engine: Engine, position: str = "", lines: int = MANY) -> tuple[list[str], str]:
    printed = engine.follow_log(NAMESPACE, web(engine), position=position, lines=lines)
    return list(printed.lines), printed.position


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def sees(engine: Engine, *wanted: str) -> Callable[[], bool]:
    return lambda: followed(engine)[0] == list(wanted)


def test_of_an_instance_that_is_not_there_nothing_is_followed(contender: Contender) -> None:
    engine = contender.engine
    assert followed(engine)[0] == []
    assert engine.read_previous_log(NAMESPACE, web(engine), lines=MANY) == []


def test_what_was_printed_comes_once(contender: Contender) -> None:
    engine = contender.engine
    contender.service("web", "one", "two", "three")
    wait(engine, all_ready)
    until(sees(engine, "one", "two", "three"))
    lines, position = followed(engine, lines=2)
    assert lines == ["two", "three"]
    assert followed(engine, position) == ([], position)


@pytest.mark.parametrize("nonsense", ["x", "/", "1/2/3", "-1/-1", "²/²", "1/" + "9" * 5000])
def test_a_position_of_nowhere_is_the_beginning(contender: Contender, nonsense: str) -> None:
    contender.service("web", "one")
    wait(contender.engine, all_ready)
    until(sees(contender.engine, "one"))
    assert followed(contender.engine, nonsense)[0] == ["one"]


def test_new_lines_come_after_those_that_are_known(real: Contender) -> None:
    engine = real.engine
    more = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.02; done; echo end"
    real.running("web", f"{more}; exec sleep 600")
    seen: list[str] = []
    position = ""

    def has_ended() -> bool:
        nonlocal position
        lines, position = followed(engine, position)
        seen.extend(lines)
        return "end" in seen

    until(has_ended)
    assert seen == [*(f"line {number}" for number in range(40)), "end"]


def test_a_line_that_was_printed_in_pieces_is_one(real: Contender) -> None:
    pieces = "printf rea; sleep 0.3; echo dy; echo two; printf th; sleep 0.3; printf r; sleep 0.3; "
    real.running("web", f"{pieces} echo ee; sleep 1.1; echo end; exec sleep 600")
    until(lambda: followed(real.engine)[0][-1:] == ["end"])
    assert followed(real.engine)[0] == ["ready", "two", "three", "end"]


def test_its_pieces_may_be_seconds_apart(real: Contender) -> None:
    real.running("web", "printf rea; sleep 1.1; echo dy; echo end; exec sleep 600")
    until(lambda: followed(real.engine)[0][-1:] == ["end"])
    assert followed(real.engine)[0] == ["ready", "end"]
    assert followed(real.engine, lines=1)[0] == ["end"]
    assert real.engine.read_log(NAMESPACE, web(real.engine), lines=MANY) == ["ready", "end"]


def test_the_last_words_need_no_end_of_line(real: Contender) -> None:
    real.running("web", "echo one; printf 'last words'; exit 7")
    wait(real.engine, ended)
    assert real.engine.read_log(NAMESPACE, web(real.engine), lines=1) == ["last words"]


def test_of_a_flood_the_last_lines_come_and_the_number_of_the_others(real: Contender) -> None:
    engine = real.engine
    flood = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo $i; done; echo end"
    real.running("web", f"echo first; until [ -f go ]; do sleep 0.1; done; {flood}; sleep 600")
    until(sees(engine, "first"))
    _, position = followed(engine)
    touching = engine.open_terminal(
        NAMESPACE, web(engine), command=("sh", "-c", "echo >go"), rows=24, columns=80
    )
    while touching.read():
        pass
    touching.close()
    until(lambda: followed(engine, position)[0][-1:] == ["end"])
    printed = engine.follow_log(NAMESPACE, web(engine), position=position, lines=3)
    assert (printed.lines, printed.left_out) == (("999", "1000", "end"), 998)


def test_the_run_before_the_last_start_is_kept(real: Contender) -> None:
    engine = real.engine
    second = "[ -f mark ] && echo second && exec sleep 600"
    real.running("web", f"{second}; echo first; echo >mark; sleep 1; exit 1")
    wait(engine, lambda found: all_ready(found) and found[0].restarts == 1)
    until(lambda: engine.read_previous_log(NAMESPACE, web(engine), lines=MANY) == ["first"])
    assert followed(engine)[0] == ["first", "second"]
    assert engine.read_previous_log(NAMESPACE, web(engine), lines=0) == []
