"""Which task starts when."""

from environments.core.progress import Box, MemberBoxes, Progress, State, serial, side_by_side

W, A, R, F, S = State.WAITING, State.APPLIED, State.READY, State.FAILED, State.SKIPPED


def member(
    key: int,
    *steps: list[State],
    halts: bool = True,
    waits: bool = True,
) -> MemberBoxes:
    boxes = []
    for step, states in enumerate(steps):
        for place, state in enumerate(states):
            number = key * 100 + step * 10 + place
            boxes.append(Box(number, f"services.s{number}", step, state, halts, waits))
    return MemberBoxes(key, f"app{key}", tuple(boxes))


def test_the_tasks_of_the_first_step_start_together() -> None:
    assert serial([member(1, [W, W], [W])]) == Progress((100, 101), (), (), False)


def test_a_step_waits_for_the_one_before() -> None:
    assert serial([member(1, [R, A], [W])]) == Progress((), (101,), (), False)
    assert serial([member(1, [R, R], [W])]).apply == (110,)


def test_a_step_that_is_not_waited_for_lets_the_next_start() -> None:
    progress = serial([member(1, [A], [W], waits=False)])
    assert progress.apply == (110,)
    assert progress.observe == (100,)


def test_the_next_member_starts_when_the_one_before_is_ready() -> None:
    assert serial([member(1, [A]), member(2, [W])]).apply == ()
    assert serial([member(1, [R]), member(2, [W])]).apply == (200,)


def test_the_next_member_waits_also_for_steps_that_nobody_waits_for() -> None:
    assert serial([member(1, [A], waits=False), member(2, [W])]).apply == ()


def test_a_halting_failure_skips_what_comes_after() -> None:
    progress = serial([member(1, [F], [W]), member(2, [W])])
    assert progress.skip == (
        (110, "not started: s100 of app1 failed"),
        (200, "not started: s100 of app1 failed"),
    )
    assert progress.ended


def test_others_of_the_failed_step_finish_first() -> None:
    progress = serial([member(1, [F, A], [W]), member(2, [W])])
    assert progress.skip == ((110, "not started: s100 of app1 failed"),)
    assert progress.observe == (101,)
    assert not progress.ended


def test_a_failure_that_does_not_halt_lets_later_steps_go_on_but_stops_the_next_member() -> None:
    assert serial([member(1, [F], [W], halts=False), member(2, [W])]).apply == (110,)
    progress = serial([member(1, [F], [R], halts=False), member(2, [W])])
    assert [key for key, _ in progress.skip] == [200]
    assert progress.ended


def test_imports_side_by_side_start_at_once_and_the_environment_last() -> None:
    imports = [member(1, [W]), member(2, [W])]
    assert side_by_side(imports, member(3, [W])).apply == (100, 200)
    ready = [member(1, [R]), member(2, [A])]
    assert side_by_side(ready, member(3, [W])).apply == ()
    ready = [member(1, [R]), member(2, [R])]
    assert side_by_side(ready, member(3, [W])).apply == (300,)


def test_side_by_side_those_that_run_finish_their_step() -> None:
    progress = side_by_side([member(1, [F]), member(2, [A], [W])], member(3, [W]))
    assert [key for key, _ in progress.skip] == [210, 300]
    assert progress.observe == (200,)
    assert not progress.ended


def test_nothing_open_is_the_end() -> None:
    assert serial([member(1, [R, S]), member(2, [R])]).ended
    assert side_by_side([], member(3, [R])).ended
    assert serial([]).ended
