"""When a cron job runs: schedules as Kubernetes reads them, always in UTC."""

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from environments.core.names import label

_FIELDS = 5
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_NOT_ON_KUBERNETES = re.compile(r"#|(?<![A-Z])L")
"""``L``, ``LW`` and ``MON#2``, which only some programs understand."""
_NAME_LIMIT = 52
"""What Kubernetes leaves of a name, so that the minute of a run fits behind it."""
_RUN = re.compile(r"(.+)-\d{8,}")


def wrong_schedule(schedule: str) -> str:
    """What is wrong with it, for a person; "" where nothing is."""
    fields = _fields(schedule)
    if len(fields.split()) != _FIELDS:
        return "it needs five fields: minute, hour, day of the month, month, day of the week"
    if _NOT_ON_KUBERNETES.search(fields.upper()):
        return "L and # are not understood everywhere"
    try:
        CronSim(fields, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as wrong:
        return str(wrong)[:1].lower() + str(wrong)[1:]
    return ""


def next_after(schedule: str, moment: datetime) -> datetime:
    """The first time after this moment (in UTC) that the schedule names."""
    return next(CronSim(_fields(schedule), moment))


def last_until(schedule: str, moment: datetime) -> datetime:
    """The last time that the schedule names up to this moment (in UTC)."""
    minute = moment.replace(second=0, microsecond=0)
    return next(CronSim(_fields(schedule), minute.replace(second=1), reverse=True))


def _fields(schedule: str) -> str:
    return _NAMED.get(schedule.strip().lower(), schedule).replace("?", "*")


def workload_of(cron_job: str) -> str:
    """What a cron job is called in the engine."""
    return label(cron_job, limit=_NAME_LIMIT)


def run_name(workload: str, at: datetime) -> str:
    """What its run of this time is called: with the minutes since 1970, as Kubernetes does."""
    return f"{workload}-{int(at.timestamp()) // 60}"


def cron_job_of(workload: str) -> str:
    """Whose run a job of this name could be; "" where it is none."""
    found = _RUN.fullmatch(workload)
    return found[1] if found else ""
