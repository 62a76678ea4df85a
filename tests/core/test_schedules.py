"""When cron jobs run."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.schedules import (
    cron_job_of,
    last_until,
    next_after,
    run_name,
    workload_of,
    wrong_schedule,
)

NOON = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)
"""A Wednesday."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("schedule", "last", "following"),
    [
        ("* * * * *", "2026-03-04T12:00", "2026-03-04T12:01"),
        ("*/15 * * * *", "2026-03-04T12:00", "2026-03-04T12:15"),
        ("30 4 * * 1-5", "2026-03-04T04:30", "2026-03-05T04:30"),
        ("0 0 1 JAN ?", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("0 0 29 2 *", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("0 0 13 * FRI", "2026-02-27T00:00", "2026-03-06T00:00"),
        ("@hourly", "2026-03-04T12:00", "2026-03-04T13:00"),
        ("@Weekly", "2026-03-01T00:00", "2026-03-08T00:00"),
        (" 5  1 * * sun ", "2026-03-01T01:05", "2026-03-08T01:05"),
    ],
)
def test_a_schedule_names_its_times(schedule: str, last: str, following: str) -> None:
    assert wrong_schedule(schedule) == ""
    assert last_until(schedule, NOON) == at(last)
    assert next_after(schedule, NOON) == at(following)


@pytest.mark.parametrize(
    ("schedule", "wrong"),
    [
        ("", "five fields"),
        ("hourly", "five fields"),
        ("@every 5m", "five fields"),
        ("@reboot", "five fields"),
        ("0 0 4 * * *", "five fields"),
        ("CRON_TZ=Europe/Rome 0 4 * * *", "five fields"),
        ("61 * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("*/0 * * * *", "bad minute"),
        ("5-1 * * * *", "bad minute"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("0 0 L * *", "L and #"),
        ("0 0 * * 5L", "L and #"),
        ("0 0 * * mon#2", "L and #"),
        ("\u0665 * * * *", "bad minute"),
    ],
)
def test_what_is_no_schedule_is_told_why(schedule: str, wrong: str) -> None:
    assert wrong in wrong_schedule(schedule)


def test_the_times_just_before_and_after_a_moment_are_never_that_of_the_next() -> None:
    exact = at("2026-03-04T12:00")
    assert last_until("0 12 * * *", exact) == exact
    assert next_after("0 12 * * *", exact) == at("2026-03-05T12:00")


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    if not wrong_schedule(text):
        assert last_until(text, NOON) <= NOON < next_after(text, NOON)


def test_a_run_is_named_by_its_minute_and_found_again() -> None:
    name = run_name(workload_of("report"), at("2026-03-04T12:00"))
    assert name == f"report-{int(at('2026-03-04T12:00').timestamp()) // 60}"
    assert cron_job_of(name) == "report"
    assert cron_job_of("report") == cron_job_of("report-2") == ""


def test_a_long_name_leaves_room_for_the_minute() -> None:
    workload = workload_of("x" * 70)
    name = run_name(workload, NOON)
    assert len(name) <= 63
    assert cron_job_of(name) == workload
