"""The queue: Celery on Valkey or Redis. It only carries; ``environments.tasks`` says what."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from kombu import Queue

from releaseclone import configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releaseclone.settings")
_CONFIGURATION = configuration.read()
# Longer than any task: a task that outlives it would be given to a second worker.
_VISIBILITY_SECONDS = 120
_AUTOMATION = "environments.automation"
_BEAT = (
    ("environments", "sweep", 5.0, 5),
    ("environments", "tend", 5.0, 5),
    ("environments", "run_cron_jobs", 5.0, 5),
    ("environments", "clean_images", 3600.0, 600),
    # Heals an ingress that was started again, and a write that an older read overtook.
    ("environments", "publish_routes", 5.0, 5),
    (_AUTOMATION, "sweep_deliveries", 5.0, 5),
    (_AUTOMATION, "tend_pull_requests", 5.0, 5),
    (_AUTOMATION, "expire", 60.0, 60),
    (_AUTOMATION, "keep_hours", 20.0, 20),
    (_AUTOMATION, "reconcile", 120.0, 60),
)
"""The room, its task, every how many seconds, and after how many more a message is void."""

queue = Celery("releaseclone")
queue.conf.update(
    broker_url=_CONFIGURATION.broker_url,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="deployments",
    task_queues=[Queue("deployments")],
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": _VISIBILITY_SECONDS,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
    },
    task_publish_retry=True,
    task_publish_retry_policy={
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    beat_schedule_filename=str(_CONFIGURATION.data / "beat-schedule"),
    beat_schedule={
        name.replace("_", "-"): {
            "task": f"{room}.tasks.{name}",
            "schedule": seconds,
            "options": {"expires": expires},
        }
        for room, name, seconds, expires in _BEAT
    },
)
queue.autodiscover_tasks(["environments", "environments.automation"])


@celeryd_init.connect
def _wait_for_work_without_limit(conf: Any, **_: object) -> None:
    """The limits above are for those who publish: a worker waits for its next task."""
    for option in ("socket_timeout", "socket_connect_timeout"):
        conf.broker_transport_options.pop(option, None)
