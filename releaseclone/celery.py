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
        "sweep": {
            "task": "environments.tasks.sweep",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "tend": {
            "task": "environments.tasks.tend",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "run-cron-jobs": {
            "task": "environments.tasks.run_cron_jobs",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "sweep-deliveries": {
            "task": "environments.automation.tasks.sweep_deliveries",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "tend-pull-requests": {
            "task": "environments.automation.tasks.tend_pull_requests",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "expire": {
            "task": "environments.automation.tasks.expire",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "keep-hours": {
            "task": "environments.automation.tasks.keep_hours",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "reconcile": {
            "task": "environments.automation.tasks.reconcile",
            "schedule": 120.0,
            "options": {"expires": 60},
        },
        "clean-images": {
            "task": "environments.tasks.clean_images",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        # Heals an ingress that was started again, and a write that an older read overtook.
        "publish-routes": {
            "task": "environments.tasks.publish_routes",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
    },
)
queue.autodiscover_tasks(["environments", "environments.automation"])


@celeryd_init.connect
def _wait_for_work_without_limit(conf: Any, **_: object) -> None:
    """The limits above are for those who publish: a worker waits for its next task."""
    for option in ("socket_timeout", "socket_connect_timeout"):
        conf.broker_transport_options.pop(option, None)
